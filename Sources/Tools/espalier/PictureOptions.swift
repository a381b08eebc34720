internal import ArgumentParser
internal import EspalierGraph
internal import EspalierMedia
internal import EspalierPlan
internal import EspalierRuntime

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
  ///
  /// - Parameter arguments: What `--input` of `compile` says.
  func reader(for graph: Graph, _ arguments: [PictureArgument] = []) throws -> FrameReader {
    let ports = graph.inputs.map { Plan.Port(name: graph[$0].name, shape: graph.type(of: $0).shape) }
    return FrameReader(
      ports: ports, preprocessing: try preprocessing(for: []),
      pictures: arguments.isEmpty ? [] : try declarations(for: ports, arguments))
  }

  /// Reads frames for the inputs of a packed file, as it says.
  func reader(for model: Model) throws -> FrameReader {
    FrameReader(
      ports: model.inputs, preprocessing: try preprocessing(for: model.provenance),
      pictures: model.pictureInputs.map { $0.map(overridden) })
  }

  /// A pack's own declaration, with what the options say otherwise.
  private func overridden(_ declared: PictureInput) -> PictureInput {
    var input = declared
    if let mean { input.mean = mean.three }
    if let scale { input.scale = scale.three }
    if let order, input.channels != .gray { input.channels = order == .rgb ? .rgb : .bgr }
    return input
  }

  /// What `compile` writes into the pack: for each input how pictures become it; empty where nothing is said.
  ///
  /// - Throws: `UsageError` where an argument names no input, or says something that the input's shape does not allow.
  func declarations(for ports: [Plan.Port], _ arguments: [PictureArgument]) throws -> [PictureInput?] {
    var declared: [PictureInput?] = ports.map { _ in nil }
    for argument in arguments {
      guard let index = argument.name.map({ name in ports.firstIndex { $0.name == name } }) ?? 0,
        argument.name != nil || ports.count == 1
      else {
        let names = ports.map { "'\($0.name)'" }.joined(separator: ", ")
        throw UsageError("--input \(argument.text): say which of the inputs \(names) it is for: NAME=rgb:…")
      }
      guard let shape = PictureShape(ports[index].shape) else {
        throw UsageError(
          """
          --input \(argument.text): the input '\(ports[index].name)' of shape \(Format.shape(ports[index].shape)) \
          takes no pictures
          """)
      }
      let input = overridden(argument.input(channels: shape.channels))
      guard input.channels.count == shape.channels else {
        throw UsageError(
          "--input \(argument.text): the input '\(ports[index].name)' has \(shape.channels) channels")
      }
      declared[index] = input
    }
    guard mean != nil || scale != nil || order != nil else {
      return arguments.isEmpty ? [] : declared
    }
    for (index, port) in ports.enumerated() where declared[index] == nil {
      guard let shape = PictureShape(port.shape) else { continue }
      declared[index] = overridden(PictureInput(channels: shape.channels == 1 ? .gray : .rgb))
    }
    return declared
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
