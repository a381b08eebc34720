/// How a camera's frames fared.
struct CameraReport: Encodable {
  struct Mailbox: Encodable {
    let published: UInt64
    let dropped: UInt64
    let taken: UInt64
  }

  let hz: Double
  let mode: CameraMode
  /// The most frames that wait in a queue; absent where the newest waits.
  let queue_length: Int?
  /// Frames that the camera gave until the last one was taken.
  let frames: Int
  /// Frames that came due until the camera was stopped behind that.
  let given: Int
  /// Frames that a session got, and those of them whose outputs are complete.
  let taken: Int
  let computed: Int
  /// Frames that a session got whose outputs were not complete at the deadline.
  let missed: Int
  /// Of `frames`, those that no session got.
  let dropped: Int
  /// The mailbox's own counters when the camera had stopped.
  let mailbox: Mailbox
  /// Of complete outputs.
  let age_median_ms: Double
  /// A time that at most 1 % of all frames exceed, with 99 % confidence; absent for fewer than 662.
  let age_p99_bound_ms: Double?
  let age_max_ms: Double
  /// How long after its time a frame began that the computer was waiting for: the median, and the most.
  let wake_median_ms: Double?
  let wake_max_ms: Double?

  /// Nil where the frames were no camera's.
  ///
  /// - Precondition: A frame was computed to the end.
  init?(_ times: FrameTimes, rate: Double, mode: CameraMode) {
    guard let camera = times.camera else { return nil }
    let ages = LatencyStatistics(times.ages, incomplete: times.incompleteCount)
    hz = rate
    self.mode = mode
    queue_length = mode == .queue ? camera.capacity : nil
    frames = (times.samples.last?.index ?? -1) + 1
    given = camera.given
    taken = times.samples.count
    computed = times.complete.count
    missed = times.samples.count - times.counts.met
    dropped = times.dropped
    mailbox = Mailbox(
      published: camera.mailbox.published, dropped: camera.mailbox.dropped, taken: camera.mailbox.taken)
    age_median_ms = ages.median
    age_p99_bound_ms = ages.bound(0.99)
    age_max_ms = ages.maximum
    // A frame that was waited for begins when the one before it has long ended.
    let wakes = times.samples.indices.compactMap { index -> Double? in
      let sample = times.samples[index]
      guard index == 0 || times.samples[index - 1].end < sample.due else { return nil }
      return Double(sample.start - sample.due) / 1e6
    }
    let wake = wakes.isEmpty ? nil : LatencyStatistics(wakes)
    wake_median_ms = wake?.median
    wake_max_ms = wake?.maximum
  }

  var text: String {
    let bound = age_p99_bound_ms.map { ", p99 \(Format.milliseconds($0))" } ?? ""
    let place = queue_length.map { " of \($0)" } ?? ""
    var lines = [
      "Camera: \(Format.significant(hz)) Hz, \(mode.rawValue)\(place): \(frames) frames, \(computed) computed, "
        + "\(missed) not in time, \(dropped) dropped",
      "Age of outputs: median \(Format.milliseconds(age_median_ms))\(bound), max \(Format.milliseconds(age_max_ms))",
    ]
    if let wake_median_ms, let wake_max_ms {
      lines.append(
        "Begun after the frame came: median \(Format.milliseconds(wake_median_ms)), "
          + "max \(Format.milliseconds(wake_max_ms))")
    }
    return lines.joined(separator: "\n")
  }
}
