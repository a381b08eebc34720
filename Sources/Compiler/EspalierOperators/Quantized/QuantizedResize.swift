public import EspalierGraph

/// Linear resampling of quantized images, which keeps scale and zero point.
///
///     y = (Σ row[i] column[j] x[i, j] + 8192) >> 14
///
/// Weights are rounded to 128ths, those of a row or column adding up to 128; elements count as the bytes in which
/// they lie (`int8` with 128 added). For factors of 2, 4, … 32 the weights are exact.
///
/// Source: `DequantizeLinear`, `Resize` in mode `linear`, `QuantizeLinear`.
public struct QuantizedResize: ByteOperator {
  public static let name = "QuantizedResize"
  public static let onnxNames: [String] = []

  /// The float resampling that this one computes.
  public var resize: Resize

  /// - Precondition: `resize.fitsBytes`.
  public init(_ resize: Resize) { self.resize = resize }

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
    guard inputs[0].rank == 4 else { throw .rank(input: 0, expected: "4", found: inputs[0]) }
    guard resize.fitsBytes else { throw .attribute("resize", problem: "is not linear over an image") }
    let shape = try resize.inferOutputs([TensorType(.float32, inputs[0].shape)])[0].shape
    return [TensorType(inputs[0].element, shape)]
  }

  public func evaluate(_ inputs: [Tensor]) -> [Tensor] {
    let (type, shape) = (inputs[0].type, inputs[0].shape)
    let x = inputs[0].integers.map { Int($0) + type.byteOffset }
    let (rows, columns) = (resize.byteTaps(axis: 2, of: shape), resize.byteTaps(axis: 3, of: shape))
    var elements: [Int64] = []
    for plane in 0..<shape[0] * shape[1] {
      for row in 0..<rows.extent {
        for column in 0..<columns.extent {
          var sum = 8192
          for i in row * rows.count..<(row + 1) * rows.count {
            let start = (plane * shape[2] + rows.indices[i]) * shape[3]
            for j in column * columns.count..<(column + 1) * columns.count {
              sum += rows.weights[i] * columns.weights[j] * x[start + columns.indices[j]]
            }
          }
          elements.append(Int64(sum >> 14 - type.byteOffset))
        }
      }
    }
    let outputShape = [shape[0], shape[1], rows.extent, columns.extent]
    return [Tensor(shape: outputShape, element: type.element, integers: elements)]
  }

  public func channelRule(_ inputs: [TensorType]) -> ChannelRule { .passThrough }

  public func quantizationRule(_ inputs: [TensorType]) -> QuantizationRule { .passThrough }

  public func writesBytes(_ inputs: [Bool]) -> Bool { true }

  public func layoutDemand(input index: Int, _ inputs: [TensorType]) -> LayoutDemand { .image(.none) }

  public func lower(_ node: Node, into lowering: inout Lowering) throws(LoweringError) {
    try resize.lowerBytes(node, &lowering)
  }
}

extension Resize {
  /// The taps of a spatial axis of an image.
  func byteTaps(axis: Int, of shape: Shape) -> ByteTaps {
    guard let moved = axes.first(where: { $0.axis == axis }) else { return .identity(shape[axis]) }
    return ByteTaps(taps(of: moved, inputExtent: shape[axis]))
  }
}
