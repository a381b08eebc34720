public import EspalierGraph
public import EspalierObserve
internal import EspalierOperators

/// Makes a network compute in 8 bits where a plan says so.
///
/// ## Before
/// A float32 graph, simplified, with every activation but clamps as a node of its own.
/// ## After
/// Quantized operators, and `QuantizeLinear` and `DequantizeLinear` where 8 bits and float32 meet.
public struct Quantizer {
  private let source: Graph
  private let plan: QuantizationPlan
  private let statistics: [ValueID: TensorStatistics]
  private var result = Graph()
  /// The source's values in the result, as float32 and as bytes.
  private var floats: [ValueID: ValueID] = [:]
  private var bytes: [ValueID: ValueID] = [:]
  /// Unary nodes that the convolution before them looks up.
  private var absorbed: Set<NodeID> = []

  /// - Precondition: The plan was made for this graph from these statistics.
  public static func quantize(
    _ graph: Graph, _ plan: QuantizationPlan, _ statistics: [ValueID: TensorStatistics]
  ) throws(ShapeError) -> Graph {
    var quantizer = Quantizer(source: graph, plan: plan, statistics: statistics)
    for input in graph.inputs {
      quantizer.floats[input] = quantizer.result.appendInput(
        name: graph[input].name, type: graph.type(of: input))
    }
    for node in graph.nodes { try quantizer.convert(node) }
    for (value, name) in zip(graph.outputs, graph.outputNames) {
      quantizer.result.appendOutput(try quantizer.float(value), name: name)
    }
    quantizer.result.removeDeadNodes()
    return quantizer.result
  }

  private init(source: Graph, plan: QuantizationPlan, statistics: [ValueID: TensorStatistics]) {
    (self.source, self.plan, self.statistics) = (source, plan, statistics)
  }

  // MARK: - Values on both sides

  private mutating func constant(_ value: ValueID) -> ValueID? {
    guard let tensor = source.constant(of: value) else { return nil }
    return result.appendConstant(name: source[value].name, tensor)
  }

  private mutating func float(_ value: ValueID) throws(ShapeError) -> ValueID {
    if let known = floats[value] { return known }
    if let constant = constant(value) {
      floats[value] = constant
      return constant
    }
    guard let quantized = bytes[value], let quantization = plan.quantizations[value] else {
      preconditionFailure("value '\(source[value].name)' is read before it is computed")
    }
    let made = try result.append(
      DequantizeLinear(quantization), name: "\(source[value].name)/float", inputs: [quantized])[0]
    floats[value] = made
    return made
  }

  private mutating func byte(_ value: ValueID) throws(ShapeError) -> ValueID {
    if let known = bytes[value] { return known }
    let quantization = quantization(of: value)
    let made: ValueID
    if let tensor = source.constant(of: value) {
      let elements = tensor.floats.map { Int64(quantization.element(of: $0, in: 0...255)) }
      made = result.appendConstant(
        name: "\(source[value].name)/bytes",
        Tensor(shape: tensor.shape, element: .uint8, integers: elements))
    } else {
      made = try result.append(
        QuantizeLinear(quantization), name: "\(source[value].name)/bytes", inputs: [float(value)])[0]
    }
    bytes[value] = made
    return made
  }

  private func quantization(of value: ValueID) -> Quantization {
    if let known = plan.quantizations[value] { return known }
    let elements = source.constant(of: value)?.floats ?? []
    return Quantization(least: elements.min() ?? 0, largest: elements.max() ?? 0)
  }

  // MARK: - Nodes

  private mutating func convert(_ node: Node) throws(ShapeError) {
    guard !absorbed.contains(node.id) else { return }
    guard plan.nodes.contains(node.id) else {
      var inputs: [ValueID] = []
      for input in node.inputs { inputs.append(try float(input)) }
      let outputs = try result.append(
        node.op, name: node.name, inputs: inputs, outputNames: node.outputs.map { source[$0].name })
      for (old, new) in zip(node.outputs, outputs) { floats[old] = new }
      return
    }
    switch node.op {
    case let conv as Conv: try convert(conv, node)
    case let gemm as Gemm: try convert(gemm, node)
    case let binary as Binary: try convert(binary, node)
    case let unary as Unary:
      try write(
        QuantizedUnary(
          unary.function, input: quantization(of: node.inputs[0]), output: quantization(of: node.outputs[0])),
        node)
    case let pool as AveragePool: try write(averaging(pool, node), node)
    case is Reduce:
      let spatial = Array(source.type(of: node.inputs[0]).shape.dropFirst(2))
      try write(averaging(AveragePool(kernel: spatial, strides: [1, 1]), node), node)
    default: try write(node.op, node)
    }
  }

  private func averaging(_ pool: AveragePool, _ node: Node) -> QuantizedAveragePool {
    QuantizedAveragePool(
      pool, input: quantization(of: node.inputs[0]), output: quantization(of: node.outputs[0]))
  }

  /// Adds an operator that takes all inputs as bytes and gives bytes.
  private mutating func write(_ op: any Operator, _ node: Node) throws(ShapeError) {
    var inputs: [ValueID] = []
    for input in node.inputs { inputs.append(try byte(input)) }
    let outputs = try result.append(
      op, name: node.name, inputs: inputs, outputNames: node.outputs.map { source[$0].name })
    for (old, new) in zip(node.outputs, outputs) { bytes[old] = new }
  }

  private mutating func convert(_ binary: Binary, _ node: Node) throws(ShapeError) {
    try write(
      QuantizedBinary(
        binary.kind == .add ? .add : .multiply, a: quantization(of: node.inputs[0]),
        b: quantization(of: node.inputs[1]), output: quantization(of: node.outputs[0]),
        rectifies: binary.activation == .relu),
      node)
  }
}

// MARK: - Convolutions and products

extension Quantizer {
  private mutating func convert(_ conv: Conv, _ node: Node) throws(ShapeError) {
    guard let weights = source.constant(of: node.inputs[1]) else { return }
    let bias = conv.hasBias ? source.constant(of: node.inputs[2])?.floats : nil
    let residual = conv.residualIndex.map { node.inputs[$0] }
    let product = Product(
      weights: weights, bias: bias, residual: residual, activation: conv.activation,
      importance: importance(of: node.inputs[0], weights.shape, groups: conv.groups))
    var op = QuantizedConv(
      strides: conv.strides, dilations: conv.dilations, pads: conv.pads, groups: conv.groups,
      input: quantization(of: node.inputs[0]), weightScales: [], sum: nil)
    try write(&op, product, node)
  }

  private mutating func convert(_ gemm: Gemm, _ node: Node) throws(ShapeError) {
    guard let constant = source.constant(of: node.inputs[1]) else { return }
    let weights = gemm.transposesB ? constant : constant.transposed
    let addend = gemm.hasAddend ? source.constant(of: node.inputs[2])?.floats : nil
    let outputs = weights.shape[0]
    let bias = addend.map { $0.count == outputs ? $0 : [Float](repeating: $0.first ?? 0, count: outputs) }
    let product = Product(
      weights: weights, bias: bias, residual: nil, activation: gemm.activation,
      importance: importance(of: node.inputs[0], weights.shape, groups: 1))
    var op = QuantizedConv(input: quantization(of: node.inputs[0]), weightScales: [], sum: nil)
    try write(&op, product, node)
  }

  /// What a quantized convolution is made of.
  private struct Product {
    var weights: Tensor
    var bias: [Float]?
    var residual: ValueID?
    var activation: ElementFunction
    /// Per output channel and weight the mean square and the mean of what the weight multiplies.
    var importance: [[(square: Float, mean: Double)]]
  }

  /// - Returns: One list for all output channels, or one for each group.
  private func importance(
    of value: ValueID, _ shape: Shape, groups: Int
  ) -> [[(square: Float, mean: Double)]] {
    let taps = shape.dropFirst(2).reduce(1, *)
    let own = statistics[value]
    return (0..<groups).map { group in
      (0..<shape[1] * taps).map { weight in
        let channel = group * shape[1] + weight / taps
        guard let own, channel < own.channelMeans.count else { return (1, 0) }
        // A channel that was silent while calibrating still counts a little.
        return (max(Float(own.channelMeanSquares[channel]), 1e-6), own.channelMeans[channel])
      }
    }
  }

  private mutating func write(
    _ op: inout QuantizedConv, _ product: Product, _ node: Node
  ) throws(ShapeError) {
    let outputs = product.weights.shape[0]
    let perGroup = outputs / op.groups
    let size = product.weights.count / outputs
    var (elements, bias) = ([Int64](), product.bias ?? [Float](repeating: 0, count: outputs))
    for group in 0..<op.groups {
      let range = group * perGroup * size..<(group + 1) * perGroup * size
      let own = Array(product.weights.floats[range])
      let importance = product.importance[group]
      let quantized = WeightQuantizer().quantize(
        own, outputs: perGroup, importance: importance.map(\.square))
      elements += quantized.elements
      op.weightScales += quantized.scales
      correct(&bias, from: group * perGroup, own, quantized, importance.map(\.mean))
    }
    var inputs = [
      try byte(node.inputs[0]),
      result.appendConstant(
        name: "\(node.name)/weights",
        Tensor(shape: product.weights.shape, element: .int8, integers: elements)),
      result.appendConstant(name: "\(node.name)/bias", Tensor(shape: [outputs], floats: bias)),
    ]
    op.hasBias = true
    if let residual = product.residual {
      op.residual = quantization(of: residual)
      inputs.append(try byte(residual))
    }
    op.activation = product.activation
    try finish(&op, inputs, node)
  }

  /// Takes from the bias what rounding the weights adds to the mean of each output (Nagel et al. 2019, eq. 17).
  private func correct(
    _ bias: inout [Float], from first: Int, _ weights: [Float], _ quantized: QuantizedWeights,
    _ means: [Double]
  ) {
    for channel in quantized.scales.indices {
      var shift = 0.0
      for (index, mean) in means.enumerated() {
        let position = channel * means.count + index
        let rounded = Double(quantized.elements[position]) * Double(quantized.scales[channel])
        shift += (rounded - Double(weights[position])) * mean
      }
      bias[first + channel] -= Float(shift)
    }
  }

  /// Adds the operator with the activation behind it, where it alone reads the sum.
  private mutating func finish(
    _ op: inout QuantizedConv, _ inputs: [ValueID], _ node: Node
  ) throws(ShapeError) {
    var output = node.outputs[0]
    let readers = source.consumers(of: output)
    let feedsBytes = readers.contains { plan.nodes.contains($0.id) }
    guard feedsBytes else {
      // Nobody reads bytes: the sum leaves as float32, not rounded to 8 bits.
      op = with(op, sum: nil, output: nil)
      floats[output] = try result.append(
        op, name: node.name, inputs: inputs, outputNames: [source[output].name])[0]
      return
    }
    var last: Quantization?
    if op.activation == .identity, let next = readers.first, let unary = next.op as? Unary,
      plan.nodes.contains(next.id), source.readerCount(of: output) == 1
    {
      op.activation = unary.function
      absorbed.insert(next.id)
      last = quantization(of: next.outputs[0])
      op = with(op, sum: quantization(of: output), output: last)
      output = next.outputs[0]
    } else {
      op = with(op, sum: quantization(of: output), output: nil)
    }
    bytes[output] = try result.append(
      op, name: node.name, inputs: inputs, outputNames: [source[output].name])[0]
  }

  private func with(_ op: QuantizedConv, sum: Quantization?, output: Quantization?) -> QuantizedConv {
    QuantizedConv(
      strides: op.strides, dilations: op.dilations, pads: op.pads, groups: op.groups, input: op.input,
      weightScales: op.weightScales, sum: sum, activation: op.activation, output: output,
      residual: op.residual, hasBias: op.hasBias)
  }
}

extension Tensor {
  /// A matrix's columns as rows.
  ///
  /// - Precondition: Rank 2.
  fileprivate var transposed: Tensor {
    let (rows, columns) = (shape[0], shape[1])
    let elements = floats
    return Tensor(
      shape: [columns, rows],
      floats: (0..<columns).flatMap { column in (0..<rows).map { elements[$0 * columns + column] } })
  }
}
