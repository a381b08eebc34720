internal import EspalierPlan
internal import EspalierRuntime

/// Where the time of a frame goes: the median of every call over some frames.
struct Profile: Encodable {
  struct Call: Encodable {
    let name: String
    let family: String
    let microseconds: Double
    /// Of the sum of all calls.
    let share: Double
    let gmacs_per_second: Double?
    /// Of what the cores that the session uses were measured to do.
    let peak_share: Double?
  }

  /// In the order of execution.
  let calls: [Call]
  /// Float multiply-adds that one core does in a second.
  let peak: Double?

  private enum CodingKeys: CodingKey { case calls }

  init(_ runner: inout FrameRunner, frames: Int, peak: Double?) throws {
    let model = runner.model
    var samples = [[Double]](repeating: [], count: model.calls.count)
    var progress = Progress("profiling frames", total: frames)
    for frame in 0..<max(1, frames) {
      for (index, nanoseconds) in try runner.profile().enumerated() {
        samples[index].append(Double(nanoseconds) / 1_000)
      }
      progress.update(frame + 1)
    }
    progress.finish()
    let medians = samples.map { LatencyStatistics($0).median }
    let total = max(medians.reduce(0, +), 1e-9)
    let threads = Double(runner.threads)
    self.peak = peak
    calls = model.calls.indices.map { index in
      let multiplyAdds = Double(model.resources[index].multiplyAdds)
      let rate = multiplyAdds == 0 ? nil : multiplyAdds / (max(medians[index], 1e-3) * 1e-6)
      return Call(
        name: model.calls[index].name, family: Pack.familyName(model.calls[index].family),
        microseconds: medians[index], share: medians[index] / total, gmacs_per_second: rate.map { $0 / 1e9 },
        peak_share: peak.flatMap { peak in rate.map { $0 / (peak * threads) } })
    }
  }

  var text: String { callTable + "\n\n" + familyTable }

  private var callTable: String {
    var table = Table([
      ("µs", .right), ("share", .right), ("GMAC/s", .right), ("of peak", .right), ("kernel family", .left),
      ("call", .left),
    ])
    for call in calls.sorted(by: { $0.microseconds > $1.microseconds }) {
      table.add([
        Format.fixed(call.microseconds, 1), percent(call.share, 1),
        call.gmacs_per_second.map { Format.fixed($0, 1) } ?? "", call.peak_share.map { percent($0, 0) } ?? "",
        call.family, call.name,
      ])
    }
    return table.text
  }

  private var familyTable: String {
    var table = Table([("µs", .right), ("share", .right), ("calls", .right), ("kernel family", .left)])
    let sums = Dictionary(grouping: calls, by: \.family).map { family, calls in
      (family, calls.count, calls.reduce(0) { $0 + $1.microseconds }, calls.reduce(0) { $0 + $1.share })
    }
    for (family, count, sum, share) in sums.sorted(by: { $0.2 > $1.2 }) {
      table.add([Format.fixed(sum, 1), percent(share, 1), "\(count)", family])
    }
    return table.text
  }

  private func percent(_ share: Double, _ decimals: Int) -> String {
    "\(Format.fixed(share * 100, decimals)) %"
  }
}
