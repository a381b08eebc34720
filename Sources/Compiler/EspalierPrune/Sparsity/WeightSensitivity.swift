public import EspalierGraph
public import EspalierObserve
public import EspalierPasses

/// How far a network gets from itself when weights become 0 or share few values.
public struct WeightSensitivity {
  /// A network whose weights were changed.
  public struct Result: Sendable, Equatable {
    public let disagreement: Disagreement
    /// An entropy coder's for each weight of the layers that were changed.
    public let bits: Double
  }

  /// Those that have weights, in execution order.
  public let layers: [Node]
  private let graph: Graph
  private let reference: Disagreement.Reference

  /// - Parameters:
  ///   - graph: Simplified, in float32.
  ///   - frames: To judge by; labels are not needed.
  /// - Throws: `ObservationError`, or what `engine` throws.
  public init(
    of graph: Graph, frames: [FrameGroup], engine: @escaping PostTrainingQuantization.Engine
  ) throws {
    self.graph = graph
    layers = MagnitudePruning.layers(of: graph)
    reference = try Disagreement.Reference(graph, frames: frames, engine: engine)
  }

  /// How many weights a layer has.
  public func weightCount(of layer: Node) -> Int {
    graph.constant(of: layer.inputs[1])?.count ?? 0
  }

  /// One layer with a share of its weights at 0.
  public func sparse(_ layer: Node, share: Double) throws -> Result {
    let changed = MagnitudePruning.apply([layer.id: share], to: graph)
    return Result(
      disagreement: try reference.disagreement(of: changed),
      bits: WeightBits.sparse(changed, layers: [layer.id]))
  }

  /// The network with a share of all weights at 0, those that are smallest for their layer.
  public func sparse(share: Double) throws -> Result {
    let shares = MagnitudePruning.globalShares(share, of: graph)
    let changed = MagnitudePruning.apply(shares, to: graph)
    return Result(
      disagreement: try reference.disagreement(of: changed), bits: WeightBits.sparse(changed))
  }

  /// The network with so many values for the weights of each layer.
  public func clustered(centers: Int) throws -> Result {
    let changed = WeightClustering.apply(centers: centers, to: graph)
    return Result(
      disagreement: try reference.disagreement(of: changed), bits: WeightBits.clustered(changed))
  }
}
