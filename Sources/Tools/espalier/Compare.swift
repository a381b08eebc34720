internal import ArgumentParser
internal import EspalierPlan
internal import EspalierRuntime

/// `espalier compare`: a packed file against the definition of the model that it was made from.
struct Compare: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Compare a packed file with its model, layer by layer.",
    discussion: """
      The judge is the reference interpreter: every operator by its definition,
      nothing fused. It is slow. Without --frames one frame of seeded noise is used.
      Cosine is 1 where both agree, SNR is the power of the values over that of the
      errors, and the relative error is the greatest error over the greatest value.

        espalier compare signs.onnx signs.espalier --frames pictures/
        espalier compare signs.onnx signs.espalier --json | tail -n 1

      Layers are read from a second pack, compiled on the spot from the same model,
      in which every value is an output; outputs are those of PACK itself. To see the
      layers of a pack in 8 bits, give the frames that it was quantized by. Those that
      add most to the noise of their inputs stand at the end:

        espalier compare signs.onnx signs8.espalier --calibrate pictures/ --frames test/
      """)

  @Argument(help: ArgumentHelp("The ONNX model.", valueName: "MODEL.onnx"))
  var model: String

  @Argument(help: ArgumentHelp("The packed file.", valueName: "PACK"))
  var pack: String

  @Option(
    name: [.long, .customLong("input"), .customShort("i")], parsing: .upToNextOption,
    help: ArgumentHelp("Frames, as 'run --input' takes them.", valueName: "[NAME=]DIR|FILE"))
  var frames: [String] = []

  @Option(
    help: ArgumentHelp(
      "The frames that PACK was quantized by, as 'compile' took them.", valueName: "DIR|FILE.npy"))
  var calibrate: [String] = []

  @Option(
    help: ArgumentHelp(
      "Exit with 1 where an output's cosine is below: 0.9999, or 0.97 in 8 bits.", valueName: "C"))
  var minCosine: Double?

  @Flag(inversion: .prefixedNo, help: "Compare every layer, not the outputs alone.")
  var layers = true

  @OptionGroup var threading: ThreadOptions
  @OptionGroup(title: "Pictures") var pictures: PictureOptions

  @Flag(help: "End with one line of JSON on standard output.")
  var json = false

  func run() throws {
    let packed = try Pack.load(pack)
    let reader = try pictures.reader(for: packed)
    let input = frames.isEmpty ? Bench.noise(for: packed) : try reader.frames(for: frames)
    let comparison = try Comparison(
      model: model, pack: packed, packPath: pack, frames: input,
      calibration: try calibration(of: packed, reader), layers: layers, threads: threading.threads)
    if json { try Console.json(comparison.report) } else { comparison.report.show() }
    let minCosine = self.minCosine ?? (comparison.report.precision == "int8" ? 0.97 : 0.9999)
    let missed = comparison.report.outputs.filter { !($0.cosine >= minCosine) }
    guard missed.isEmpty else {
      let list = missed.map { "'\($0.name)' \(Format.fixed($0.cosine, 6))" }.joined(separator: ", ")
      throw CommandError("cosine below \(minCosine): \(list)")
    }
  }
}

extension Compare {
  /// The frames that a pack was quantized by, if they are at hand.
  private func calibration(of pack: Model, _ reader: FrameReader) throws -> CalibrationFrames? {
    guard let digest = pack.provenance.first(where: { $0.key == CalibrationKey.digest })?.value else {
      guard calibrate.isEmpty else { throw UsageError("--calibrate is for packs in 8 bits") }
      return nil
    }
    let arguments = calibrate.isEmpty ? frames : calibrate
    guard !arguments.isEmpty else { return nil }
    let found = try CalibrationFrames(arguments, reader: reader)
    if found.digest == digest { return found }
    guard calibrate.isEmpty else {
      throw CommandError(
        "--calibrate: '\(self.pack)' was quantized by other frames (SHA-256 \(digest), not \(found.digest))")
    }
    return nil
  }
}

/// What `compare` prints.
struct ComparisonReport: Encodable {
  struct Row: Encodable {
    let name: String
    let op: String
    let shape: [Int]
    let cosine: Double
    let snr_db: Double
    let max_error: Double
    let relative_error: Double
  }

  /// A layer in 8 bits. Noise is the power of its errors over that of its values.
  struct Culprit: Encodable {
    let name: String
    let op: String
    let noise: Double
    /// The largest noise of its inputs.
    let inherited: Double
    let added: Double
  }

  let model: String
  let pack: String
  let frames: Int
  let precision: String
  /// Whether this compiler makes exactly this pack of the model, but for what it watches and what its inputs and outputs
  /// mean; nil where the frames that it was quantized by are not at hand.
  let same_pack: Bool?
  let outputs: [Row]
  let layers: [Row]
  let culprits: [Culprit]

  func show() {
    print("\(pack) against \(model), \(frames) frame\(frames == 1 ? "" : "s")")
    if same_pack == false {
      print(
        "note: this compiler does not make exactly this pack of this model; layers are of a fresh compile")
    } else if same_pack == nil {
      print("note: to see layers in 8 bits, give the frames that the pack was quantized by: --calibrate")
    }
    if !layers.isEmpty { print("\n" + table(layers, "layer")) }
    print("\n" + table(outputs, "output"))
    if !culprits.isEmpty { print("\n" + culpritTable) }
    if let worst = layers.min(by: { $0.cosine < $1.cosine }) {
      print("\nworst layer: '\(worst.name)' (\(worst.op)), cosine \(Format.fixed(worst.cosine, 7))")
    }
  }

  /// The ten that add most.
  private var culpritTable: String {
    var table = Table([
      ("noise of", .left), ("operator", .left), ("added", .right), ("inherited", .right), ("in all", .right),
    ])
    for culprit in culprits.prefix(10) {
      let shares = [culprit.added, culprit.inherited, culprit.noise]
      table.add([culprit.name, culprit.op] + shares.map { "\(Format.significant($0 * 100)) %" })
    }
    return table.text
  }

  private func table(_ rows: [Row], _ heading: String) -> String {
    var table = Table([
      (heading, .left), ("operator", .left), ("shape", .left), ("cosine", .right), ("SNR dB", .right),
      ("max error", .right), ("relative", .right),
    ])
    for row in rows {
      table.add([
        row.name, row.op, Format.shape(row.shape), Format.fixed(row.cosine, 7),
        row.snr_db.isFinite ? Format.fixed(row.snr_db, 1) : "exact", Format.significant(row.max_error),
        Format.significant(row.relative_error),
      ])
    }
    return table.text
  }
}
