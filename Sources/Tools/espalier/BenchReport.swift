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
  /// The median of the frames during which no processor was taken away; absent where they are fewer than five.
  let clean_ms: Double?
  /// Processor time of a frame over all threads, waiting included where it spins: the median.
  let cpu_ms: Double
  let load_ms: Double
  let first_ms: Double
  let rss_mb: Double
  let gmacs_per_second: Double
  /// What one core was measured to do; absent where there is no measurement for the processor.
  let peak_gmacs_per_second: Double?
  /// The median frame's rate over that of all cores used.
  let peak_share: Double?
  let slo: ServiceLevel.Verdict?
  let profile: Profile?
  /// One entry for each frame: wall time, processor time, how often a processor was taken away.
  let times_ms: [Double]
  let cpu_ms_all: [Double]
  let nivcsw: [Int]

  init(
    pack: String, threads: Int, warmup: Int, times: FrameTimes, load: Double, multiplyAdds: UInt64,
    slo: ServiceLevel?, profile: Profile?
  ) {
    let statistics = LatencyStatistics(times.wall)
    self.pack = pack
    self.threads = threads
    self.warmup = warmup
    count = times.wall.count
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
    let undisturbed = times.undisturbed
    clean_ms = undisturbed.count < 5 ? nil : LatencyStatistics(undisturbed).median
    cpu_ms = LatencyStatistics(times.processor).median
    load_ms = load
    first_ms = times.first
    rss_mb = ProcessUsage.residentMegabytes
    gmacs_per_second = Double(multiplyAdds) / (statistics.median * 1e6)
    let peak = (profile?.peak ?? ProcessorPeak.measured).map { $0 / 1e9 }
    peak_gmacs_per_second = peak
    peak_share = peak.map { Double(multiplyAdds) / (statistics.median * 1e6) / ($0 * Double(threads)) }
    self.slo = slo?.verdict(statistics)
    self.profile = profile
    times_ms = times.wall
    cpu_ms_all = times.processor
    nivcsw = times.interruptions
  }

  func show() {
    print("\(pack): \(count) frames after \(warmup), \(threads) thread\(threads == 1 ? "" : "s")")
    var table = Table([("", .left), ("", .right), ("", .left)])
    let late = "of all frames, with 99 % confidence"
    table.add(["min", Format.milliseconds(min_ms), ""])
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
      if let bound { table.add([name, Format.milliseconds(bound), "exceeded by at most \(share) \(late)"]) }
    }
    table.add(["max", Format.milliseconds(max_ms), ""])
    table.add(["processor", Format.milliseconds(cpu_ms), "a frame, all threads together"])
    table.add(["load", Format.milliseconds(load_ms), "file to ready session"])
    table.add(["first", Format.milliseconds(first_ms), "the first frame"])
    print(table.text)
    if p99_bound_ms == nil, slo == nil { print("too few frames to claim p99: --iterations 662 or more") }
    if let slo, let bound = slo.bound_ms, slo.met {
      print("--slo \(slo.slo) is kept: \(Format.milliseconds(bound)) with 99 % confidence")
    }
    if let profile { print("\n" + profile.text) }
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
