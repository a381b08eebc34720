internal import ArgumentParser
internal import CMeasure
internal import EspalierMedia
internal import EspalierRuntime

/// `espalier profile`: which call of a frame takes how long, and what it could take.
struct ProfileCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "profile",
    abstract: "Show where the time of a frame goes, call by call.",
    discussion: """
      The medians of every kernel call over some frames, in turns with frames that are
      not looked at, so that the last line can say what looking costs.

        espalier profile signs.espalier --threads 2
        espalier profile signs.espalier --order execution --output calls.csv
        espalier profile signs.espalier --trace run.json      for ui.perfetto.dev

      'of peak' is the share of the multiply-adds that these cores were just measured to
      do; Winograd kernels, which multiply less often than the definition, may pass it.
      'roof' is what the call cannot be faster than: its arithmetic at that peak, or its
      bytes (all that the kernel may touch) from the smallest cache that holds them,
      whichever takes longer; 'bound by' says which. The overhead of the runtime is
      the share of a frame during which the calling thread is in no kernel and waits
      for no other thread's work. With several threads, a call's time
      is the calling thread's, its waiting for the others included.
      """)

  @Argument(help: ArgumentHelp("The packed file.", valueName: "PACK"))
  var pack: String

  @Option(
    name: [.long, .customShort("n"), .customLong("frames"), .customLong("num_runs")],
    help: ArgumentHelp("Frames whose calls are timed, in turns with as many others.", valueName: "K"))
  var iterations = 200

  @Option(name: [.long, .customShort("w")], help: ArgumentHelp("Frames before them.", valueName: "W"))
  var warmup = 10

  @Option(
    help: ArgumentHelp("The level of the pack to run: 0 is the whole network.", valueName: "LEVEL"))
  var levels: LevelRange?

  @OptionGroup(title: "Threads") var placement: ThreadPlacement

  @Option(help: "time: the longest call first.")
  var order = Profile.Order.time

  @Option(help: ArgumentHelp("List so many calls.", valueName: "K"))
  var top: Int?

  @Option(
    help: ArgumentHelp(
      "Write frames and calls as slices in time (Chrome's trace events).", valueName: "FILE.json"))
  var trace: String?

  @Option(
    name: [.long, .customShort("o"), .customLong("exportProfile")],
    help: ArgumentHelp("Write the table.", valueName: "FILE.json|FILE.csv"))
  var output: String?

  @OptionGroup(title: "Inputs") var inputs: InputOptions
  @OptionGroup(title: "Pictures") var pictures: PictureOptions

  @Flag(help: "End with one line of JSON on standard output.")
  var json = false

  func validate() throws {
    guard iterations >= 1, warmup >= 0 else {
      throw ValidationError("--iterations is at least 1 and --warmup at least 0")
    }
    if let top, top < 1 { throw ValidationError("--top is at least 1") }
    if let output, !output.hasSuffix(".csv"), !output.hasSuffix(".json") {
      throw ValidationError("--output ends in .json or .csv, not as '\(output)' does")
    }
  }

  func run() throws {
    var session = try BenchSession(placement, levels: levels, pack: pack) { model in
      guard !inputs.input.isEmpty else { return Bench.noise(for: model) }
      let reader = try pictures.reader(for: model)
      return try reader.frames(for: inputs.input)
    }
    let (_, granted) = try session.prepare()
    print("\(pack)\n\(session.machine.text(threads: placement.threads))\n\(granted.text)\n")
    for _ in 0..<warmup { try session.runner.run() }
    let peaks = ProcessorPeaks.measured
    let profile = try Profile(&session.runner, frames: iterations, peaks: peaks, comparing: true)
    print(profile.text(order, top: top ?? .max))
    if let output {
      try profile.write(to: output)
      print("wrote \(output)")
    }
    if let trace {
      try Files.write(try Console.jsonBytes(Trace(profile, pack: Files.name(pack))), to: trace)
      print("wrote \(trace)")
    }
    if json { try Console.json(profile) }
  }
}
