internal import EspalierPlan

/// What `bench` prints; the names of the JSON object are fixed.
struct BenchReport: Encodable {
  let pack: String
  let threads: Int
  let warmup: Int
  let machine: MachineFacts
  /// What the session got.
  let session: SessionReport
  /// Processes that competed, as they were asked for.
  let load: [String]
  /// Frames that were timed; latencies are of those that have outputs.
  let count: Int
  let duration_ms: Double
  let throughput_fps: Double
  let min_ms: Double
  let median_ms: Double
  let mean_ms: Double
  /// Nearest-rank percentiles of the frames that were timed; absent where so many have no outputs.
  let p90_ms: Double?
  let p99_ms: Double?
  let p99_9_ms: Double?
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
  /// Of all timed frames together.
  let counters: SystemCounters
  /// Whether `counters.allocations` was counted, by standing before malloc.
  let counts_allocations: Bool
  let verdicts: VerdictReport
  let camera: CameraReport?
  let slo: ServiceLevel.Verdict?
  /// With --watch-every.
  let watching: WatchReport?
  let profile: Profile?
  /// One entry for each frame that has outputs: wall time, processor time, how often a processor was taken away.
  let times_ms: [Double]
  let cpu_ms_all: [Double]
  let nivcsw: [Int]

  /// What a report is made of, beside the times.
  struct Facts {
    var pack: String
    var threads: Int
    var warmup: Int
    var machine: MachineFacts
    var session: SessionReport
    /// Milliseconds of the first frame that the session ever ran.
    var first: Double
    var load: [CompetingLoad]
    var countsAllocations: Bool
    var loadMilliseconds: Double
    /// Milliseconds.
    var deadline: Double?
    var levels: [Plan.Level]
    var camera: CameraReport?
    var slo: ServiceLevel?
    var watching: WatchReport?
    var profile: Profile?
  }

  init(_ facts: Facts, _ times: FrameTimes) {
    let wall = times.wall
    let statistics = LatencyStatistics(wall, incomplete: times.incompleteCount)
    (pack, threads, warmup, machine) = (facts.pack, facts.threads, facts.warmup, facts.machine)
    session = facts.session
    load = facts.load.map(\.text)
    count = times.samples.count
    duration_ms = times.seconds * 1_000
    throughput_fps = times.seconds > 0 ? Double(wall.count) / times.seconds : 0
    min_ms = statistics.minimum
    median_ms = statistics.median
    mean_ms = statistics.mean
    func percentile(_ fraction: Double) -> Double? {
      let time = statistics.percentile(fraction)
      return time.isFinite ? time : nil
    }
    (p90_ms, p99_ms, p99_9_ms) = (percentile(0.9), percentile(0.99), percentile(0.999))
    max_ms = statistics.maximum
    p90_bound_ms = statistics.bound(0.9)
    p99_bound_ms = statistics.bound(0.99)
    p99_9_bound_ms = statistics.bound(0.999)
    let undisturbed = times.undisturbed
    clean_ms = undisturbed.count < 5 ? nil : LatencyStatistics(undisturbed).median
    cpu_ms = LatencyStatistics(times.processor).median
    load_ms = facts.loadMilliseconds
    first_ms = facts.first
    rss_mb = ProcessUsage.residentMegabytes
    let verdicts = VerdictReport(times, deadline: facts.deadline)
    self.verdicts = verdicts
    // The level that most frames went through.
    let level = verdicts.levels.max { $0.frames < $1.frames }?.level ?? 0
    let rate = Double(facts.levels[level].multiplyAdds) / (statistics.median * 1e6)
    gmacs_per_second = rate
    let peak = (facts.profile?.peak ?? ProcessorPeak.measured).map { $0 / 1e9 }
    peak_gmacs_per_second = peak
    peak_share = peak.map { rate / ($0 * Double(facts.threads)) }
    counters = times.counters
    counts_allocations = facts.countsAllocations
    camera = facts.camera
    slo = facts.slo?.verdict(times.judged)
    (watching, profile) = (facts.watching, facts.profile)
    times_ms = wall
    cpu_ms_all = times.processor
    nivcsw = times.complete.map(\.counters.involuntarySwitches)
  }
}
