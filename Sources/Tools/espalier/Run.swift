internal import ArgumentParser
internal import EspalierMedia
internal import EspalierPlan
internal import EspalierRuntime

/// `espalier run`: frames go through a packed file.
struct Run: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Run frames through a packed file.",
    discussion: """
      A picture comes to the model's input as the pack says ('compile --input'), by
      default stretched (bilinear, as OpenCV does it); its values 0…255 become
      (v − mean) / scale as the pack says, or as --mean, --scale and --layout say. An .npy file is taken as it is. Outputs are float32 under
      the names that the ONNX model gives them, one frame after another.

        espalier run signs.espalier --input stop.png --labels signs.txt
        espalier run d.espalier --input images=frames.npy --output boxes.npz
        espalier run d.espalier --input frames/ --output boxes.json

      Where the pack says what its outputs mean ('compile --results'), boxes are
      printed in pixels of each picture, classes with their names, and of masks what
      share of the picture each class has:

        espalier run d.espalier --input road.jpg --score 0.5 --class-threshold car=0.6

      With --deadline the session is warmed up first, and every frame gets a verdict:
      met, late by so much, cancelled at a layer, or skipped. Outputs of frames that
      were not computed to the end are NaN.

      With --watch-every the tensors that the pack names are compared with what they
      were on the frames that the model was calibrated with: a black picture, a camera
      that stands still or points at the sky shows. --metrics writes what was counted.

        espalier run signs.espalier --input frames/ --watch-every 10 --metrics signs.prom
      """)

  @Argument(help: ArgumentHelp("The packed file.", valueName: "PACK"))
  var pack: String

  @OptionGroup var inputs: InputOptions

  @Option(
    name: [.long, .customShort("o")],
    help: ArgumentHelp("Write all outputs to this file.", valueName: "Y.npz|Y.npy|Y.json|Y.bin"))
  var output: String?

  @Option(help: ArgumentHelp("Print the K greatest values of every output, per frame.", valueName: "K"))
  var top: Int?

  @Option(help: ArgumentHelp("Names of the classes, one a line.", valueName: "FILE"))
  var labels: String?

  @OptionGroup(title: "Results") var found: RunResultOptions
  @OptionGroup var threading: ThreadOptions
  @OptionGroup(title: "Pictures") var pictures: PictureOptions

  @Option(
    help: ArgumentHelp(
      "Cancel a frame that is not ready so long after it began, and say what became of each.",
      valueName: "8ms"))
  var deadline: MillisecondsArgument?

  @OptionGroup var road: RoadOptions

  @Flag(help: "End with one line of JSON on standard output.")
  var json = false

  func validate() throws {
    if inputs.input.isEmpty { throw ValidationError("give the frames: --input FILE") }
    if let top, top < 1 { throw ValidationError("--top is at least 1") }
    if let output, OutputFile(path: output) == nil {
      throw ValidationError("--output ends in .npz, .npy, .json or .bin, not as '\(output)' does")
    }
  }

  func run() throws {
    let (model, loadTime) = try timed { try Pack.load(pack) }
    let names = try labels.map(Labels.init(path:))
    let reader = try pictures.reader(for: model)
    let frames = try reader.frames(for: inputs.input)
    let result = try FrameResults(
      model: model, frames: frames, threads: threading.threads, deadline: deadline?.deadline ?? .none,
      watchInterval: road.watchEvery)
    if let output, let file = OutputFile(path: output) {
      try file.write(result.outputs)
    }
    if let path = road.metrics { try Files.write(result.metrics, to: path) }
    let meaning = try model.results.map {
      try FoundResults(result, model, $0, found, top: top, labels: names)
    }
    guard meaning != nil || !found.areGiven else {
      throw UsageError("'\(pack)' does not say what its outputs mean; compile it with --results")
    }
    let ranking = Ranking(result, top: top ?? (output == nil && !json ? 5 : nil), labels: names)
    let summary = RunSummary(
      pack: pack, frames: result.frameCount, load_ms: loadTime, times_ms: result.times, outputs: result.facts,
      top: ranking.frames, results: meaning?.frames,
      deadline: deadline.map { DeadlineReport($0, result.verdicts, model) },
      watching: result.watching)
    if json { return try Console.json(summary) }
    print(meaning?.text ?? ranking.text)
    summary.deadline?.show()
    if let watching = summary.watching { print(watching.text) }
    summary.printLatency()
    if let output { print("wrote \(output)") }
  }
}

/// What `run --json` prints.
struct RunSummary: Encodable {
  struct Output: Encodable {
    let name: String
    let shape: [Int]
    let min: Float
    let max: Float
    let mean: Float
  }

  let pack: String
  let frames: Int
  let load_ms: Double
  let times_ms: [Double]
  let outputs: [Output]
  let top: [[Ranking.Entry]]?
  /// Absent where the pack does not say what its outputs mean.
  let results: [FoundResults.Frame]?
  /// Absent without `--deadline`.
  let deadline: DeadlineReport?
  /// Absent without `--watch-every`.
  let watching: WatchReport?

  func printLatency() {
    let statistics = LatencyStatistics(times_ms)
    let text =
      frames == 1
      ? "\(Format.milliseconds(statistics.median)) for the frame"
      : "\(Format.milliseconds(statistics.median)) a frame (median of \(frames))"
    print("\(text), \(Format.milliseconds(load_ms)) to load the pack")
  }
}

/// The names of classes, in order.
struct Labels {
  let names: [String]

  init(path: String) throws {
    let text = String(decoding: try Files.read(path), as: UTF8.self)
    names = text.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline).map(String.init)
  }

  init(names: [String]) { self.names = names }

  subscript(_ index: Int) -> String? {
    names.indices.contains(index) && !names[index].isEmpty ? names[index] : nil
  }
}
