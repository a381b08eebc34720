public import EspalierGraph
internal import EspalierKernels

/// Averages of quantized windows: `t = fma(Σ x, scale / taps, offset)`, `y = clamp(round(t))`.
///
/// Elements and zero points count as the bytes in which they lie (`int8` with 128 added). Padding is not counted,
/// or counted as the number 0.
///
/// Source: `com.microsoft` `QLinearAveragePool` and `QLinearGlobalAveragePool`; `DequantizeLinear`, `AveragePool`,
/// `QuantizeLinear`.
public struct QuantizedAveragePool: ByteOperator {
  public static let name = "QuantizedAveragePool"
  public static let onnxNames: [String] = []

  /// The float pooling that this one computes; its window has two spatial axes.
  public var pool: AveragePool
  public var input: Quantization
  public var output: Quantization
  /// Of input and output.
  public var element: ElementType

  public init(
    _ pool: AveragePool, input: Quantization, output: Quantization, element: ElementType = .uint8
  ) {
    (self.pool, self.input, self.output, self.element) = (pool, input, output, element)
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
    guard inputs[0].element == element, element == .uint8 || element == .int8 else {
      throw .element(input: 0, expected: element.rawValue, found: inputs[0])
    }
    guard inputs[0].rank == 4 else { throw .rank(input: 0, expected: "4", found: inputs[0]) }
    let shape = try pool.inferOutputs([TensorType(.float32, inputs[0].shape)])[0].shape
    return [TensorType(element, shape)]
  }

  private var scale: Float { Float(Double(input.scale) / Double(output.scale)) }

  private var byteOffset: Int { TensorType(element, []).byteOffset }

  /// The byte that stands for 0 in the input.
  private var zero: Int { input.zeroPoint + byteOffset }

  private var offset: Float {
    let target = Double(output.zeroPoint + byteOffset)
    return Float(target - Double(zero) * Double(input.scale) / Double(output.scale))
  }

  public func evaluate(_ inputs: [Tensor]) -> [Tensor] {
    let shape = inputs[0].shape
    let x = inputs[0].integers.map { Int($0) + byteOffset }
    let plane = pool.window.plane(of: TensorType(.float32, shape), roundsUp: pool.roundsUp)
    let divisors = pool.divisors(of: shape, plane)
    var elements: [Int64] = []
    for channel in 0..<plane.channels {
      var sums = [Int](repeating: 0, count: plane.outputCount)
      var counts = sums
      for rows in plane.segments {
        for row in rows {
          for i in 0..<row.count {
            sums[row.output + i] += x[channel * plane.inputCount + row.input + i * plane.step]
            counts[row.output + i] += 1
          }
        }
      }
      for i in sums.indices {
        let sum = sums[i] + (divisors[i] - counts[i]) * zero
        let own = divisors[i] == 0 ? 0 : scale / Float(divisors[i])
        let t = offset.addingProduct(Float(sum), own)
        let byte = Swift.min(255, Swift.max(0, t)).rounded(.toNearestOrEven)
        elements.append(Int64(byte) - Int64(byteOffset))
      }
    }
    return [Tensor(shape: plane.shape, element: element, integers: elements)]
  }

  public func channelRule(_ inputs: [TensorType]) -> ChannelRule { .passThrough }

  public func quantizationRule(_ inputs: [TensorType]) -> QuantizationRule { .requantized }

  public func writesBytes(_ inputs: [Bool]) -> Bool { true }

  public func layoutDemand(input index: Int, _ inputs: [TensorType]) -> LayoutDemand { .image(.none) }

  public func lower(_ node: Node, into lowering: inout Lowering) throws(LoweringError) {
    try lowering.poolBytes(node, pool.window, mode: pool.countsPadding ? .averagePadded : .average) {
      $0.zero = Int32(zero)
      $0.scale = scale
      $0.offset = offset
    }
  }
}
