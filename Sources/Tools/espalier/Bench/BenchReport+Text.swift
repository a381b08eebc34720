extension BenchReport {
  /// Who measured, before it begins.
  static func header(_ facts: Facts) -> String {
    let load = facts.load.isEmpty ? "" : "\ncompeting: " + facts.load.map(\.text).joined(separator: ", ")
    return "\(facts.pack)\n\(facts.machine.text(threads: facts.threads))\n\(facts.session.text)\(load)"
  }

  /// - Parameter percentiles: Of the latency line.
  func text(percentiles: [Double]) -> String {
    let latency = LatencyText(
      statistics: LatencyStatistics(times_ms, incomplete: count - times_ms.count),
      seconds: duration_ms / 1_000, percentiles: percentiles)
    var parts = [latency.line + latency.refusals.map { "\n" + $0 }.joined(), latency.block]
    parts.append([camera?.text, verdicts.text].compactMap { $0 }.joined(separator: "\n"))
    parts.append(table)
    var end: [String] = []
    if p99_bound_ms == nil, slo == nil {
      end.append(
        count < EarlyStopping.framesNeeded(for: 0.99)
          ? "too few frames to claim p99: --iterations 662 or more"
          : "no p99 is claimed: \(count - times_ms.count) of \(count) frames have no outputs")
    }
    if let slo, let bound = slo.bound_ms, slo.met {
      end.append("--slo \(slo.slo) is kept: \(Format.milliseconds(bound)) with 99 % confidence")
    }
    if !end.isEmpty { parts.append(end.joined(separator: "\n")) }
    if let watching { parts.append(watching.text) }
    if let profile { parts.append(profile.text(.time)) }
    return parts.joined(separator: "\n\n")
  }

  private var table: String {
    var table = Table([("", .left), ("", .right), ("", .left)])
    table.add(["median", Format.milliseconds(median_ms), rate])
    let disturbed = nivcsw.count { $0 > 0 }
    if let clean_ms, disturbed > 0 {
      table.add([
        "undisturbed", Format.milliseconds(clean_ms),
        "median without the \(disturbed) frames that were interrupted",
      ])
    }
    for (name, bound, share) in [
      ("p90", p90_bound_ms, "10 %"), ("p99", p99_bound_ms, "1 %"), ("p99.9", p99_9_bound_ms, "0.1 %"),
    ] {
      guard let bound else { continue }
      table.add([
        name, Format.milliseconds(bound),
        "exceeded by at most \(share) of all frames, with 99 % confidence",
      ])
    }
    table.add(["processor", Format.milliseconds(cpu_ms), "a frame, all threads together"])
    table.add(["load", Format.milliseconds(load_ms), "file to ready session"])
    table.add(["first", Format.milliseconds(first_ms), "the first frame"])
    table.add(["faults", "\(counters.minorFaults + counters.majorFaults)", faults])
    table.add(["switches", "\(counters.involuntarySwitches + counters.voluntarySwitches)", switches])
    if counts_allocations {
      table.add(["allocations", "\(counters.allocations)", "calls of malloc and its kin during frames"])
    }
    return table.text
  }

  private var faults: String {
    "of pages during frames: \(counters.minorFaults) minor, \(counters.majorFaults) major (read from a disk)"
  }

  private var switches: String {
    "of context during frames: \(counters.involuntarySwitches) involuntary, \(counters.voluntarySwitches) voluntary"
  }

  private var rate: String {
    let rate = "\(Format.fixed(gmacs_per_second, 1)) GMAC/s"
    guard let peak_share, let peak_gmacs_per_second else { return rate }
    let cores = threads == 1 ? "the FMA peak" : "the FMA peak of \(threads) cores"
    let one = "\(Format.fixed(peak_gmacs_per_second, 0)) GMAC/s a core"
    let remark = peak_share > 1 ? "; Winograd multiplies less often" : ""
    return "\(rate), \(Format.fixed(peak_share * 100, 0)) % of \(cores) (\(one)\(remark))"
  }
}
