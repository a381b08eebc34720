public import EspalierGraph

/// The matrix product of the last two axes; leading axes broadcast, a vector counts as a row in front and as
/// a column behind.
///
/// Source: ONNX `MatMul`, opset 13 (NumPy's `matmul`).
public struct MatMul: LowerableOperator {
  public static let name = "MatMul"
  public static let onnxNames = ["MatMul"]

  public init() {}

  // MARK: - Import

  public static func importNode(
    _ node: ImportedNode, into builder: inout GraphBuilder
  ) throws(ImportError) -> [ValueID] {
    let inputs = [try node.requiredInput(0).value, try node.requiredInput(1).value]
    return try builder.add(MatMul(), inputs, outputNames: node.outputNames)
  }

  public func exportNode(_ node: Node, into builder: inout ExportBuilder) {
    builder.write(Self.name)
  }

  // MARK: - Output types

  public func inferOutputs(_ inputs: [TensorType]) throws(ShapeError) -> [TensorType] {
    guard inputs.count == 2 else { throw .inputCount(expected: "2", found: inputs.count) }
    for (index, input) in inputs.enumerated() where input.rank == 0 {
      throw .rank(input: index, expected: "at least 1", found: input)
    }
    let (a, b) = (Self.matrix(inputs[0].shape, isFirst: true), Self.matrix(inputs[1].shape, isFirst: false))
    guard a[a.count - 1] == b[b.count - 2] else {
      let axis = inputs[1].rank == 1 ? 0 : inputs[1].rank - 2
      throw .extent(input: 1, axis: axis, expected: a[a.count - 1], found: inputs[1])
    }
    guard let lead = a.dropLast(2).map({ $0 }).broadcast(with: Array(b.dropLast(2))) else {
      throw .broadcast(inputs[0], inputs[1])
    }
    var shape = lead
    if inputs[0].rank > 1 { shape.append(a[a.count - 2]) }
    if inputs[1].rank > 1 { shape.append(b[b.count - 1]) }
    return [TensorType(inputs[0].element, shape)]
  }

  /// The shape with at least two axes.
  private static func matrix(_ shape: Shape, isFirst: Bool) -> Shape {
    shape.count > 1 ? shape : isFirst ? [1, shape[0]] : [shape[0], 1]
  }

  // MARK: - Reference

  public func evaluate(_ inputs: [Tensor]) throws(EvaluationError) -> [Tensor] {
    let types = inputs.map(\.type)
    guard let output = try? inferOutputs(types)[0] else {
      preconditionFailure("evaluate is called with inputs that inferOutputs accepts")
    }
    let (a, b) = (Self.matrix(types[0].shape, isFirst: true), Self.matrix(types[1].shape, isFirst: false))
    let (rows, depth, columns) = (a[a.count - 2], a[a.count - 1], b[b.count - 1])
    let batches = output.shape.dropLast(min(types[0].rank, 2) + min(types[1].rank, 2) - 2).map { $0 }
    let aOffsets = offsets(of: a, over: batches)
    let bOffsets = offsets(of: b, over: batches)
    if case .floats(let left) = inputs[0].storage, case .floats(let right) = inputs[1].storage {
      var result: [Float] = []
      for (first, second) in zip(aOffsets, bOffsets) {
        for i in 0..<rows {
          for j in 0..<columns {
            var sum = 0.0
            for k in 0..<depth {
              sum += Double(left[first + i * depth + k]) * Double(right[second + k * columns + j])
            }
            result.append(Float(sum))
          }
        }
      }
      return [Tensor(shape: output.shape, element: output.element, floats: result)]
    }
    guard case .integers(let left) = inputs[0].storage, case .integers(let right) = inputs[1].storage else {
      throw .invalid("MatMul of \(types[0]) by \(types[1]) mixes floats and integers")
    }
    var result: [Int64] = []
    for (first, second) in zip(aOffsets, bOffsets) {
      for i in 0..<rows {
        for j in 0..<columns {
          var sum: Int64 = 0
          for k in 0..<depth { sum &+= left[first + i * depth + k] &* right[second + k * columns + j] }
          result.append(output.element.wrapped(sum))
        }
      }
    }
    return [Tensor(shape: output.shape, element: output.element, integers: result)]
  }

  /// Where each batch's matrix starts.
  private func offsets(of shape: Shape, over batches: Shape) -> [Int] {
    let lead = Array(shape.dropLast(2))
    let size = shape.suffix(2).reduce(1, *)
    let strides = lead.strides(broadcastTo: batches)
    var offsets: [Int] = []
    forEachIndex(of: batches) { index, _ in
      offsets.append(zip(index, strides).reduce(0) { $0 + $1.0 * $1.1 } * size)
    }
    return offsets
  }

  // MARK: - Rules

  public func channelRule(_ inputs: [TensorType]) -> ChannelRule {
    guard inputs[0].rank == 2, inputs[1].rank == 2 else {
      return .barrier(reason: "its columns are not the channel axis")
    }
    return .mixed(groups: 1, weightOutputAxis: 1)
  }

  public func quantizationRule(_ inputs: [TensorType]) -> QuantizationRule { .requantized }

  // MARK: - Lowering

  public func layoutDemand(input index: Int, _ inputs: [TensorType]) -> LayoutDemand { .any }

  public func lower(_ node: Node, into lowering: inout Lowering) throws(LoweringError) {
    var (a, target) = (lowering.view(of: node.inputs[0]), lowering.allocate(node.outputs[0]))
    guard target.shape.elementCount > 0 else { return }
    let type = lowering.graph.type(of: node.inputs[1])
    if type.rank == 1 { target = target.inserting(axis: target.rank) }
    if a.rank == 1 {
      a = a.inserting(axis: 0)
      target = target.inserting(axis: target.rank - 1)
    }
    if let b = lowering.graph.constant(of: node.inputs[1]), b.shape.dropLast(2).allSatisfy({ $0 == 1 }),
      target.rank == a.rank
    {
      let matrix = Self.matrix(b.shape, isFirst: false)
      let product = LinearProduct(
        filters: transposed(b.asFloats, columns: matrix[matrix.count - 1]), depth: a.shape[a.rank - 1],
        activation: .identity)
      return try lowering.multiply(rows: a, by: product, to: target)
    }
    let b = lowering.view(of: node.inputs[1])
    try lowering.matmul(a, type.rank == 1 ? b.inserting(axis: 1) : b, to: target)
  }

  private func transposed(_ values: [Float], columns: Int) -> [Float] {
    (0..<columns).flatMap { column in
      stride(from: column, to: values.count, by: columns).map { values[$0] }
    }
  }
}

extension View {
  /// The view with an axis of extent 1 before `axis`.
  fileprivate func inserting(axis: Int) -> View {
    var view = self
    view.shape.insert(1, at: axis)
    view.strides.insert(0, at: axis)
    return view
  }
}
