internal import EspalierPlan
internal import EspalierRuntime

/// Where the time of a frame goes: the median of every call over some frames.
struct Profile {
  private let model: Model
  private let microseconds: [Double]

  init(_ runner: inout FrameRunner, frames: Int) throws {
    model = runner.model
    var samples = [[Double]](repeating: [], count: model.calls.count)
    for _ in 0..<max(1, frames) {
      for (index, nanoseconds) in try runner.profile().enumerated() {
        samples[index].append(Double(nanoseconds) / 1_000)
      }
    }
    microseconds = samples.map { LatencyStatistics($0).median }
  }

  var text: String {
    let total = max(microseconds.reduce(0, +), 1e-9)
    var table = Table([
      ("µs", .right), ("share", .right), ("GMAC/s", .right), ("kernel family", .left), ("call", .left),
    ])
    let order = microseconds.indices.sorted { microseconds[$0] > microseconds[$1] }
    for index in order {
      let rate = Double(model.resources[index].multiplyAdds) / (max(microseconds[index], 1e-3) * 1e3)
      table.add([
        Format.fixed(microseconds[index], 1), "\(Format.fixed(microseconds[index] / total * 100, 1)) %",
        model.resources[index].multiplyAdds == 0 ? "" : Format.fixed(rate, 1),
        Pack.familyName(model.calls[index].family), model.calls[index].name,
      ])
    }
    return table.text + "\n" + familyTable(total)
  }

  private func familyTable(_ total: Double) -> String {
    var table = Table([("µs", .right), ("share", .right), ("calls", .right), ("kernel family", .left)])
    let groups = Dictionary(grouping: model.calls.indices) { model.calls[$0].family }
    let sums = groups.map { ($0.key, $0.value.count, $0.value.reduce(0) { $0 + microseconds[$1] }) }
    for (family, count, sum) in sums.sorted(by: { $0.2 > $1.2 }) {
      table.add([
        Format.fixed(sum, 1), "\(Format.fixed(sum / total * 100, 1)) %", "\(count)", Pack.familyName(family),
      ])
    }
    return "\n" + table.text
  }
}
