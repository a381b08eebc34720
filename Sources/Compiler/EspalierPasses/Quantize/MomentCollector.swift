internal import EspalierGraph
internal import EspalierObserve
internal import EspalierOperators

/// Gathers the second moments of what convolutions and products read, on frames.
struct MomentCollector {
  let graph: Graph
  let groups: [FrameGroup]
  let engine: PostTrainingQuantization.Engine
  /// Places that are looked at, all frames of all groups together.
  private static let places = 4_096
  /// Rows that wait until their products are taken.
  private static let rowLimit = 64
  /// Numbers that the moments of layers observed at once may have.
  private static let batchLimit = 1 << 26

  /// The moments of one layer's blocks.
  private struct Layer {
    let node: NodeID
    let samples: InputSamples
    let blocks: [InputSamples.Block]
    var moments: [SecondMoments]
    var rows: [Float] = []

    init(_ node: Node, _ graph: Graph) {
      self.node = node.id
      samples = InputSamples(node, in: graph)
      blocks = samples.blocks
      moments = blocks.map { SecondMoments(size: $0.count) }
    }

    mutating func flush() {
      let length = samples.rowLength
      let width = length / samples.groups
      rows.withUnsafeBufferPointer { rows in
        guard let start = rows.baseAddress, length > 0 else { return }
        for (index, block) in blocks.enumerated() {
          moments[index].add(
            start + block.group * width + block.first, count: rows.count / length, stride: length)
        }
      }
      rows.removeAll(keepingCapacity: true)
    }
  }

  /// What one layer's filters of each group are rounded by.
  typealias Rounding = [[OutputRounding.Part]]

  /// - Parameters:
  ///   - nodes: Convolutions over images and products with constant weights.
  ///   - use: Gets every layer's moments once, and may forget them.
  ///   - progress: Gets how many of how many steps are done.
  func collect(
    _ nodes: [Node], progress: (_ done: Int, _ total: Int) -> Void, use: (Node, Rounding) -> Void
  ) throws {
    let batches = batches(nodes)
    var done = 0
    let total = batches.count * groups.frameCount + nodes.count
    func step() {
      done += 1
      progress(done, total)
    }
    for batch in batches {
      var layers = batch.map { Layer($0, graph) }
      try observe(batch, &layers, finished: step)
      for (node, layer) in zip(batch, layers) {
        use(node, rounding(layer))
        step()
      }
    }
  }

  private func observe(_ nodes: [Node], _ layers: inout [Layer], finished: () -> Void) throws {
    let values = nodes.map { $0.inputs[0] }
    let distinct = Array(Set(values)).sorted()
    let places = values.map { distinct.firstIndex(of: $0) ?? 0 }
    let execute = try engine(graph.observing(distinct))
    let perFrame = max(1, (Self.places + groups.frameCount - 1) / max(1, groups.frameCount))
    var turn = 0
    for group in groups {
      for frame in group.frames.indices {
        let found = try execute(group.elements(frame))
        for index in layers.indices {
          let chosen = layers[index].samples.chosenPlaces(perFrame, turn: turn)
          layers[index].samples.append(found[places[index]], at: chosen, to: &layers[index].rows)
          if layers[index].rows.count >= Self.rowLimit * layers[index].samples.rowLength {
            layers[index].flush()
          }
        }
        turn += 1
        finished()
      }
    }
    for index in layers.indices { layers[index].flush() }
  }

  private func rounding(_ layer: Layer) -> Rounding {
    var result = Rounding(repeating: [], count: layer.samples.groups)
    for (block, moments) in zip(layer.blocks, layer.moments) {
      result[block.group].append(OutputRounding.Part(first: block.first, rounding: OutputRounding(moments)))
    }
    return result
  }

  /// Layers whose moments fit into memory together.
  private func batches(_ nodes: [Node]) -> [[Node]] {
    var batches: [[Node]] = []
    var room = 0
    for node in nodes {
      let size = InputSamples(node, in: graph).blocks.reduce(0) { $0 + $1.count * $1.count }
      if room < size || batches.isEmpty {
        batches.append([])
        room = Self.batchLimit
      }
      batches[batches.count - 1].append(node)
      room -= size
    }
    return batches
  }
}
