internal import ArgumentParser
internal import EspalierGraph
internal import EspalierObserve
internal import EspalierPrune

/// Weights that are 0 or share values: for smaller files.
struct SparsityOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      """
      Set this share of the weights to 0, the smallest for their layer first. The file shrinks; no kernel is faster \
      for it.
      """, valueName: "RATIO"))
  var sparsity: ShareArgument?

  @Option(
    help: ArgumentHelp(
      """
      Let the weights of each layer share N values, 2 to 256. A float32 file shrinks to a byte a weight or less; no \
      kernel is faster for it.
      """, valueName: "N"))
  var clusters: Int?

  var changesWeights: Bool { sparsity != nil || clusters != nil }

  func validate() throws {
    if let clusters, !(2...256 ~= clusters) { throw ValidationError("--clusters are 2 to 256") }
  }

  var text: [String] {
    (sparsity.map { ["--sparsity \($0.value)"] } ?? []) + (clusters.map { ["--clusters \($0)"] } ?? [])
  }

  func applied(to graph: Graph) -> Graph {
    var result = graph
    if let sparsity {
      result = MagnitudePruning.apply(MagnitudePruning.globalShares(sparsity.value, of: result), to: result)
    }
    if let clusters {
      result = WeightClustering.apply(centers: clusters, keepsZeros: sparsity != nil, to: result)
    }
    return result
  }
}

/// What became of the weights, and of the answers.
struct SparsityReport: Encodable {
  let weights: Int
  let zeros: Int
  /// The most different values that a layer has; nil where they were not made to share.
  let values: Int?
  /// Frames by which both networks were held against each other; 0: there were none.
  let frames: Int
  /// Share of these that get another class; nil where the outputs are no classes, or without frames.
  let disagreement: Double?
  let divergence: Double?

  /// - Parameters:
  ///   - options: That made `graph`.
  ///   - original: The network before.
  init(
    _ options: SparsityOptions, _ graph: Graph, of original: Graph, frames: [FrameGroup], threads: Int
  ) throws {
    let layers = MagnitudePruning.layers(of: graph).compactMap { graph.constant(of: $0.inputs[1])?.floats }
    weights = layers.reduce(0) { $0 + $1.count }
    zeros = layers.reduce(0) { $0 + $1.count { $0 == 0 } }
    values = options.clusters == nil ? nil : layers.map { Set($0).count }.max()
    self.frames = frames.frameCount
    guard frames.frameCount > 0 else {
      (disagreement, divergence) = (nil, nil)
      return
    }
    let found = try Disagreement(
      original: original, candidate: graph, frames: frames, engine: GraphRunner.engine(threads: threads))
    disagreement = found.isClassifier ? found.rate : nil
    divergence = found.divergence
  }

  func show() {
    var parts = ["\(Format.fixed(100 * Double(zeros) / Double(max(1, weights)), 1)) % of the weights are 0"]
    if let values { parts.append("a layer has \(values) values at most") }
    if let disagreement {
      parts.append("\(Format.fixed(100 * disagreement, 2)) % of \(frames) frames get another class")
    } else if let divergence {
      parts.append("divergence \(Format.fixed(divergence, 5)) on \(frames) frames")
    } else {
      parts.append("nothing was judged: there are no frames (--calibrate)")
    }
    print(parts.joined(separator: "; "))
    print("smaller files are what this is for: kernels take as long for a 0 as for any other weight")
  }
}
