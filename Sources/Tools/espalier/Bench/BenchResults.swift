internal import EspalierMedia
internal import Foundation

/// Shows a run and writes the files that were asked for.
struct BenchResults {
  let options: BenchOutputOptions
  let report: BenchReport
  let times: FrameTimes
  /// What the plot draws a line at.
  let limit: (milliseconds: Double, name: String)?

  /// Without a word on the command line.
  private static let percentiles = [0.9, 0.95, 0.99]

  /// - Throws: `MediaError` where a file cannot be written.
  func write() throws {
    if let size = options.averageOf { print(LatencyText.averages(times.wall, of: size) + "\n") }
    // Without a word only what is supported is printed, and no sentence on what is not.
    let asked = options.percentile?.fractions
    let statistics = LatencyStatistics(times.wall, incomplete: times.incompleteCount)
    let supported = Self.percentiles.filter {
      EarlyStopping.framesNeeded(for: $0) <= report.count && statistics.percentile($0).isFinite
    }
    print(report.text(percentiles: asked ?? supported))
    if let path = options.exportTimes { try wrote(path) { try FrameFiles.write(times.samples, to: $0) } }
    if let path = options.histogram {
      try wrote(path) { try Files.write(Array(FrameFiles.hgrm(judged).utf8), to: $0) }
    }
    if let path = options.plot { try wrote(path) { try plot.write(to: $0) } }
    if let path = options.exportProfile, let profile = report.profile {
      try wrote(path) { try profile.write(to: $0) }
    }
    if let folder = options.reportFolder { try writeReport(folder) }
    if options.json { try Console.json(report) }
  }

  private func wrote(_ path: String, _ write: (String) throws -> Void) throws {
    try write(path)
    print("wrote \(path)")
  }

  /// Frames' times, or the age of a camera's outputs.
  private var judged: [Double] { report.camera == nil ? times.wall : times.ages }

  private var competing: String {
    report.load.isEmpty ? "" : "; competing: " + report.load.joined(separator: ", ")
  }

  private var plot: LatencyPlot {
    let start = times.complete.first?.start ?? 0
    let statistics = LatencyStatistics(judged, incomplete: times.incompleteCount)
    let noun = report.camera == nil ? "" : " age"
    var facts = [
      (Format.milliseconds(statistics.median), "median\(noun) of \(judged.count) frames"),
      (Format.milliseconds(statistics.maximum), "greatest\(noun)"),
    ]
    for (fraction, share) in [(0.99, "1 %"), (0.999, "0.1 %")] {
      guard let bound = statistics.bound(fraction) else { continue }
      facts.append((Format.milliseconds(bound), "exceeded by at most \(share), 99 % confidence"))
    }
    if let camera = report.camera {
      facts.append(("\(camera.missed)", "of \(camera.taken) without outputs in time"))
      facts.append(("\(camera.dropped)", "of \(camera.frames) dropped"))
    }
    return LatencyPlot(
      title: "\(Files.name(report.pack)): latency",
      subtitle: report.machine.text(threads: report.threads) + competing,
      times: judged, moments: times.complete.map { Double($0.start - start) / 1e9 },
      quantity: report.camera == nil ? "Time" : "Age of outputs", limit: limit, facts: facts)
  }

  /// benchmark_app's report: a file of that name in a folder, as JSON or as two columns.
  private func writeReport(_ folder: String) throws {
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    if options.jsonReport {
      return try wrote("\(folder)/benchmark_report.json") {
        try Files.write(try Console.jsonBytes(report), to: $0)
      }
    }
    let rows: [(String, String)] = [
      ("pack", report.pack), ("threads", "\(report.threads)"), ("count", "\(report.count)"),
      ("duration (ms)", "\(report.duration_ms)"), ("latency median (ms)", "\(report.median_ms)"),
      ("latency average (ms)", "\(report.mean_ms)"), ("latency min (ms)", "\(report.min_ms)"),
      ("latency max (ms)", "\(report.max_ms)"), ("throughput", "\(report.throughput_fps)"),
    ]
    let text = rows.map { "\($0);\($1)\n" }.joined()
    try wrote("\(folder)/benchmark_report.csv") { try Files.write(Array(text.utf8), to: $0) }
  }
}
