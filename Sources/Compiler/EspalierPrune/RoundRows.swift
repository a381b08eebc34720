internal import EspalierGraph

/// What the layers of one round read and should give, gathered frame by frame.
struct RoundRows {
  private let layers: [LinearLayer]
  private let wanted: [[Float]]
  private let rowsPerFrame: Int
  private let subtractsShortcut: Bool
  private var moments: [LayerMoments]
  /// By layer how much of `wanted` has found its rows.
  private var used: [Int]

  /// - Parameters:
  ///   - wanted: By layer what it should give, row by row.
  ///   - subtractsShortcut: Whether what is added to a layer's sum is taken from what it should give.
  init(_ layers: [LinearLayer], wanted: [[Float]], rowsPerFrame: Int, subtractsShortcut: Bool) {
    (self.layers, self.wanted, self.rowsPerFrame) = (layers, wanted, rowsPerFrame)
    self.subtractsShortcut = subtractsShortcut
    moments = layers.map {
      LayerMoments(groups: $0.groups, inputs: $0.inputsPerGroup, outputs: $0.outputsPerGroup)
    }
    used = layers.map { _ in 0 }
  }

  /// What has to be seen of every frame: the layers' inputs, then the shortcuts.
  var observed: [ValueID] {
    layers.map { $0.node.inputs[0] } + (subtractsShortcut ? layers.compactMap(\.residual) : [])
  }

  /// - Parameters:
  ///   - found: Begins with the elements of `observed`.
  ///   - turn: The frame's number.
  /// - Returns: The first layer that has rows that are no numbers now; nil: none.
  mutating func append(_ found: [[Float]], turn: Int) -> Int? {
    var shortcut = layers.count
    for (index, layer) in layers.enumerated() {
      let places = layer.samples.chosenPlaces(rowsPerFrame, turn: turn)
      let (start, first) = (moments[index].targets.count, moments[index].rows.count)
      let end = used[index] + places.count * layer.outputs
      moments[index].targets += wanted[index][used[index]..<end]
      used[index] = end
      if subtractsShortcut, layer.residual != nil {
        moments[index].targets.subtract(
          layer.samples, found[shortcut], channels: Array(0..<layer.outputs), of: layer.outputs,
          at: places, from: start)
        shortcut += 1
      }
      layer.samples.append(found[index], at: places, to: &moments[index].rows)
      guard moments[index].rows.isFinite(from: first), moments[index].targets.isFinite(from: start) else {
        return index
      }
      moments[index].flushIfFull()
    }
    return nil
  }

  /// The layers with better weights, by the names of their nodes; the rows are gone then.
  mutating func fitted(by fit: (LinearLayer, LayerMoments) -> LinearLayer) -> [String: LinearLayer] {
    var result: [String: LinearLayer] = [:]
    for (index, layer) in layers.enumerated() {
      moments[index].flush()
      result[layer.node.name] = fit(layer, moments[index])
      moments[index] = LayerMoments(groups: 0, inputs: 0, outputs: 0)
    }
    return result
  }
}
