import EspalierReport
import EspalierRuntime
import Foundation
import Testing

@testable import espalier

@Suite("Files of times") struct FrameFileTests {
  private let samples = [
    FrameSample(
      index: 0, due: 1_000, start: 2_000, end: 1_502_000, processor: 3_000_000, dropped: 0,
      counters: SystemCounters(involuntarySwitches: 1, minorFaults: 2)),
    FrameSample(
      index: 3, due: 9_000, start: 9_500, end: 2_009_500, processor: 7, dropped: 2, deadline: 1_009_000,
      verdict: FrameVerdict(
        outcome: .late(nanoseconds: 1_000_300), level: 1, modelNanoseconds: 1_999_700,
        overheadNanoseconds: 200,
        ageNanoseconds: 2_000_450, sequenceGap: 2)),
    FrameSample(
      index: 4, due: 10_000, start: 10_500, end: 12_000, deadline: 11_000,
      verdict: FrameVerdict(outcome: .cancelled(call: 5))),
  ]

  @Test func `are rows of whole nanoseconds in CSV`() {
    #expect(
      FrameFiles.csv(samples) == """
        frame,due_ns,start_ns,end_ns,latency_ns,age_ns,cpu_ns,dropped,involuntary_switches,voluntary_switches,\
        minor_faults,major_faults,allocations,deadline_ns,outcome,late_ns,call,level,model_ns,overhead_ns,\
        verdict_age_ns,sequence_gap
        0,1000,2000,1502000,1500000,1501000,3000000,0,1,0,2,0,0,,met,0,,0,0,0,,0
        3,9000,9500,2009500,2000000,2000500,7,2,0,0,0,0,0,1009000,late,1000300,,1,1999700,200,2000450,2
        4,10000,10500,12000,1500,2000,0,0,0,0,0,0,0,11000,cancelled,0,5,0,0,0,,0

        """)
  }

  @Test func `are objects in JSON, with trtexec's name beside ours`() throws {
    let rows = try #require(
      try JSONSerialization.jsonObject(with: Data(FrameFiles.json(samples).utf8)) as? [[String: Any]])
    #expect(rows.map { $0["latency_ns"] as? Int } == [1_500_000, 2_000_000, 1_500])
    #expect(rows.map { $0["latencyMs"] as? Double } == [1.5, 2, 0.0015])
    #expect(rows.map { $0["outcome"] as? String } == ["met", "late", "cancelled"])
    #expect(rows.map { $0["call"] as? Int } == [nil, nil, 5])
    #expect(rows.map { $0["deadline_ns"] as? Int } == [nil, 1_009_000, 11_000])
    #expect(rows[1]["age_ns"] as? Int == 2_000_500)
    #expect(rows[1]["dropped"] as? Int == 2)
  }

  /// 999 frames of 1 ms and one of 100 ms: HdrHistogram's plotter reads four columns, of which the first is a value
  /// exact to three digits, the second a percentile as a fraction.
  @Test func `are percentiles of an HDR histogram`() throws {
    let text = FrameFiles.hgrm([Double](repeating: 1, count: 999) + [100])
    let lines = text.split(separator: "\n")
    #expect(lines[0].split(separator: " ") == ["Value", "Percentile", "TotalCount", "1/(1-Percentile)"])
    let rows = lines.dropFirst().filter { !$0.hasPrefix("#") }.map {
      $0.split(separator: " ").compactMap { Double($0) }
    }
    let median = try #require(rows.first { $0[1] >= 0.5 })
    #expect(abs(median[0] - 1) < 0.001)
    #expect(median[2] == 999)
    let last = try #require(rows.last)
    #expect(abs(last[0] - 100) < 0.1)
    #expect((last[1], last[2]) == (1, 1000))
    #expect(text.contains("Total count    =         1000]"))
  }

  @Test func `appear where the command was told to, beside what it prints`() throws {
    try withFolder { folder in
      let run = try CommandRun([
        "bench", try Signs.pack.get(), "-n", "70", "--export-times", "\(folder)/t.csv", "--histogram",
        "\(folder)/h.hgrm", "--plot", "\(folder)/p.svg", "--export-profile", "\(folder)/c.csv",
        "-report_folder",
        "\(folder)/r", "-json_stats", "--avgRuns", "35", "--slo", "1s@p90",
      ])
      #expect(run.status == 0, "\(run.errors)")
      let csv = try String(contentsOfFile: "\(folder)/t.csv", encoding: .utf8)
      #expect(csv.split(separator: "\n").count == 71)
      #expect(
        try String(contentsOfFile: "\(folder)/h.hgrm", encoding: .utf8).contains(
          "Total count    =           70]"))
      #expect(run.output.matches(of: /Average on 35 runs - Latency: [0-9.]+ ms/).count == 2)
      let report = try JSONSerialization.jsonObject(
        with: Data(contentsOf: URL(fileURLWithPath: "\(folder)/r/benchmark_report.json")))
      #expect((report as? [String: Any])?["count"] as? Int == 70)
      let calls = try String(contentsOfFile: "\(folder)/c.csv", encoding: .utf8).split(separator: "\n")
      #expect(calls[0].hasPrefix("call,family,microseconds,share,cumulative_share,"))
      #expect(calls.count > 14)
      #expect(run.output.contains("wrote \(folder)/p.svg"))
      let picture = try String(contentsOfFile: "\(folder)/p.svg", encoding: .utf8)
      #expect(picture.hasPrefix("<svg "))
      #expect(picture.contains("Distribution of 70 frames"))
      // A second is far off.
      #expect(!picture.contains("limit of p90"))
    }
  }

  @Test func `a plot shows every frame once, and the limit where it is near`() {
    let times = [1.0, 1.0, 1.1, 1.2, 3]
    let plot = LatencyPlot(
      title: "t", subtitle: "", times: times, moments: [0, 1, 2, 3, 4], quantity: "Time",
      limit: (2.5, "deadline"),
      facts: [])
    let counts = plot.histogram.series[0].points.map(\.y)
    #expect(counts.reduce(0, +) == 5)
    #expect(counts[79] == 1)
    #expect(plot.histogram.vertical.isLogarithmic)
    #expect(plot.histogram.marks.map(\.label) == ["median", "deadline"])
    #expect(plot.series.levels.map(\.y) == [2.5])
    #expect(plot.series.series[0].points.map(\.y) == times)
  }
}
