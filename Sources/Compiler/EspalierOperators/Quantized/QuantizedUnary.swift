public import EspalierGraph

/// A function of one quantized element, as a table of 256 entries: `y = quantized(function(value(x)))`.
///
/// With the identity it brings a tensor to another scale.
///
/// Source: `DequantizeLinear`, any element function, `QuantizeLinear`; `com.microsoft` `QLinearSigmoid` and
/// `QLinearLeakyRelu`.
public struct QuantizedUnary: ByteOperator {
  public static let name = "QuantizedUnary"
  public static let onnxNames: [String] = []

  public var function: ElementFunction
  public var input: Quantization
  public var output: Quantization
  public var outputElement: ElementType

  public init(
    _ function: ElementFunction, input: Quantization, output: Quantization,
    outputElement: ElementType = .uint8
  ) {
    self.function = function
    self.input = input
    self.output = output
    self.outputElement = outputElement
  }

  public static func importNode(
    _ node: ImportedNode, into builder: inout GraphBuilder
  ) throws(ImportError) -> [ValueID] {
    throw node.invalid("operator", "is made by the compiler only")
  }

  public func exportNode(
    _ node: Node, into builder: inout ExportBuilder
  ) throws(ExportError) {
    throw .quantized(Self.name, node: node.name)
  }

  public func inferOutputs(_ inputs: [TensorType]) throws(ShapeError) -> [TensorType] {
    guard inputs.count == 1 else { throw .inputCount(expected: "1", found: inputs.count) }
    guard inputs[0].element == .uint8 || inputs[0].element == .int8 else {
      throw .element(input: 0, expected: "uint8 or int8", found: inputs[0])
    }
    return [TensorType(outputElement, inputs[0].shape)]
  }

  public func evaluate(_ inputs: [Tensor]) -> [Tensor] {
    let elements = inputs[0].integers.map { Int64(result(of: Int($0))) }
    return [Tensor(shape: inputs[0].shape, element: outputElement, integers: elements)]
  }

  private func result(of element: Int) -> Int {
    output.element(of: function.apply(input.value(of: element)), in: outputElement.quantizedRange)
  }

  public func channelRule(_ inputs: [TensorType]) -> ChannelRule { .passThrough }

  public func quantizationRule(_ inputs: [TensorType]) -> QuantizationRule { .table }

  public func writesBytes(_ inputs: [Bool]) -> Bool { true }

  public func layoutDemand(input index: Int, _ inputs: [TensorType]) -> LayoutDemand { .any }

  public func lower(_ node: Node, into lowering: inout Lowering) throws(LoweringError) {
    let type = lowering.graph.type(of: node.inputs[0])
    let offset = TensorType(outputElement, []).byteOffset
    let table = (0..<256).map { UInt8(result(of: $0 - type.byteOffset) + offset) }
    let source = try lowering.bytes(of: node.inputs[0])
    try lowering.lookUp(table, from: source, to: lowering.allocate(node.outputs[0]))
  }
}
