public import EspalierGraph
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
  private let products: [NodeID: QuantizedProduct]
  private var result = Graph()
  /// The source's values in the result, as float32 and as bytes.
  private var floats: [ValueID: ValueID] = [:]
  private var bytes: [ValueID: ValueID] = [:]
  /// Unary nodes that the convolution before them looks up.
  private var absorbed: Set<NodeID> = []

  /// - Parameter products: The weights of every convolution and product in the plan.
  /// - Precondition: The plan was made for this graph.
  public static func quantize(
    _ graph: Graph, _ plan: QuantizationPlan, _ products: [NodeID: QuantizedProduct]
  ) throws(ShapeError) -> Graph {
    var quantizer = Quantizer(source: graph, plan: plan, products: products)
    try quantizer.convertAll()
    quantizer.result.removeDeadNodes()
    return quantizer.result
  }

  /// As `quantize`, with the outputs of the source's nodes as outputs instead, as far as they still exist.
  ///
  /// - Returns: The graph, and the source's value for each of its outputs.
  public static func opened(
    _ graph: Graph, _ plan: QuantizationPlan, _ products: [NodeID: QuantizedProduct]
  ) throws(ShapeError) -> (graph: Graph, values: [ValueID]) {
    var quantizer = Quantizer(source: graph, plan: plan, products: products)
    try quantizer.convertAll()
    var (values, outputs): ([ValueID], [ValueID]) = ([], [])
    for value in graph.nodes.flatMap(\.outputs) where graph.type(of: value).element == .float32 {
      guard quantizer.floats[value] != nil || quantizer.bytes[value] != nil else { continue }
      values.append(value)
      outputs.append(try quantizer.float(value))
    }
    return (quantizer.result.observing(outputs), values)
  }

  private init(source: Graph, plan: QuantizationPlan, products: [NodeID: QuantizedProduct]) {
    (self.source, self.plan, self.products) = (source, plan, products)
  }

  private mutating func convertAll() throws(ShapeError) {
    for input in source.inputs {
      floats[input] = result.appendInput(name: source[input].name, type: source.type(of: input))
    }
    for node in source.nodes { try convert(node) }
    for (value, name) in zip(source.outputs, source.outputNames) {
      result.appendOutput(try float(value), name: name)
    }
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
      if let product = products[node.id] { replaceWeights(&inputs, of: node, with: product) }
      let outputs = try result.append(
        node.op, name: node.name, inputs: inputs, outputNames: node.outputs.map { source[$0].name })
      for (old, new) in zip(node.outputs, outputs) { floats[old] = new }
      return
    }
    switch node.op {
    case let conv as Conv: try convert(conv, node)
    case let gemm as Gemm: try convert(gemm, node)
    case is BatchNormalization: try convertSlopes(node)
    case let binary as Binary where binary.kind == .prelu: try convertSlopes(node)
    case let binary as Binary: try convert(binary, node)
    case let resize as Resize where resize.mode == .linear: try write(QuantizedResize(resize), node)
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

  /// Lets a layer in float32 multiply with rounded weights.
  private mutating func replaceWeights(
    _ inputs: inout [ValueID], of node: Node, with product: QuantizedProduct
  ) {
    var weights = product.floats
    if let gemm = node.op as? Gemm, !gemm.transposesB { weights = weights.transposed }
    inputs[1] = result.appendConstant(name: "\(node.name)/weights", weights)
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

// MARK: - Channels scaled on their own

extension Quantizer {
  /// Adds the operator together with the PRelu behind it, where that alone reads it.
  private mutating func convertSlopes(_ node: Node) throws(ShapeError) {
    guard var slopes = ChannelSlopes(node, in: source) else {
      preconditionFailure("'\(node.name)' is in the plan without being a factor per channel")
    }
    var output = node.outputs[0]
    if node.op is BatchNormalization, source.readerCount(of: output) == 1,
      let next = source.consumers(of: output).first, plan.nodes.contains(next.id),
      let behind = ChannelSlopes(next, in: source), behind.factor.allSatisfy({ $0 == 1 })
    {
      absorbed.insert(next.id)
      (slopes.slope, output) = (behind.slope, next.outputs[0])
    }
    let op = QuantizedAffine(input: quantization(of: slopes.input), output: quantization(of: output))
    var inputs = [try byte(slopes.input)]
    for (name, parameter) in zip(["factor", "addend", "slope"], slopes.parameters) {
      inputs.append(result.appendConstant(name: "\(node.name)/\(name)", parameter))
    }
    bytes[output] = try result.append(
      op, name: node.name, inputs: inputs, outputNames: [source[output].name])[0]
  }
}

// MARK: - Convolutions and products

extension Quantizer {
  private mutating func convert(_ conv: Conv, _ node: Node) throws(ShapeError) {
    guard let product = products[node.id] else { preconditionFailure("'\(node.name)' has no weights") }
    var op = QuantizedConv(
      strides: conv.strides, dilations: conv.dilations, pads: conv.pads, groups: conv.groups,
      input: quantization(of: node.inputs[0]), weightScales: product.scales, sum: nil,
      activation: conv.activation, hasBias: true)
    var inputs = try operands(product, node)
    if let residual = conv.residualIndex.map({ node.inputs[$0] }) {
      op.residual = quantization(of: residual)
      inputs.append(try byte(residual))
    }
    try finish(&op, inputs, node)
  }

  private mutating func convert(_ gemm: Gemm, _ node: Node) throws(ShapeError) {
    guard let product = products[node.id] else { preconditionFailure("'\(node.name)' has no weights") }
    var op = QuantizedConv(
      input: quantization(of: node.inputs[0]), weightScales: product.scales, sum: nil,
      activation: gemm.activation, hasBias: true)
    try finish(&op, try operands(product, node), node)
  }

  /// Bytes, weights and bias.
  private mutating func operands(
    _ product: QuantizedProduct, _ node: Node
  ) throws(ShapeError) -> [ValueID] {
    [
      try byte(node.inputs[0]),
      result.appendConstant(name: "\(node.name)/weights", product.weights),
      result.appendConstant(
        name: "\(node.name)/bias", Tensor(shape: [product.bias.count], floats: product.bias)),
    ]
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
