/// How a camera's frames fared.
struct CameraReport: Encodable {
  let hz: Double
  let mode: CameraMode
  /// How old outputs may be.
  let deadline_ms: Double
  /// Frames that the camera gave until the last one was computed.
  let frames: Int
  let computed: Int
  /// Computed frames whose outputs came after the deadline.
  let missed: Int
  /// Frames that nobody computed.
  let dropped: Int
  let age_median_ms: Double
  /// A time that at most 1 % of all frames exceed, with 99 % confidence; absent for fewer than 662.
  let age_p99_bound_ms: Double?
  let age_max_ms: Double
  /// How long after its time a frame began that the computer was waiting for: the median, and the most.
  let wake_median_ms: Double?
  let wake_max_ms: Double?

  init(_ times: FrameTimes, rate: Double, mode: CameraMode, deadline: Double) {
    let ages = LatencyStatistics(times.ages)
    hz = rate
    self.mode = mode
    deadline_ms = deadline
    frames = times.cameraFrames
    computed = times.samples.count
    missed = times.ages.count { $0 > deadline }
    dropped = times.dropped
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
    var lines = [
      "Camera: \(Format.significant(hz)) Hz, \(mode.rawValue): \(frames) frames, \(computed) computed, "
        + "\(missed) after the deadline of \(Format.milliseconds(deadline_ms)), \(dropped) dropped",
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
