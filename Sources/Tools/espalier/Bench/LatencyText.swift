/// Latency as trtexec and benchmark_app print it, and a word on percentiles that cannot be claimed.
struct LatencyText {
  let statistics: LatencyStatistics
  /// Seconds from the first frame's beginning to the last one's end.
  let seconds: Double
  /// Percentiles that were asked for, as fractions.
  let percentiles: [Double]

  private var count: Int { statistics.count }

  private func isSupported(_ fraction: Double) -> Bool {
    (fraction < 0.5 || needed(fraction) <= count) && statistics.percentile(fraction).isFinite
  }
  private func needed(_ fraction: Double) -> Int { EarlyStopping.framesNeeded(for: fraction) }

  /// `Latency: min = 1.2 ms, max = …`; percentiles are nearest ranks of what was measured.
  var line: String {
    var parts = [("min", statistics.minimum), ("max", statistics.maximum), ("mean", statistics.mean)]
    parts.append(("median", statistics.median))
    for fraction in percentiles where isSupported(fraction) {
      parts.append(("percentile(\(Self.percent(fraction))%)", statistics.percentile(fraction)))
    }
    return "Latency: " + parts.map { "\($0) = \(Format.fixed($1, 4)) ms" }.joined(separator: ", ")
  }

  /// One sentence for each percentile that so few frames say nothing about.
  var refusals: [String] {
    percentiles.filter { !isSupported($0) }.map { fraction in
      let why =
        statistics.percentile(fraction).isFinite || needed(fraction) > count
        ? "\(count) frames were timed, --iterations \(needed(fraction)) or more support it"
        : "\(statistics.incomplete) of \(count) frames have no outputs"
      return "percentile(\(Self.percent(fraction))%) is not printed: \(why)"
    }
  }

  /// Count, duration, latency and throughput, one below the other.
  var block: String {
    var table = Table([("", .left), ("", .right), ("", .left)])
    let rest = statistics.incomplete == 0 ? "" : ", \(statistics.incomplete) of them without outputs"
    table.add(["Count:", "\(count)", "frames\(rest)"])
    table.add(["Duration:", Format.fixed(seconds * 1_000, 2), "ms"])
    table.add(["Latency:", "", ""])
    for (name, value) in [
      ("Median", statistics.median), ("Average", statistics.mean), ("Min", statistics.minimum),
      ("Max", statistics.maximum),
    ] {
      table.add(["    \(name):", Format.fixed(value, 4), "ms"])
    }
    table.add(["Throughput:", Format.fixed(throughput, 2), "FPS"])
    return table.text
  }

  /// Frames with outputs a second, gaps between them included.
  var throughput: Double { seconds > 0 ? Double(statistics.sorted.count) / seconds : 0 }

  /// Means of every `size` frames in their order, one a line.
  static func averages(_ times: [Double], of size: Int) -> String {
    stride(from: 0, to: times.count - times.count % size, by: size).map { start in
      let mean = times[start..<(start + size)].reduce(0, +) / Double(size)
      return "Average on \(size) runs - Latency: \(Format.fixed(mean, 4)) ms"
    }.joined(separator: "\n")
  }

  /// 0.999 → `99.9`.
  static func percent(_ fraction: Double) -> String {
    let text = Format.fixed(fraction * 100, 3)
    return String(text.reversed().drop { $0 == "0" }.drop { $0 == "." }.reversed())
  }
}
