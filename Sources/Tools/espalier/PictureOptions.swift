internal import ArgumentParser
internal import EspalierGraph
internal import EspalierMedia
internal import EspalierPlan

/// `rgb` or `bgr`.
enum ColorArgument: String, CaseIterable, ExpressibleByArgument {
  case rgb, bgr
  var order: Preprocessing.ColorOrder { self == .rgb ? .rgb : .bgr }
}

/// How pictures become inputs. `compile` writes it into the pack, `run` and `bench` may say otherwise.
struct PictureOptions: ParsableArguments {
  @Option(help: ArgumentHelp("Subtracted from the values 0…255 of a picture.", valueName: "M|R,G,B"))
  var mean: ChannelValues?

  @Option(
    help: ArgumentHelp(
      "What is left is divided by it: a picture's values become (v − mean) / scale.", valueName: "S|R,G,B"))
  var scale: ChannelValues?

  @Option(
    name: [.customLong("layout"), .customLong("colors")],
    help: ArgumentHelp("Order of a picture's channels in the input.", valueName: "rgb|bgr"))
  var order: ColorArgument?

  func validate() throws {
    if let scale, scale.values.contains(0) { throw ValidationError("--scale divides and cannot be 0") }
  }

  /// What the options say; where they are silent what the pack says; where that is silent RGB 0…255.
  func preprocessing(for provenance: [Plan.Provenance]) throws -> Preprocessing {
    func stored(_ key: String) -> String? { provenance.first { $0.key == key }?.value }
    let storedMean = stored(PictureKey.mean).flatMap(ChannelValues.init(argument:))
    let storedScale = stored(PictureKey.scale).flatMap(ChannelValues.init(argument:))
    let storedOrder = stored(PictureKey.order).flatMap(ColorArgument.init(rawValue:))
    if let storedScale, storedScale.values.contains(0) {
      throw CommandError("the pack says that a picture's values are divided by 0; give --scale")
    }
    return Preprocessing(
      order: (order ?? storedOrder ?? .rgb).order, mean: (mean ?? storedMean)?.values ?? [0],
      scale: (scale ?? storedScale)?.values ?? [1])
  }

  /// Reads frames for the inputs of a graph.
  func reader(for graph: Graph) throws -> FrameReader {
    FrameReader(
      ports: graph.inputs.map { Plan.Port(name: graph[$0].name, shape: graph.type(of: $0).shape) },
      preprocessing: try preprocessing(for: []))
  }

  /// What shards of a run must have in common.
  var identity: [String: String] {
    Dictionary(uniqueKeysWithValues: provenance.map { ($0.key, $0.value) })
  }

  /// What `compile` writes into the pack.
  var provenance: [Plan.Provenance] {
    [
      mean.map { Plan.Provenance(key: PictureKey.mean, value: $0.text) },
      scale.map { Plan.Provenance(key: PictureKey.scale, value: $0.text) },
      order.map { Plan.Provenance(key: PictureKey.order, value: $0.rawValue) },
    ].compactMap { $0 }
  }
}

/// Provenance keys under which a pack says how pictures become inputs.
enum PictureKey {
  static let mean = "picture-mean"
  static let scale = "picture-scale"
  static let order = "picture-colors"
}
