internal import ArgumentParser
internal import EspalierMedia

extension Profile {
  /// How calls are listed.
  enum Order: String, ExpressibleByArgument, CaseIterable {
    /// The longest first.
    case time
    case execution
  }

  /// - Parameter top: As many calls are listed at most.
  func text(_ order: Order, top: Int = .max) -> String {
    [callTable(order, top: top), familyTable, sums].joined(separator: "\n\n")
  }

  /// What the frame takes beside its calls, and what it costs to look.
  private var sums: String {
    let calls = "\(Format.milliseconds(frame_ms - rest_ms)) in calls"
    let rest = "\(Format.milliseconds(rest_ms)) beside them (\(percent(rest_ms / frame_ms, 2)))"
    var text = "frame \(Format.milliseconds(frame_ms)): \(calls), \(rest)"
    if threads > 1 {
      text += "; \(Format.milliseconds(waiting_ms)) of the calls is waiting for the work of other threads"
    }
    text +=
      "\noverhead of the runtime: \(percent(overhead_share, 2)) of a frame (beside the calls, and at barriers)"
    if let plain_ms {
      let more = Format.fixed((frame_ms / plain_ms - 1) * 100, 2)
      text += "\nwithout timing calls \(Format.milliseconds(plain_ms)), so that looking costs \(more) %"
    }
    return text
  }

  private func callTable(_ order: Order, top: Int) -> String {
    var table = Table([
      ("µs", .right), ("share", .right), ("sum", .right), ("MMAC", .right), ("MAC/cycle", .right),
      ("of peak", .right), ("kB", .right), ("GB/s", .right), ("roof µs", .right), ("bound by", .left),
      ("kernel family", .left), ("call", .left),
    ])
    let listed = order == .execution ? calls : calls.sorted { $0.microseconds > $1.microseconds }
    var sum = 0.0
    for call in listed.prefix(top) {
      sum += call.share
      table.add([
        Format.fixed(call.microseconds, 1), percent(call.share, 1), percent(sum, 1),
        call.multiply_adds == 0 ? "" : Format.fixed(Double(call.multiply_adds) / 1e6, 2),
        call.macs_per_cycle.map { Format.fixed($0, 1) } ?? "", call.peak_share.map { percent($0, 0) } ?? "",
        Format.fixed(Double(call.bytes) / 1e3, 1), Format.fixed(call.gb_per_second, 1),
        call.roof_microseconds.map { Format.fixed($0, 1) } ?? "", call.bound ?? "", call.family, call.name,
      ])
    }
    let left = listed.count - min(top, listed.count)
    return table.text + (left > 0 ? "\n… and \(left) more calls" : "")
  }

  private var familyTable: String {
    var table = Table([("µs", .right), ("share", .right), ("calls", .right), ("kernel family", .left)])
    let sums = Dictionary(grouping: calls, by: \.family).map { family, calls in
      (family, calls.count, calls.reduce(0) { $0 + $1.microseconds }, calls.reduce(0) { $0 + $1.share })
    }
    for (family, count, sum, share) in sums.sorted(by: { ($0.2, $1.0) > ($1.2, $0.0) }) {
      table.add([Format.fixed(sum, 1), percent(share, 1), "\(count)", family])
    }
    return table.text
  }

  private func percent(_ share: Double, _ decimals: Int) -> String {
    "\(Format.fixed(share * 100, decimals)) %"
  }

  // MARK: - Files

  /// Writes the calls in the order of execution: JSON, or CSV, as the path's ending says.
  ///
  /// - Throws: `MediaError`.
  func write(to path: String) throws {
    try Files.write(path.hasSuffix(".csv") ? Array(csv.utf8) : try Console.jsonBytes(self) + [10], to: path)
  }

  var csv: String {
    let head = """
      call,family,microseconds,share,cumulative_share,multiply_adds,bytes,macs_per_cycle,peak_share,gb_per_second,\
      roof_microseconds,bound

      """
    var sum = 0.0
    return calls.reduce(into: head) { text, call in
      sum += call.share
      let name =
        call.name.contains { ",\"\n".contains($0) }
        ? "\"\(call.name.replacing("\"", with: "\"\""))\"" : call.name
      let optional = [call.macs_per_cycle, call.peak_share].map { $0.map { "\($0)" } ?? "" }
      let roof = call.roof_microseconds.map { "\($0)" } ?? ""
      text +=
        ([
          name, call.family, "\(call.microseconds)", "\(call.share)", "\(sum)", "\(call.multiply_adds)",
          "\(call.bytes)",
        ]
        + optional + ["\(call.gb_per_second)", roof, call.bound ?? ""]).joined(separator: ",") + "\n"
    }
  }
}
