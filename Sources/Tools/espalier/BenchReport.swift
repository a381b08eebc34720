internal import Foundation

/// What `bench` prints; the names of the JSON object are fixed.
struct BenchReport: Encodable {
  let pack: String
  let threads: Int
  let warmup: Int
  let count: Int
  let min_ms: Double
  let median_ms: Double
  let mean_ms: Double
  /// Nearest-rank percentiles of the frames that were timed.
  let p90_ms: Double
  let p99_ms: Double
  let p99_9_ms: Double
  let max_ms: Double
  /// Times that at most 10 %, 1 % and 0.1 % of all frames exceed, with 99 % confidence; absent where too few
  /// frames were timed.
  let p90_bound_ms: Double?
  let p99_bound_ms: Double?
  let p99_9_bound_ms: Double?
  /// Processor time of a frame over all threads, waiting included where it spins.
  let cpu_ms: Double
  let load_ms: Double
  let first_ms: Double
  let rss_mb: Double
  let gmacs_per_second: Double
  let times_ms: [Double]

  init(
    pack: String, threads: Int, warmup: Int, times: [Double], processorTime: Double, load: Double,
    first: Double, multiplyAdds: UInt64
  ) {
    let statistics = LatencyStatistics(times)
    self.pack = pack
    self.threads = threads
    self.warmup = warmup
    count = times.count
    min_ms = statistics.minimum
    median_ms = statistics.median
    mean_ms = statistics.mean
    p90_ms = statistics.percentile(0.9)
    p99_ms = statistics.percentile(0.99)
    p99_9_ms = statistics.percentile(0.999)
    max_ms = statistics.maximum
    p90_bound_ms = statistics.bound(0.9)
    p99_bound_ms = statistics.bound(0.99)
    p99_9_bound_ms = statistics.bound(0.999)
    cpu_ms = processorTime
    load_ms = load
    first_ms = first
    rss_mb = ResidentMemory.megabytes
    gmacs_per_second = Double(multiplyAdds) / (statistics.median * 1e6)
    times_ms = times
  }

  func show() {
    print("\(pack): \(count) frames after \(warmup), \(threads) thread\(threads == 1 ? "" : "s")")
    var table = Table([("", .left), ("", .right), ("", .left)])
    let late = "of all frames, with 99 % confidence"
    table.add(["min", Format.milliseconds(min_ms), ""])
    table.add(["median", Format.milliseconds(median_ms), "\(Format.fixed(gmacs_per_second, 1)) GMAC/s"])
    for (name, bound, share) in [
      ("p90", p90_bound_ms, "10 %"), ("p99", p99_bound_ms, "1 %"), ("p99.9", p99_9_bound_ms, "0.1 %"),
    ] {
      if let bound { table.add([name, Format.milliseconds(bound), "exceeded by at most \(share) \(late)"]) }
    }
    table.add(["max", Format.milliseconds(max_ms), ""])
    table.add(["processor", Format.milliseconds(cpu_ms), "a frame, all threads together"])
    table.add(["load", Format.milliseconds(load_ms), "file to ready session"])
    table.add(["first", Format.milliseconds(first_ms), "the first frame"])
    print(table.text)
    if p99_bound_ms == nil { print("too few frames to claim p99: --iterations 662 or more") }
  }
}

/// Physical memory of this process.
enum ResidentMemory {
  /// 0 where the system does not say.
  static var megabytes: Double {
    guard let text = try? String(contentsOfFile: "/proc/self/statm", encoding: .utf8) else { return 0 }
    let fields = text.split(separator: " ").compactMap { Double($0) }
    return fields.count > 1 ? fields[1] * Double(sysconf(Int32(_SC_PAGESIZE))) / 1e6 : 0
  }
}
