internal import EspalierGraph
internal import EspalierObserve
internal import EspalierPasses

/// The layers that sum over channels, and the units that each reads.
struct UnitConsumers {
  struct Consumer {
    let layer: LinearLayer
    /// Of each input channel, all groups one after another.
    let units: [Int]

    /// Which inputs of a row belong to each of some units, group by group: `[group][unit]`.
    func columns(of wanted: Set<Int>) -> [[Int: [Int]]] {
      let (own, taps) = (layer.samples.channelsPerGroup, layer.samples.taps)
      var result = [[Int: [Int]]](repeating: [:], count: layer.groups)
      for (channel, unit) in units.enumerated() where wanted.contains(unit) {
        let first = channel % own * taps
        result[channel / own][unit, default: []] += first..<first + taps
      }
      return result
    }
  }

  let all: [Consumer]

  init(all: [Consumer]) { self.all = all }

  init(_ graph: Graph, _ map: ChannelMap) {
    all = graph.nodes.compactMap { node in
      guard case .mixed = node.op.channelRule(graph.inputTypes(of: node)),
        let layer = LinearLayer(node, in: graph), let units = map.units[node.inputs[0]],
        layer.groups == 1 || layer.samples.channelsPerGroup > 1
      else { return nil }
      return Consumer(layer: layer, units: units)
    }
  }
}

// MARK: - Criteria

extension UnitConsumers {
  /// Places of each layer that are looked at, all frames together.
  static let places = 10_000

  /// Σ over inputs of `E[x²] · ‖weights of x‖²`, relative to the same sum over all inputs of the layer.
  func contributions(
    _ walk: FrameWalk, _ graph: Graph, _ progress: (Int, Int) -> Void
  ) throws -> [Int: Double] {
    var squares = all.map { [Double](repeating: 0, count: $0.layer.samples.rowLength) }
    let perFrame = max(1, (Self.places + walk.frameCount - 1) / walk.frameCount)
    try walk.run(graph, observing: all.map { $0.layer.node.inputs[0] }) { turn, frame, found in
      for (index, consumer) in all.enumerated() {
        let samples = consumer.layer.samples
        var rows: [Float] = []
        samples.append(found[index], at: samples.chosenPlaces(perFrame, turn: turn), to: &rows)
        guard rows.isFinite(from: 0) else {
          throw ObservationError.notFinite(value: graph[consumer.layer.node.inputs[0]].name, frame: frame)
        }
        squares[index].addSquares(rows)
      }
      progress(turn + 1, walk.frameCount)
    }
    var scores: [Int: Double] = [:]
    for (consumer, squares) in zip(all, squares) {
      let parts = consumer.parts(squares)
      let total = parts.reduce(0, +)
      for (unit, part) in zip(consumer.units, parts) where total > 0 {
        scores[unit, default: 0] += part / total
      }
    }
    return scores
  }

  /// What is read of each unit: its mean magnitude relative to the tensor's, or the share that is not 0;
  /// summed over the tensors that layers read.
  func activity(
    _ walk: FrameWalk, _ graph: Graph, countsZeros: Bool, _ progress: (Int, Int) -> Void
  ) throws -> [Int: Double] {
    let values = Array(Set(all.map { $0.layer.node.inputs[0] })).sorted()
    var sums = values.map { [Double](repeating: 0, count: graph.type(of: $0).shape[1]) }
    try walk.run(graph, observing: values) { turn, frame, found in
      for (index, elements) in found.enumerated() {
        sums[index].addActivity(elements, graph.type(of: values[index]).shape, countsZeros: countsZeros)
        guard sums[index].allSatisfy(\.isFinite) else {
          throw ObservationError.notFinite(value: graph[values[index]].name, frame: frame)
        }
      }
      progress(turn + 1, walk.frameCount)
    }
    let units = Dictionary(all.map { ($0.layer.node.inputs[0], $0.units) }) { first, _ in first }
    var scores: [Int: Double] = [:]
    for (value, sums) in zip(values, sums) {
      let mean = countsZeros ? Double(walk.frameCount) : sums.reduce(0, +) / Double(max(1, sums.count))
      for (unit, sum) in zip(units[value] ?? [], sums) where mean > 0 {
        scores[unit, default: 0] += sum / mean
      }
    }
    return scores
  }
}

extension UnitConsumers.Consumer {
  /// By input channel the weighted squares of its inputs.
  fileprivate func parts(_ squares: [Double]) -> [Double] {
    let (size, outputs, taps) = (layer.inputsPerGroup, layer.outputsPerGroup, layer.samples.taps)
    var parts = [Double](repeating: 0, count: units.count)
    for (column, square) in squares.enumerated() {
      let group = column / size
      var norm = 0.0
      for output in group * outputs..<(group + 1) * outputs {
        let weight = layer.weights[output * size + column % size]
        norm += weight * weight
      }
      parts[column / taps] += square * norm
    }
    return parts
  }
}

extension [Double] {
  /// Adds the squares of rows that are as long as this.
  fileprivate mutating func addSquares(_ rows: [Float]) {
    let length = count
    rows.withUnsafeBufferPointer { rows in
      withUnsafeMutableBufferPointer { sums in
        for row in 0..<(length == 0 ? 0 : rows.count / length) {
          for index in 0..<length {
            let element = Double(rows[row * length + index])
            sums[index] += element * element
          }
        }
      }
    }
  }

  /// Adds the mean magnitude of each channel, or the share of its elements that are not 0.
  fileprivate mutating func addActivity(_ elements: [Float], _ shape: Shape, countsZeros: Bool) {
    let plane = shape.dropFirst(2).reduce(1, *)
    let share = 1 / Double(Swift.max(1, plane * shape[0]))
    elements.withUnsafeBufferPointer { elements in
      for slab in 0..<shape[0] * shape[1] {
        var sum: Float = 0
        for index in slab * plane..<(slab + 1) * plane {
          sum += countsZeros ? (elements[index] == 0 ? 0 : 1) : elements[index].magnitude
        }
        self[slab % shape[1]] += Double(sum) * share
      }
    }
  }
}
