public import EspalierGraph
internal import EspalierKernels

/// An operator that computes quantized values, or that moves elements and so moves bytes where it is given bytes.
///
/// Only values that such an operator makes lie as bytes; every other reader gets them as float32.
public protocol ByteOperator: LowerableOperator {
  /// Whether the outputs lie as bytes, given which inputs do.
  func writesBytes(_ inputs: [Bool]) -> Bool
}

/// An operator that reads bytes and takes what lies outside of its input as a given quantized value.
public protocol PaddingByteOperator: ByteOperator {
  /// The byte that stands for 0 in input 0.
  var paddingByte: UInt8 { get }
}

extension TensorType {
  /// What is added to an element of a quantized type to make it a byte: 128 to a signed one.
  public var byteOffset: Int { element == .int8 ? 128 : 0 }
}

extension Lowering {
  /// Finds the values that lie as bytes.
  mutating func planStorage() {
    for node in graph.nodes {
      guard let op = node.op as? any ByteOperator,
        op.writesBytes(node.inputs.map { storedAsBytes.contains($0) })
      else { continue }
      storedAsBytes.formUnion(node.outputs)
    }
  }

  /// Where a value lies, as bytes if it does so: for operators that take both.
  mutating func stored(_ value: ValueID) -> View {
    storedAsBytes.contains(value) ? storedView(of: value) : view(of: value)
  }

  /// An input of an operator that moves elements, in the form in which its output lies.
  mutating func stored(_ input: ValueID, as output: ValueID) -> View {
    storedAsBytes.contains(output) ? storedView(of: input) : view(of: input)
  }

  /// A value as bytes; converted where it lies as float32, packed where it is a constant.
  ///
  /// - Precondition: The value has a quantized type, `uint8` or `int8`.
  mutating func bytes(of value: ValueID) throws(LoweringError) -> View {
    if storedAsBytes.contains(value) { return storedView(of: value) }
    if let known = byteCopies[value] { return known }
    let type = graph.type(of: value)
    let view: View
    if let tensor = graph.constant(of: value) {
      view = weights.append(bytesOf: tensor)
    } else {
      view = newBuffer(shape: type.shape, element: .byte)
      try quantize(from: self.view(of: value), to: view, scale: 1, zero: type.byteOffset)
    }
    byteCopies[value] = view
    return view
  }

  /// A value that lies as bytes, as float32: the numbers themselves, not what they stand for.
  mutating func floats(ofBytes value: ValueID) -> View {
    if let known = floatCopies[value] { return known }
    let type = graph.type(of: value)
    let view = newBuffer(shape: type.shape)
    let table = (0..<256).map { Float($0 - type.byteOffset) }
    dequantize(from: storedView(of: value), to: view, table: table)
    floatCopies[value] = view
    return view
  }

  /// `target = clamp(round(source / scale + zero))`, in bytes.
  mutating func quantize(
    from source: View, to target: View, scale: Float, zero: Int
  ) throws(LoweringError) {
    eachElement(QuantizeParameters.self, from: source, to: target) {
      ($0.scale, $0.zero) = (scale, Float(zero))
      ($0.low, $0.high) = (0, 255)
    }
  }

  /// `target = table[source]`, from bytes to float32.
  mutating func dequantize(from source: View, to target: View, table: [Float]) {
    let entries = weights.append(floats: table)
    eachElement(DequantizeParameters.self, from: source, to: target, tables: [entries])
  }

  /// `target = table[source]`, from bytes to bytes.
  mutating func lookUp(
    _ table: [UInt8], from source: View, to target: View
  ) throws(LoweringError) {
    let entries = weights.append(bytes: table)
    eachElement(ByteTableParameters.self, from: source, to: target, tables: [entries])
  }
}

/// An operator that only moves elements, and does so with bytes as it does with float32.
public protocol MovingOperator: ByteOperator {}

extension MovingOperator {
  public func writesBytes(_ inputs: [Bool]) -> Bool { inputs.allSatisfy { $0 } }
}
