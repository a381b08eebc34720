internal import ArgumentParser
internal import EspalierGraph
internal import EspalierObserve
internal import EspalierPasses

/// `--watch`.
enum WatchArgument: ExpressibleByArgument, Equatable {
  case none, outputs
  /// So many layers beside inputs and outputs.
  case layers(Int)

  /// What `layers` stands for.
  static let usualCount = 8
  /// With a network's inputs and outputs, a pack holds no more.
  static let limit = 48

  init?(argument: String) {
    switch argument {
    case "none": self = .none
    case "outputs": self = .outputs
    case "layers": self = .layers(Self.usualCount)
    default:
      guard let count = Int(argument), 0...Self.limit ~= count else { return nil }
      self = .layers(count)
    }
  }

  var text: String {
    switch self {
    case .none: "none"
    case .outputs: "outputs"
    case .layers(let count): "\(count)"
    }
  }
}

/// Which tensors `compile` lets the runtime look at.
struct WatchOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      """
      Tensors whose statistics a session can gather while frames run, and compare with those of the calibration \
      frames: inputs and outputs (outputs), or also so many layers, evenly over the network's depth (layers: 8). \
      With --calibrate layers, otherwise none.
      """, valueName: "none|outputs|layers|N"))
  var watch: WatchArgument?

  func choice(hasFrames: Bool) -> WatchArgument {
    watch ?? (hasFrames ? .layers(WatchArgument.usualCount) : .none)
  }
}

extension CompileChain {
  /// The tensors of a network to be watched, with what frames show of them.
  mutating func watched(
    _ graph: Graph, _ choice: WatchArgument, _ frames: CalibrationFrames?, threads: Int
  ) throws -> [WatchedTensor] {
    let layerLimit: Int
    switch choice {
    case .none: return []
    case .outputs: layerLimit = 0
    case .layers(let count): layerLimit = count
    }
    let tensors = graph.watchedTensors(layerLimit: layerLimit)
    guard let frames else { return tensors }
    return try stage("watch") {
      var bars = StageProgress()
      defer { bars.finish() }
      var done = 0
      return try graph.digested(tensors, frames.read, engine: GraphRunner.engine(threads: threads)) {
        done += 1
        bars.update("watching frames", done, frames.read.frameCount)
      }
    }
  }
}
