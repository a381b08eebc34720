import EspalierGraph

/// The numbers that turn an int32 sum of products of bytes into an output.
struct ByteEpilogue {
  /// Per output channel: `t = fma(sum, scale, offset)`.
  var scales: [Float]
  var offsets: [Float]
  var residualScale: Float = 0
  var low: Float
  var high: Float
  /// What the clamped and rounded `t` is looked up in; nil where it is the output itself.
  var table: [UInt8]?

  func finished(_ sum: Int32, _ channel: Int, residual: UInt8?) -> Float {
    var t = offsets[channel].addingProduct(Float(sum), scales[channel])
    if let residual { t = t.addingProduct(Float(residual), residualScale) }
    t = t > low ? t : low
    return t < high ? t : high
  }
}

extension QuantizedConv {
  public var paddingByte: UInt8 {
    UInt8(clamping: input.zeroPoint + TensorType(inputElement, []).byteOffset)
  }

  /// - Parameter inputs: The node's input types.
  func epilogue(weights: [Int64], bias: [Float]?, inputs: [TensorType]) -> ByteEpilogue {
    let perChannel = weights.count / weightScales.count
    let zero = Double(input.zeroPoint + inputs[0].byteOffset)
    let step = Double(sum?.scale ?? 1)
    let target = sum.map { Double($0.zeroPoint + TensorType(outputElement, []).byteOffset) } ?? 0
    let added = residual.map { residual in
      let type = inputs[inputs.count - 1]
      return -Double(residual.zeroPoint + type.byteOffset) * Double(residual.scale) / step
    }
    var epilogue = ByteEpilogue(scales: [], offsets: [], low: 0, high: 0)
    for (channel, scale) in weightScales.enumerated() {
      let own = Double(input.scale) * Double(scale) / step
      let total = weights[channel * perChannel..<(channel + 1) * perChannel].reduce(0, +)
      let offset = Double(bias?[channel] ?? 0) / step - zero * Double(total) * own + target + (added ?? 0)
      epilogue.scales.append(Float(own))
      epilogue.offsets.append(Float(offset))
    }
    epilogue.residualScale = residual.map { Float(Double($0.scale) / step) } ?? 0
    // A Clip whose least is above its most gives its most.
    (epilogue.low, epilogue.high) = (min(clamp.low, clamp.high), clamp.high)
    epilogue.table = table
    return epilogue
  }

  /// Whether a clamp of the sum is all that the activation does.
  private var isClamp: Bool { [.identity, .relu, .clip].contains(activation.kind) }

  private var clamp: (low: Float, high: Float) {
    let bounds: (low: Float, high: Float) =
      switch activation.kind {
      case .relu: (0, .infinity)
      case .clip: (activation.alpha, activation.beta)
      default: (-.infinity, .infinity)
      }
    guard let sum else { return bounds }
    let offset = TensorType(outputElement, []).byteOffset
    func byte(_ bound: Float) -> Float {
      Float(sum.element(of: bound, in: outputElement.quantizedRange) + offset)
    }
    return isClamp ? (byte(bounds.low), byte(bounds.high)) : (0, 255)
  }

  private var table: [UInt8]? {
    guard let sum, let output, !isClamp || output != sum else { return nil }
    let offset = TensorType(outputElement, []).byteOffset
    return (0..<256).map { byte in
      let value = sum.value(of: byte - offset)
      let element = output.element(
        of: isClamp ? value : activation.apply(value), in: outputElement.quantizedRange)
      return UInt8(element + offset)
    }
  }
}
