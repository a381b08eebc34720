import Foundation
import Testing

@testable import espalier

@Suite("bench") struct BenchTests {
  @Test func `ends with one line of JSON whose names are fixed`() throws {
    let run = try CommandRun([
      "bench", try Signs.pack.get(), "--iterations", "20", "--warmup", "2", "--threads", "2", "--json",
    ])
    #expect(run.status == 0)
    let report = try run.json()
    for key in ["median_ms", "min_ms", "p90_ms", "p99_ms", "max_ms", "load_ms", "first_ms", "rss_mb"] {
      #expect(try #require(report[key] as? Double, "\(key)") > 0)
    }
    #expect(report["count"] as? Int == 20)
    #expect(report["threads"] as? Int == 2)
    #expect((report["times_ms"] as? [Double])?.count == 20)
    #expect((report["cpu_ms_all"] as? [Double])?.count == 20)
    #expect((report["nivcsw"] as? [Int])?.count == 20)
  }

  @Test func `claims p99 of 662 frames and not of 661`() throws {
    let few = try CommandRun(["bench", try Signs.pack.get(), "-n", "661"])
    #expect(few.status == 0)
    #expect(few.output.contains("p90 "))
    #expect(!few.output.contains("p99 "))
    #expect(few.output.contains("--iterations 662"))
    let enough = try CommandRun(["bench", try Signs.pack.get(), "-niter", "662"])
    #expect(enough.output.contains("p99 "))
    #expect(!enough.output.contains("p99.9 "))
  }

  @Test func `a bar that is kept is done, one that is missed or unsupported is a failure`() throws {
    let pack = try Signs.pack.get()
    let kept = try CommandRun(["bench", pack, "--slo", "1000s@p90", "--json"])
    #expect(kept.status == 0)
    let verdict = try #require(try kept.json()["slo"] as? [String: Any])
    #expect(verdict["met"] as? Bool == true)
    #expect(verdict["frames_needed"] as? Int == 64)
    let missed = try CommandRun(["bench", pack, "--slo", "1us@p90", "--json"])
    #expect(missed.status == 1)
    #expect(missed.errors.contains("is missed"))
    #expect((try missed.json()["slo"] as? [String: Any])?["met"] as? Bool == false)
    let unsupported = try CommandRun(["bench", pack, "--slo", "1000s@p99.9", "--iterations", "100"])
    #expect(unsupported.status == 1)
    #expect(unsupported.errors.contains("6636"))
  }

  @Test func `without a frame count as many are timed as the bar needs`() throws {
    let run = try CommandRun(["bench", try Signs.pack.get(), "--slo", "1000s@p99", "--json"])
    #expect(run.status == 0)
    #expect(try run.json()["count"] as? Int == 662)
  }

  @Test func `the profile holds every call, and its shares are a whole`() throws {
    let run = try CommandRun(["bench", try Signs.pack.get(), "-n", "5", "--profile", "--json"])
    #expect(run.status == 0)
    let profile = try #require(try run.json()["profile"] as? [String: Any])
    let calls = try #require(profile["calls"] as? [[String: Any]])
    let shares = calls.compactMap { $0["share"] as? Double }
    #expect(shares.count == calls.count)
    #expect(abs(shares.reduce(0, +) - 1) < 1e-6)
  }

  @Test(arguments: [("25ms@p99.9", 25, 0.999), ("300us@p50", 0.3, 0.5), ("2s@p99", 2000, 0.99)])
  func `a bar is a time and a percentile`(text: String, milliseconds: Double, fraction: Double) throws {
    let bar = try #require(ServiceLevel(argument: text))
    #expect(abs(bar.milliseconds - milliseconds) < 1e-9)
    #expect(abs(bar.fraction - fraction) < 1e-12)
  }

  @Test(arguments: [
    "", "25ms", "25@p99", "ms@p99", "-1ms@p99", "25ms@99", "25ms@p100", "25ms@p10", "1ms@p99@p9",
  ])
  func `anything else is no bar`(text: String) {
    #expect(ServiceLevel(argument: text) == nil)
  }

  @Test func `says who measured, and prints latency as other benchmarks do`() throws {
    let run = try CommandRun(["bench", try Signs.pack.get(), "-n", "700", "--percentile", "50,99,99.9"])
    #expect(run.output.contains(" of \(ProcessInfo.processInfo.processorCount);"))
    #expect(run.output.contains("SCHED_OTHER"))
    let line = try #require(run.output.split(separator: "\n").first { $0.hasPrefix("Latency: min = ") })
    let names = line.dropFirst("Latency: ".count).components(separatedBy: ", ").map {
      $0.components(separatedBy: " = ")[0]
    }
    #expect(names == ["min", "max", "mean", "median", "percentile(50%)", "percentile(99%)"])
    #expect(run.output.contains("percentile(99.9%) is not printed: 700 frames were timed, --iterations 6636"))
    for word in ["Count:", "Duration:", "Latency:", "Median:", "Throughput:"] {
      #expect(run.output.contains(word), "\(word)")
    }
  }

  @Test func `a frame allocates nothing, and that is counted`() throws {
    let report = try CommandRun(["bench", try Signs.pack.get(), "-n", "50", "--threads", "2", "--json"])
      .json()
    #expect(report["counts_allocations"] as? Bool == true)
    let counters = try #require(report["counters"] as? [String: Int])
    #expect(counters["allocations"] == 0)
    #expect(Set(counters.keys).isSuperset(of: ["minor_faults", "major_faults", "voluntary_switches"]))
  }
}

@Suite("compare") struct CompareTests {
  @Test func `a pack agrees with its model in every layer`() throws {
    let run = try CommandRun([
      "compare", Signs.model, try Signs.pack.get(), "--frames", "\(Signs.pictures)/stop.png", "--json",
    ])
    #expect(run.status == 0)
    let report = try run.json()
    #expect(report["same_pack"] as? Bool == true)
    let layers = try #require(report["layers"] as? [[String: Any]])
    #expect(layers.count > 14)
    for row in try layers + #require(report["outputs"] as? [[String: Any]]) {
      // float32 against float32 in another order of summation.
      #expect(try #require(row["cosine"] as? Double) > 0.999999)
      #expect(try #require(row["max_error"] as? Double) < 1e-3)
    }
  }

  @Test func `agreement below the bar is a failure`() throws {
    let run = try CommandRun([
      "compare", Signs.model, try Signs.pack.get(), "--no-layers", "--min-cosine", "1.1",
    ])
    #expect(run.status == 1)
    #expect(run.errors.contains("'logits'"))
  }

  @Test func `a pack of another model is refused by name`() throws {
    try withFolder { folder in
      let other = "\(folder)/other.espalier"
      let compiled = try CommandRun([
        "compile", Signs.model, "--shape", "input=2x3x32x32", "-o", other,
      ])
      #expect(compiled.status == 0)
      let run = try CommandRun(["compare", "\(Signs.root)/models/MANIFEST.md", other])
      #expect(run.status == 1)
      #expect(run.errors.contains("MANIFEST.md"))
    }
  }
}
