public import EspalierGraph
internal import EspalierKernels
internal import Foundation

/// Local response normalization: `y = x / (bias + alpha / size · Σ x²) ^ beta`, summed over `size` neighboring
/// channels around each.
///
/// Source: ONNX `LRN`, opset 13.
public struct LRN: LowerableOperator {
  public static let name = "LRN"
  public static let onnxNames = ["LRN"]

  public var size: Int
  public var alpha: Float
  public var beta: Float
  public var bias: Float

  public init(size: Int, alpha: Float = 1e-4, beta: Float = 0.75, bias: Float = 1) {
    self.size = size
    self.alpha = alpha
    self.beta = beta
    self.bias = bias
  }

  // MARK: - Import

  public static func importNode(
    _ node: ImportedNode, into builder: inout GraphBuilder
  ) throws(ImportError) -> [ValueID] {
    guard let size = try node.int("size") else { throw node.invalid("size", "is missing") }
    let operation = LRN(
      size: size, alpha: try node.float("alpha") ?? 1e-4, beta: try node.float("beta") ?? 0.75,
      bias: try node.float("bias") ?? 1)
    return try builder.add(operation, [node.requiredInput(0).value], outputNames: node.outputNames)
  }

  public func exportNode(_ node: Node, into builder: inout ExportBuilder) {
    builder.write(
      Self.name,
      attributes: [
        "size": .number(size), "alpha": .float(alpha), "beta": .float(beta), "bias": .float(bias),
      ])
  }

  // MARK: - Output types

  public func inferOutputs(_ inputs: [TensorType]) throws(ShapeError) -> [TensorType] {
    guard inputs.count == 1 else { throw .inputCount(expected: "1", found: inputs.count) }
    guard inputs[0].element.isFloating else {
      throw .element(input: 0, expected: "floats", found: inputs[0])
    }
    guard inputs[0].rank >= 2 else { throw .rank(input: 0, expected: "at least 2", found: inputs[0]) }
    guard (1...Window.limit).contains(size) else {
      throw .attribute("size", problem: "must be positive, but is \(size)")
    }
    return inputs
  }

  // MARK: - Reference

  public func evaluate(_ inputs: [Tensor]) -> [Tensor] {
    let (shape, x) = (inputs[0].shape, inputs[0].floats)
    let plane = shape.dropFirst(2).reduce(1, *)
    let result = x.indices.map { position -> Float in
      let channel = position / plane % shape[1]
      let neighbors = max(0, channel - (size - 1) / 2)...min(shape[1] - 1, channel + size / 2)
      let squares = neighbors.reduce(0.0) { sum, other in
        let element = Double(x[position + (other - channel) * plane])
        return sum + element * element
      }
      return Float(
        Double(x[position]) / pow(Double(bias) + Double(alpha) / Double(size) * squares, Double(beta)))
    }
    return [Tensor(shape: shape, element: inputs[0].type.element, floats: result)]
  }

  // MARK: - Rules

  public func channelRule(_ inputs: [TensorType]) -> ChannelRule {
    .barrier(reason: "it normalizes every channel by its neighbors")
  }

  public func quantizationRule(_ inputs: [TensorType]) -> QuantizationRule {
    .float(reason: "powers need more range than integers of 8 bits have")
  }

  // MARK: - Lowering

  public func layoutDemand(input index: Int, _ inputs: [TensorType]) -> LayoutDemand {
    .featureMap(inputs[0])
  }

  public func lower(_ node: Node, into lowering: inout Lowering) throws(LoweringError) {
    try lowering.requireImageRank(node, lowering.graph.type(of: node.inputs[0]).rank)
    let input = try lowering.featureMap(of: node.inputs[0])
    try lowering.writeFeatureMap(node.outputs[0]) { (lowering, output) throws(LoweringError) in
      guard output.view.shape.elementCount > 0 else { return }
      lowering.emit(parameters(from: input, to: output), [input.view, output.view])
    }
  }

  private func parameters(from input: Image, to output: Image) -> LRNParameters {
    var parameters = LRNParameters()
    parameters.batch = Int32(input.batch)
    parameters.height = Int32(input.height)
    parameters.width = Int32(input.width)
    parameters.channels = Int32(input.channels)
    parameters.size = Int32(size)
    parameters.input_stride_n = Int32(input.strideN)
    parameters.input_stride_h = Int32(input.strideH)
    parameters.input_stride_w = Int32(input.strideW)
    parameters.output_stride_n = Int32(output.strideN)
    parameters.output_stride_h = Int32(output.strideH)
    parameters.output_stride_w = Int32(output.strideW)
    parameters.k = bias
    parameters.alpha = alpha
    parameters.beta = beta
    return parameters
  }
}
