internal import ArgumentParser
internal import EspalierMedia
internal import EspalierRuntime

/// How `run` and `bench` watch tensors.
struct RoadOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      """
      Look at the tensors that 'compile --watch' chose, in one of N frames, and say what differs from the \
      calibration frames.
      """, valueName: "N"))
  var watchEvery: Int?

  @Option(
    help: ArgumentHelp(
      "Write counts of frames, statistics of watched tensors and alarms as Prometheus text.",
      valueName: "FILE"))
  var metrics: String?

  func validate() throws {
    if let watchEvery, watchEvery < 1 { throw ValidationError("--watch-every is at least 1") }
  }
}

/// Alarms in the order in which they came, all on the thread that runs frames.
final class AlarmLog: @unchecked Sendable {
  private(set) var alarms: [RoadAlarm] = []

  func add(_ alarm: RoadAlarm) { alarms.append(alarm) }
}

/// What watching found out.
struct WatchReport: Encodable {
  struct Alarm: Encodable {
    let tensor: String
    let rule: String
    let raised: Bool
    /// Of the session: the first is 0, whether it warmed up or was asked for.
    let frame: Int
    let mean: Float
    let standard_deviation: Float
    let saturated_share: Float
    /// In standard deviations of the calibration; absent without calibration.
    let drift: Float?
    let not_finite: UInt64
  }

  let every: Int
  let tensors: Int
  let watched_frames: UInt64
  let alarms: [Alarm]

  init(every interval: Int, _ model: Model, watchedFrames: UInt64, _ found: [RoadAlarm]) {
    every = interval
    tensors = model.watches.count
    watched_frames = watchedFrames
    alarms = found.map { alarm in
      let seen = alarm.observation
      return Alarm(
        tensor: model.watches[alarm.tensor].statistics.name, rule: "\(alarm.rule.name)",
        raised: alarm.isRaised, frame: (Int(alarm.watchedFrames) - 1) * interval, mean: seen.mean,
        standard_deviation: seen.standardDeviation, saturated_share: seen.saturatedShare,
        drift: seen.drift.isNaN ? nil : seen.drift, not_finite: seen.nanCount + seen.infinityCount)
    }
  }

  var text: String {
    let first =
      "watched \(tensors) tensors in \(watched_frames) frames: \(alarms.isEmpty ? "no alarm" : "alarms")"
    let lines = alarms.map {
      "frame \($0.frame): '\($0.tensor)' \($0.raised ? $0.sentence : "is no longer \($0.rule)")"
    }
    return ([first] + lines).joined(separator: "\n")
  }
}

extension WatchReport.Alarm {
  /// What is wrong, in words.
  fileprivate var sentence: String {
    let mean = "mean \(Format.fixed(Double(mean), 4))"
    let drift = drift.map { ", \(Format.fixed(Double($0), 2)) deviations from calibration" } ?? ""
    switch rule {
    case "not_finite": return "holds \(not_finite) numbers that are not finite"
    case "constant": return "is the same everywhere: \(mean)"
    case "frozen": return "does not change from frame to frame"
    case "saturated":
      return "is saturated in \(Format.fixed(Double(saturated_share) * 100, 1)) % of its elements"
    case "drifted": return "has drifted: \(mean)\(drift)"
    default: return "spreads differently: deviation \(Format.fixed(Double(standard_deviation), 4))\(drift)"
    }
  }
}
