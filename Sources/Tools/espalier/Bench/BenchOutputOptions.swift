internal import ArgumentParser

/// What is shown and written.
struct BenchOutputOptions: ParsableArguments {
  @Option(
    name: [
      .long, .customLong("latency_percentile", withSingleDash: true), .customLong("latency_percentile"),
    ],
    help: ArgumentHelp(
      "Percentiles of the latency line; one that too few frames were timed for is refused.",
      valueName: "90,95,99"))
  var percentile: PercentileList?

  @Option(
    name: [.long, .customLong("avgRuns")],
    help: ArgumentHelp("Also print the mean of every N frames.", valueName: "N"))
  var averageOf: Int?

  @Option(
    name: [.long, .customLong("exportTimes")],
    help: ArgumentHelp("Write nanoseconds and counters of every frame.", valueName: "FILE.json|FILE.csv"))
  var exportTimes: String?

  @Option(
    help: ArgumentHelp("Write an HDR histogram's percentiles, in milliseconds.", valueName: "FILE.hgrm"))
  var histogram: String?

  @Option(
    help: ArgumentHelp("Draw the distribution and the frames in time.", valueName: "FILE.html|FILE.svg"))
  var plot: String?

  @Flag(
    name: [
      .long, .customLong("dumpProfile"), .customLong("pc", withSingleDash: true), .customLong("perf_counts"),
    ], help: "Show where the time goes, call by call.")
  var profile = false

  @Option(name: .customLong("enable_op_profiling"), help: .hidden) var operatorProfiling: YesNo?

  @Option(
    name: [.long, .customLong("exportProfile"), .customLong("profiling_output_csv_file")],
    help: ArgumentHelp("Write that.", valueName: "FILE.json|FILE.csv"))
  var exportProfile: String?

  @Option(
    name: [.customLong("report_type"), .customLong("report_type", withSingleDash: true)], help: .hidden)
  var reportType: ReportType?

  @Option(
    name: [.long, .customLong("report_folder"), .customLong("report_folder", withSingleDash: true)],
    help: ArgumentHelp("Write benchmark_report.json (or .csv) there.", valueName: "DIR"))
  var reportFolder: String?

  @Flag(help: "End with one line of JSON on standard output.")
  var json = false

  @Flag(
    name: [.customLong("json_stats"), .customLong("json_stats", withSingleDash: true)], help: .hidden)
  var jsonReport = false

  /// benchmark_app's amounts of detail.
  enum ReportType: String, ExpressibleByArgument {
    case noCounters = "no_counters"
    case averageCounters = "average_counters"
    case detailedCounters = "detailed_counters"
  }

  func validate() throws {
    if let averageOf, averageOf < 1 { throw ValidationError("--average-of is at least 1") }
    try Self.require(exportTimes, "--export-times", ["json", "csv"])
    try Self.require(exportProfile, "--export-profile", ["json", "csv"])
    try Self.require(histogram, "--histogram", ["hgrm"])
    try Self.require(plot, "--plot", ["html", "svg"])
  }

  private static func require(_ path: String?, _ option: String, _ endings: [String]) throws {
    guard let path, !endings.contains(where: { path.hasSuffix(".\($0)") }) else { return }
    let list = endings.map { ".\($0)" }.joined(separator: " or ")
    throw ValidationError("\(option) ends in \(list), not as '\(path)' does")
  }

  var wantsProfile: Bool {
    profile || exportProfile != nil || operatorProfiling?.value == true
      || (reportType ?? .noCounters) != .noCounters
  }
}
