internal import EspalierGraph
internal import EspalierOperators
internal import EspalierPasses

/// A convolution, transposed convolution or product of features with constant weights, as one matrix per group.
///
///     y[g · M + m] = Σ_k weights[(g · M + m) · K + k] · x[g · K + k] + bias[g · M + m] + residual[g · M + m]
///
/// where `x` is a row of `samples`.
struct LinearLayer {
  let node: Node
  let samples: InputSamples
  let groups: Int
  /// M
  let outputsPerGroup: Int
  /// K
  var inputsPerGroup: Int { samples.channelsPerGroup * samples.taps }
  var outputs: Int { groups * outputsPerGroup }
  /// `[groups · M][K]`
  var weights: [Double]
  /// One per output.
  var bias: [Double]

  /// Nil where the node is no such layer.
  init?(_ node: Node, in graph: Graph) {
    guard InputSamples.cover(node, in: graph), let tensor = graph.constant(of: node.inputs[1]) else {
      return nil
    }
    samples = InputSamples(node, in: graph)
    self.node = node
    groups = samples.groups
    let outputs = graph.type(of: node.outputs[0]).shape[1]
    outputsPerGroup = outputs / groups
    var (scale, addendScale) = (1.0, 1.0)
    var hasBias = false
    switch node.op {
    case let conv as Conv: hasBias = conv.hasBias
    case let conv as ConvTranspose: hasBias = conv.hasBias
    case let gemm as Gemm:
      (scale, addendScale, hasBias) = (Double(gemm.alpha), Double(gemm.beta), gemm.hasAddend)
    default: break
    }
    bias = [Double](repeating: 0, count: outputs)
    if hasBias {
      guard let addend = graph.constant(of: node.inputs[2]), addend.count == outputs, addendScale != 0 else {
        return nil
      }
      bias = addend.floats.map { Double($0) * addendScale }
    }
    guard scale != 0 else { return nil }
    weights = []
    let places = Self.places(node.op, tensor.shape, groups: groups)
    let elements = tensor.floats
    weights = places.map { Double(elements[$0]) * scale }
  }

  /// Where in the weights' tensor each element of the matrices stands.
  private static func places(_ op: any Operator, _ shape: Shape, groups: Int) -> [Int] {
    let count = shape.elementCount
    switch op {
    case is ConvTranspose:
      // [C, M / groups, taps]
      let (made, taps) = (shape[1], shape.dropFirst(2).reduce(1, *))
      let own = shape[0] / groups
      return (0..<count).map { position in
        let (row, column) = (position / (own * taps), position % (own * taps))
        let (group, m) = (row / made, row % made)
        return ((group * own + column / taps) * made + m) * taps + column % taps
      }
    case let gemm as Gemm where gemm.transposesB: return Array(0..<count)
    case is Gemm, is MatMul:
      return (0..<count).map { $0 % shape[0] * shape[1] + $0 / shape[0] }
    default: return Array(0..<count)
    }
  }

  /// The operator, weights and bias that compute what the matrices say.
  func parameters(_ shape: Shape) -> (op: any Operator, weights: Tensor, bias: Tensor) {
    var op: any Operator = node.op
    var (scale, addendScale) = (1.0, 1.0)
    switch node.op {
    case var conv as Conv:
      conv.hasBias = true
      op = conv
    case var conv as ConvTranspose:
      conv.hasBias = true
      op = conv
    case var gemm as Gemm:
      if !gemm.hasAddend { gemm.beta = 1 }
      gemm.hasAddend = true
      (scale, addendScale) = (Double(gemm.alpha), Double(gemm.beta))
      op = gemm
    default: op = Gemm(hasAddend: true)
    }
    var elements = [Float](repeating: 0, count: weights.count)
    for (position, place) in Self.places(node.op, shape, groups: groups).enumerated() {
      elements[place] = Float(weights[position] / scale)
    }
    return (
      op, Tensor(shape: shape, floats: elements),
      Tensor(shape: [outputs], floats: bias.map { Float($0 / addendScale) })
    )
  }

  /// What is added to the sum from another tensor of the output's shape; nil where nothing is.
  var residual: ValueID? {
    (node.op as? Conv).flatMap { $0.residualIndex }.map { node.inputs[$0] }
  }
}

extension Graph {
  /// The same network with other matrices in some layers.
  ///
  /// - Parameter layers: By the names of their nodes.
  func replacing(_ layers: [String: LinearLayer]) throws(ShapeError) -> Graph {
    try rebuilt { node, inputs, result in
      guard let layer = layers[node.name] else { return (node.op, inputs) }
      let new = layer.parameters(type(of: node.inputs[1]).shape)
      var inputs = inputs
      inputs[1] = result.appendConstant(name: self[node.inputs[1]].name, new.weights)
      let hadBias = inputs.count > (layer.residual == nil ? 2 : 3)
      let name = hadBias ? self[node.inputs[2]].name : "\(node.name)/bias"
      let bias = result.appendConstant(name: name, new.bias)
      if hadBias { inputs[2] = bias } else { inputs.insert(bias, at: 2) }
      return (new.op, inputs)
    }
  }

  /// The same network, node by node.
  ///
  /// - Parameter change: Gets a node, the inputs that it has in the new network, and that network as it is so
  ///   far; gives the operator and the inputs to put in the node's place.
  func rebuilt(
    _ change: (Node, [ValueID], inout Graph) throws(ShapeError) -> (any Operator, [ValueID])
  ) throws(ShapeError) -> Graph {
    var result = Graph()
    var values: [ValueID: ValueID] = [:]
    for input in inputs { values[input] = result.appendInput(name: self[input].name, type: type(of: input)) }
    func value(_ old: ValueID) -> ValueID {
      if let known = values[old] { return known }
      guard let constant = constant(of: old) else {
        preconditionFailure("'\(self[old].name)' is not computed")
      }
      let new = result.appendConstant(name: self[old].name, constant)
      values[old] = new
      return new
    }
    for node in nodes {
      let (op, inputs) = try change(node, node.inputs.map(value), &result)
      let made = try result.append(
        op, name: node.name, inputs: inputs, outputNames: node.outputs.map { self[$0].name })
      for (old, new) in zip(node.outputs, made) { values[old] = new }
    }
    for (output, name) in zip(outputs, outputNames) { result.appendOutput(value(output), name: name) }
    return result
  }
}
