public import EspalierGraph

/// `y = function(x)`, element by element.
///
/// Integer inputs take the functions that stay inside the integers (Relu, Abs, Neg, Sign); truth values take Not.
///
/// Source: ONNX `Relu`, `Sigmoid`, … (see `UnaryTable`), opsets 7 to 24.
public struct Unary: LowerableOperator {
  public static let name = "Unary"
  public static var onnxNames: [String] { UnaryTable.onnxNames }

  public let function: ElementFunction

  public init(_ function: ElementFunction) { self.function = function }

  public static func importNode(
    _ node: ImportedNode, into builder: inout GraphBuilder
  ) throws(ImportError) -> [ValueID] {
    let function = try UnaryTable.function(of: node)
    return try builder.add(
      Unary(function), [node.requiredInput(0).value], outputNames: node.outputNames)
  }

  public func exportNode(_ node: Node, into builder: inout ExportBuilder) {
    builder.write(function, of: builder.inputs()[0])
  }

  public func inferOutputs(_ inputs: [TensorType]) throws(ShapeError) -> [TensorType] {
    guard inputs.count == 1 else { throw .inputCount(expected: "1", found: inputs.count) }
    try checkElement(inputs[0])
    return [TensorType(givesTruthValues ? .bool : inputs[0].element, inputs[0].shape)]
  }

  public func evaluate(_ inputs: [Tensor]) -> [Tensor] {
    let x = inputs[0]
    switch x.storage {
    case .floats(let elements) where givesTruthValues:
      return [Tensor(shape: x.shape, booleans: elements.map { function.apply($0) != 0 })]
    case .floats(let elements):
      return [Tensor(shape: x.shape, element: x.type.element, floats: elements.map(function.apply))]
    case .integers(let elements):
      let result = elements.map { x.type.element.wrapped(function.apply(integer: $0)) }
      return [
        Tensor(shape: x.shape, element: givesTruthValues ? .bool : x.type.element, integers: result)
      ]
    }
  }

  public func channelRule(_ inputs: [TensorType]) -> ChannelRule { .passThrough }

  public func quantizationRule(_ inputs: [TensorType]) -> QuantizationRule {
    switch function.kind {
    case .identity: .passThrough
    case .sigmoid: .fixed(scale: 1 / 256, zeroPoint: 0)
    case .hardSigmoid: .fixed(scale: 1 / 255, zeroPoint: 0)
    case .tanh, .softsign, .erf: .fixed(scale: 1 / 128, zeroPoint: 128)
    case .not, .isNaN, .isInf, .bool: .float(reason: "truth values have no scale")
    default: .table
    }
  }

  public func layoutDemand(input index: Int, _ inputs: [TensorType]) -> LayoutDemand { .any }

  public func lower(_ node: Node, into lowering: inout Lowering) throws(LoweringError) {
    let element = lowering.graph.type(of: node.inputs[0]).element
    guard let steps = IntegerCorrection.steps(behind: function.kind, element) else {
      throw .noKernel(
        node: node.name, type: Self.name,
        reason: "it computes in floats, which have no negative numbers that are large \(element.rawValue)")
    }
    let (source, target) = (lowering.view(of: node.inputs[0]), lowering.allocate(node.outputs[0]))
    try lowering.unary(function, from: source, to: target)
    try lowering.correct(target, steps)
  }

  private var givesTruthValues: Bool {
    switch function.kind {
    case .not, .isNaN, .isInf, .bool: true
    default: false
    }
  }

  private func checkElement(_ input: TensorType) throws(ShapeError) {
    switch function.kind {
    case .identity, .bool: return
    case .not:
      guard input.element == .bool else {
        throw .element(input: 0, expected: "truth values", found: input)
      }
    case .relu, .abs, .neg, .sign:
      guard input.element != .bool else { throw .element(input: 0, expected: "numbers", found: input) }
    default:
      guard input.element.isFloating else {
        throw .element(input: 0, expected: "floats", found: input)
      }
    }
  }
}
