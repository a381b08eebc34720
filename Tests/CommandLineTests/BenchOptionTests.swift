import Testing

@testable import espalier

@Suite("Options of other benchmarks") struct BenchOptionTests {
  private func parse(_ arguments: [String]) throws -> Bench { try Bench.parse(arguments) }
  private func message(_ arguments: [String]) -> String? {
    do {
      _ = try Bench.parse(arguments)
      return nil
    } catch { return Bench.fullMessage(for: error) }
  }

  @Test(arguments: [
    ["--loadEngine=a.espalier"], ["-m", "a.espalier"], ["--graph=a.espalier"], ["a.espalier"],
  ])
  func `the pack goes by four names`(arguments: [String]) throws {
    let bench = try parse(arguments)
    #expect(try BenchOperands(bench.operands, camera: false, pack: bench.others.pack).pack == "a.espalier")
  }

  @Test func `trtexec's`() throws {
    let bench = try parse([
      "--loadEngine=a", "--iterations=50", "--warmUp=200", "--duration=3", "--avgRuns=10",
      "--percentile=90,99",
      "--useSpinWait", "--dumpProfile", "--exportTimes=t.json", "--exportProfile=p.json", "--idleTime=5",
      "--streams=1",
    ])
    #expect(bench.frames.warmupRule == Warmup(frames: 0, seconds: 0.2))
    let rule = bench.frames.stopRule(nil)
    #expect((rule.leastFrames, rule.leastSeconds) == (50, 3))
    #expect(!rule.isEnough(frames: 50, seconds: 2.9))
    #expect(!rule.isEnough(frames: 49, seconds: 4))
    #expect(rule.isEnough(frames: 50, seconds: 3))
    #expect(bench.output.averageOf == 10)
    #expect(bench.output.percentile == PercentileList([0.9, 0.99]))
    #expect(bench.output.wantsProfile)
    #expect(bench.output.exportTimes == "t.json")
    #expect(bench.output.exportProfile == "p.json")
    #expect(bench.frames.pace(.drop) == .idle(5_000_000))
    #expect(bench.placement.policy(allowed: [0]).1.spinBetweenFramesInMicroseconds == 1_000_000)
  }

  @Test func `benchmark_app's`() throws {
    let bench = try parse([
      "-m", "a", "-niter", "40", "-t", "2", "-nthreads", "2", "-nstreams", "1", "-hint", "latency", "-api",
      "sync",
      "-d", "CPU", "-report_type", "detailed_counters", "-report_folder", "r", "-json_stats", "-pc",
      "-latency_percentile", "95", "-pin", "YES", "-no_warmup", "-nireq", "1",
    ])
    let rule = bench.frames.stopRule(nil)
    #expect((rule.leastFrames, rule.leastSeconds) == (40, 2))
    #expect(bench.frames.warmupRule == Warmup(frames: 0))
    #expect(bench.placement.threads == 2)
    #expect(bench.output.wantsProfile)
    #expect((bench.output.reportFolder, bench.output.jsonReport) == ("r", true))
    #expect(bench.output.percentile == PercentileList([0.95]))
    let (own, policy) = bench.placement.policy(allowed: [1, 3, 5])
    #expect(own == 1)
    #expect(policy.cores == [3, 1])
  }

  @Test func `benchmark_model's`() throws {
    let bench = try parse([
      "--graph=a", "--num_threads=2", "--num_runs=30", "--warmup_runs=3", "--min_secs=1.5", "--max_secs=9",
      "--run_delay=0.02", "--enable_op_profiling=true",
    ])
    let rule = bench.frames.stopRule(nil)
    #expect((rule.leastFrames, rule.leastSeconds, rule.mostSeconds) == (30, 1.5, 9))
    #expect(rule.isEnough(frames: 1, seconds: 9))
    #expect(bench.frames.warmupRule == Warmup(frames: 3))
    #expect(bench.placement.threads == 2)
    #expect(bench.output.wantsProfile)
    #expect(bench.frames.pace(.drop) == .idle(20_000_000))
    let paced = try parse(["--graph=a", "--run_frequency=25"])
    #expect(paced.frames.pace(.queue) == .camera(rate: 25, .queue, waiting: 16))
    #expect(paced.frames.deadlineMilliseconds == 40)
    #expect(try parse(["a"]).frames.deadlineMilliseconds == nil)
    #expect(try parse(["a", "--camera", "25", "--deadline", "8ms"]).frames.deadlineMilliseconds == 8)
    #expect(try !parse(["a", "--enable_op_profiling=false"]).output.wantsProfile)
  }

  @Test func `a camera's mode stands behind its rate, or not at all`() throws {
    for (arguments, mode) in [
      (["a", "--camera", "30"], CameraMode.drop), (["a", "--camera", "30", "queue"], .queue),
      (["--camera", "30", "drop", "a"], .drop), (["--camera", "30", "a"], .drop),
    ] {
      let bench = try parse(arguments)
      let operands = try BenchOperands(bench.operands, camera: true, pack: nil)
      #expect(operands.pack == "a")
      #expect(operands.mode == mode)
    }
    #expect(message(["a", "queue"])?.contains("one packed file") == true)
    #expect(message(["--camera", "30", "queue"])?.contains("give the packed file") == true)
  }

  @Test(arguments: [
    (["a", "-nstreams", "2"], "--threads"), (["a", "-hint", "throughput"], "latency"),
    (["a", "-api", "async"], "queue"), (["a", "-d", "GPU"], "CPU"),
    (["a", "--deadline", "5"], "--deadline"), (["a", "--queue-length", "0"], "--queue-length"),
    (["a", "--levels", "2-1"], "--levels"), (["a", "--levels", "-1"], "--levels"),
    (["a", "--camera", "30", "--idle-gap", "5ms"], "exclude"),
    (["a", "--max-rate", "--camera", "30"], "--max-rate"),
    (["a", "--plot", "x.png"], ".svg"), (["a", "--with-load", "gpu"], "--with-load"),
    (["a", "--with-load", "cpu:0"], "--with-load"), (["a", "--percentile", "100"], "--percentile"),
  ])
  func `what cannot be is refused with a word that helps`(arguments: [String], word: String) throws {
    let text = try #require(message(arguments))
    #expect(text.contains(word), "\(text)")
  }

  @Test(arguments: [
    ("--useCudaGraph", "CPU"), ("--sleepTime=5", "--idle-gap"), ("--fp16", "--precision"), ("-b", "--shape"),
    ("--shapes=x:1x3", "--shape"), ("--use_gpu=true", "CPU"), ("--use_xnnpack", "ESPALIER_ISA"),
    ("--exportOutput=o.json", "espalier run"),
  ])
  func `what means nothing here is refused with a sentence that names ours`(argument: String, word: String)
    throws
  {
    let text = try #require(OtherTools.refusal(of: ["a", argument]))
    #expect(text.contains(word), "\(text)")
    let run = try CommandRun(["bench", "a", argument])
    #expect(run.status == 2)
    #expect(run.errors.contains(word))
  }

  @Test func `what others switch off is not asked for`() {
    #expect(OtherTools.refusal(of: ["a", "--use_gpu=false", "--threads", "2", "--iterations=5"]) == nil)
  }

  @Test(arguments: [
    ("3", 3), ("500ms", 0.5), ("2s", 2), ("0", 0),
  ]) func `seconds may have a unit`(text: String, value: Double) {
    #expect(Seconds(argument: text)?.value == value)
  }

  @Test(arguments: [("3", 3), ("500us", 0.5), ("2s", 2000)])
  func `milliseconds may have a unit`(text: String, value: Double) {
    #expect(Milliseconds(argument: text)?.value == value)
  }

  @Test(arguments: ["", "x", "-1", "nan", "3 s", "ms"]) func `anything else is no time`(text: String) {
    #expect(Seconds(argument: text) == nil)
    #expect(Milliseconds(argument: text) == nil)
  }

  @Test(arguments: [("cpu", nil), ("cpu:2", 2), ("memory:1", 1)] as [(String, Int?)])
  func `a load is a kind and a number`(text: String, count: Int?) {
    #expect(CompetingLoad(argument: text)?.count == count)
    #expect(CompetingLoad(argument: text)?.text == text)
  }
}
