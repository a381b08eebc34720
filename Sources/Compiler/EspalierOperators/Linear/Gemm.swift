public import EspalierGraph
internal import EspalierKernels

/// `y = f(alpha · A · B + beta · C)`; A and B are transposed first where the flags say so.
///
/// Inputs: `A` `[M, K]`, `B` `[K, N]` and, where `hasAddend`, `C`, which broadcasts to `[M, N]`. ONNX does not
/// know the activation: passes add it.
///
/// Source: ONNX `Gemm`, opset 13.
public struct Gemm: LowerableOperator {
  public static let name = "Gemm"
  public static let onnxNames = ["Gemm"]

  public var alpha: Float
  public var beta: Float
  public var transposesA: Bool
  public var transposesB: Bool
  public var hasAddend: Bool
  /// What the sum passes through last.
  public var activation: ElementFunction

  public init(
    alpha: Float = 1, beta: Float = 1, transposesA: Bool = false, transposesB: Bool = false,
    hasAddend: Bool = false, activation: ElementFunction = .identity
  ) {
    self.alpha = alpha
    self.beta = beta
    self.transposesA = transposesA
    self.transposesB = transposesB
    self.hasAddend = hasAddend
    self.activation = activation
  }

  // MARK: - Import

  public static func importNode(
    _ node: ImportedNode, into builder: inout GraphBuilder
  ) throws(ImportError) -> [ValueID] {
    let gemm = Gemm(
      alpha: try node.float("alpha") ?? 1, beta: try node.float("beta") ?? 1,
      transposesA: try node.int("transA") ?? 0 != 0, transposesB: try node.int("transB") ?? 0 != 0,
      hasAddend: node.input(2) != nil)
    let inputs = [try node.requiredInput(0).value, try node.requiredInput(1).value]
    return try builder.add(
      gemm, inputs + (node.input(2).map { [$0.value] } ?? []), outputNames: node.outputNames)
  }

  public func exportNode(_ node: Node, into builder: inout ExportBuilder) {
    builder.write(
      Self.name,
      attributes: [
        "alpha": .float(alpha), "beta": .float(beta), "transA": .flag(transposesA),
        "transB": .flag(transposesB),
      ], then: activation)
  }

  // MARK: - Output types

  public func inferOutputs(_ inputs: [TensorType]) throws(ShapeError) -> [TensorType] {
    guard inputs.count == (hasAddend ? 3 : 2) else {
      throw .inputCount(expected: hasAddend ? "3" : "2", found: inputs.count)
    }
    for index in 0..<2 where inputs[index].rank != 2 {
      throw .rank(input: index, expected: "2", found: inputs[index])
    }
    let (a, b) = (inputs[0].shape, inputs[1].shape)
    let depth = a[transposesA ? 0 : 1]
    guard b[transposesB ? 1 : 0] == depth else {
      throw .extent(input: 1, axis: transposesB ? 1 : 0, expected: depth, found: inputs[1])
    }
    let output = TensorType(inputs[0].element, [a[transposesA ? 1 : 0], b[transposesB ? 0 : 1]])
    if hasAddend, inputs[2].shape.broadcast(with: output.shape) != output.shape {
      throw .broadcast(inputs[2], output)
    }
    return [output]
  }

  // MARK: - Rules

  /// Channels are features here: A's columns and the output's.
  public func channelRule(_ inputs: [TensorType]) -> ChannelRule {
    if transposesA { return .barrier(reason: "its first input is transposed") }
    let features = inputs[1].shape[transposesB ? 0 : 1]
    guard !hasAddend || (inputs[2].elementCount == features && inputs[2].shape.last == features) else {
      return .barrier(reason: "its addend has not one entry per output feature")
    }
    return .mixed(groups: 1, weightOutputAxis: transposesB ? 0 : 1)
  }

  public func quantizationRule(_ inputs: [TensorType]) -> QuantizationRule { .requantized }
}

// MARK: - Reference

extension Gemm {
  public func evaluate(_ inputs: [Tensor]) throws(EvaluationError) -> [Tensor] {
    guard inputs[0].type.element.isFloating else {
      throw .invalid("Gemm of \(inputs[0].type) is not supported; floats are")
    }
    let (a, b) = (inputs[0].floats, inputs[1].floats)
    let (rows, depth) = extents(inputs[0].shape, transposed: transposesA)
    let columns = extents(inputs[1].shape, transposed: transposesB).columns
    let (aRow, aColumn) = transposesA ? (1, rows) : (depth, 1)
    let (bRow, bColumn) = transposesB ? (1, depth) : (columns, 1)
    let addend = hasAddend ? inputs[2].floats : []
    let addendStrides = hasAddend ? inputs[2].shape.strides(broadcastTo: [rows, columns]) : [0, 0]
    var result: [Float] = []
    for i in 0..<rows {
      for j in 0..<columns {
        var sum = 0.0
        for k in 0..<depth {
          sum += Double(a[i * aRow + k * aColumn]) * Double(b[k * bRow + j * bColumn])
        }
        sum *= Double(alpha)
        if hasAddend {
          sum += Double(beta) * Double(addend[i * addendStrides[0] + j * addendStrides[1]])
        }
        result.append(activation.apply(Float(sum)))
      }
    }
    return [Tensor(shape: [rows, columns], element: inputs[0].type.element, floats: result)]
  }

  private func extents(_ shape: Shape, transposed: Bool) -> (rows: Int, columns: Int) {
    transposed ? (shape[1], shape[0]) : (shape[0], shape[1])
  }
}

// MARK: - Lowering

extension Gemm {
  public func layoutDemand(input index: Int, _ inputs: [TensorType]) -> LayoutDemand { .any }

  public func lower(_ node: Node, into lowering: inout Lowering) throws(LoweringError) {
    let output = lowering.allocate(node.outputs[0])
    guard output.shape.elementCount > 0 else { return }
    let addend = try loweredAddend(node, output: output, into: &lowering)
    var a = lowering.view(of: node.inputs[0])
    if transposesA { a = a.transposed([1, 0]) }
    if let b = lowering.graph.constant(of: node.inputs[1]) {
      let product = LinearProduct(
        filters: filters(b), depth: a.shape[1], bias: addend.bias,
        activation: addend.later == nil ? activation : .identity)
      try lowering.multiply(
        rows: a, by: product, adding: addend.residual, to: output)
    } else {
      let b = lowering.view(of: node.inputs[1])
      try lowering.matmul(a, transposesB ? b.transposed([1, 0]) : b, to: output, alpha: alpha)
      if addend.later == nil, activation != .identity {
        try lowering.unary(activation, from: output, to: output)
      }
    }
    if let later = addend.later {
      try lowering.binary(.add, output, later, to: output, function: activation)
    }
  }

  /// `alpha · B` as `[N][K]`.
  private func filters(_ b: Tensor) -> [Float] {
    let values = b.floats
    let (depth, columns) = extents(b.shape, transposed: transposesB)
    if transposesB { return values.map { alpha * $0 } }
    var filters: [Float] = []
    filters.reserveCapacity(values.count)
    for j in 0..<columns { for k in 0..<depth { filters.append(alpha * values[k * columns + j]) } }
    return filters
  }

  /// How the addend joins in: per column as a bias, as a residual, or by a call of its own behind the product.
  private struct Addend {
    var bias: [Float]?
    var residual: View?
    var later: View?
  }

  private func loweredAddend(
    _ node: Node, output: View, into lowering: inout Lowering
  ) throws(LoweringError) -> Addend {
    guard hasAddend, beta != 0 else { return Addend() }
    let productIsPacked = lowering.graph.constant(of: node.inputs[1]) != nil
    guard let constant = lowering.graph.constant(of: node.inputs[2]) else {
      return Addend(later: try scaled(lowering.view(of: node.inputs[2]), into: &lowering))
    }
    let strides = constant.shape.strides(broadcastTo: output.shape)
    let values = constant.floats.map { beta * $0 }
    if productIsPacked, strides[0] == 0 || output.shape[0] == 1 {
      return Addend(bias: (0..<output.shape[1]).map { values[$0 * strides[1]] })
    }
    var whole: [Float] = []
    forEachIndex(of: output.shape) { index, _ in
      whole.append(values[index[0] * strides[0] + index[1] * strides[1]])
    }
    let view = lowering.weights.append(Tensor(shape: output.shape, floats: whole))
    return productIsPacked ? Addend(residual: view) : Addend(later: view)
  }

  /// `beta · addend`, computed from the frame.
  private func scaled(_ addend: View, into lowering: inout Lowering) throws(LoweringError) -> View {
    guard beta != 1 else { return addend }
    let target = lowering.newBuffer(shape: addend.shape)
    try lowering.unary(ElementFunction(.affine, alpha: beta, beta: 0), from: addend, to: target)
    return target
  }
}
