import EspalierGraph

/// Quantization and its inverse for every operator that is imported with them.
extension GraphBuilder {
  /// Numbers from quantized elements: DequantizeLinear where the parameters are known, else arithmetic.
  ///
  /// Constants become a node too, so that passes find the quantized weights.
  mutating func dequantize(
    _ value: ValueID, _ parameters: QuantizationParameters, to element: ElementType = .float32,
    of node: ImportedNode
  ) throws(ImportError) -> ValueID {
    if let known = try knownParameters(parameters, type(of: value), of: node) {
      let op = DequantizeLinear(
        scales: known.scales, zeroPoints: known.zeroPoints, axis: parameters.axis, element: element)
      return try add(op, [value], folds: false)[0]
    }
    var result = try add(Cast(to: .float32), [value])[0]
    if let zeroPoint = parameters.zeroPoint {
      let laid = try laid(zeroPoint, parameters, along: type(of: value), of: node)
      result = try add(Binary(.subtract), [result, laid])[0]
    }
    let isOne = parameters.scale.constant?.asFloats.allSatisfy { $0 == 1 } ?? false
    if !isOne {
      let scale = try laid(parameters.scale, parameters, along: type(of: value), of: node)
      result = try add(Binary(.multiply), [result, scale])[0]
    }
    return element == .float32 ? result : try add(Cast(to: element), [result])[0]
  }

  /// Quantized elements from numbers: QuantizeLinear where the parameters are known, else arithmetic.
  mutating func quantize(
    _ value: ValueID, _ parameters: QuantizationParameters, to element: ElementType, of node: ImportedNode
  ) throws(ImportError) -> ValueID {
    guard element.isQuantized else {
      throw node.invalid("output_dtype", "is \(element.rawValue), which nothing is quantized to")
    }
    if let known = try knownParameters(parameters, type(of: value), of: node) {
      for scale in known.scales where scale <= 0 {
        throw node.invalid("y_scale", "is \(scale), but must be positive")
      }
      let op = QuantizeLinear(
        scales: known.scales, zeroPoints: known.zeroPoints, axis: parameters.axis, element: element)
      return try add(op, [value])[0]
    }
    let scale = try laid(parameters.scale, parameters, along: type(of: value), of: node)
    var result = try add(Cast(to: .float32), [value])[0]
    result = try add(Binary(.divide), [result, scale])[0]
    result = try add(Unary(ElementFunction(.round)), [result])[0]
    if let zeroPoint = parameters.zeroPoint {
      let laid = try laid(zeroPoint, parameters, along: type(of: value), of: node)
      result = try add(Binary(.add), [result, laid])[0]
    }
    let range = element.quantizedRange
    let clip = ElementFunction(.clip, alpha: Float(range.lowerBound), beta: Float(range.upperBound))
    result = try add(Unary(clip), [result])[0]
    return try add(Cast(to: element), [result])[0]
  }

  /// The parameters of a whole tensor or of its channels; nil where they are computed from the frame, or are
  /// those of blocks.
  private func knownParameters(
    _ parameters: QuantizationParameters, _ type: TensorType, of node: ImportedNode
  ) throws(ImportError) -> (scales: [Float], zeroPoints: [Int])? {
    guard let scale = parameters.scale.constant, parameters.blockSize == 0 else { return nil }
    if let zeroPoint = parameters.zeroPoint, zeroPoint.constant == nil { return nil }
    let scales = scale.asFloats
    for scale in scales where !scale.isFinite {
      throw node.invalid("scale", "is \(scale), but must be finite")
    }
    return (scales, parameters.zeroPoint?.constant?.asInts ?? scales.map { _ in 0 })
  }

  /// Scales or zero points as float32, in a shape that broadcasts to what is quantized.
  private mutating func laid(
    _ parameter: ImportedNode.Input, _ parameters: QuantizationParameters, along type: TensorType,
    of node: ImportedNode
  ) throws(ImportError) -> ValueID {
    if parameters.blockSize != 0 {
      return try constant(repeated(parameter, parameters, to: type, of: node))
    }
    var shape: Shape = []
    if let axis = parameters.axis {
      shape = type.shape.map { _ in 1 }
      shape[axis] = type.shape[axis]
    }
    let floats = try add(Cast(to: .float32), [parameter.value])
    return try add(Reshape(shape: shape), floats)[0]
  }

  /// Parameters of blocks, one for each element.
  private func repeated(
    _ parameter: ImportedNode.Input, _ parameters: QuantizationParameters, to type: TensorType,
    of node: ImportedNode
  ) throws(ImportError) -> Tensor {
    guard let tensor = parameter.constant else {
      throw node.invalid("block_size", "needs scales and zero points that are known at compile time")
    }
    var blocks = type.shape
    let (axis, size) = (parameters.axis ?? 0, parameters.blockSize)
    guard size > 0, type.shape.checkedElementCount != nil else {
      throw node.invalid("block_size", "is \(size), but must be positive")
    }
    blocks[axis] = (type.shape[axis] + size - 1) / size
    guard tensor.shape == blocks else {
      throw node.invalid("block_size", "is \(size), which does not fit \(type) and scales of \(tensor.type)")
    }
    let strides = blocks.rowMajorStrides
    var offsets: [Int?] = []
    forEachIndex(of: type.shape) { index, _ in
      offsets.append(
        index.indices.reduce(0) { $0 + ($1 == axis ? index[$1] / size : index[$1]) * strides[$1] })
    }
    let floats = Tensor(shape: blocks, floats: tensor.asFloats)
    return floats.gathered(offsets, shape: type.shape)
  }

  /// A value as what another importer reads.
  func input(_ value: ValueID) -> ImportedNode.Input {
    ImportedNode.Input(value: value, type: type(of: value), constant: constant(of: value))
  }
}

extension ImportedNode {
  /// Imports an operator of ONNX's own that stands inside this one, with its attributes.
  ///
  /// - Returns: Its first output.
  func addInner(
    _ type: String, _ inputs: [ValueID], to builder: inout GraphBuilder
  ) throws(ImportError) -> ValueID {
    let version = domain.isEmpty ? opset : try int("opset") ?? 13
    guard let importer = OperatorRegistry.importer(for: type, domain: "") else {
      throw .unsupportedOperator(type, domain: "", opset: version, node: name)
    }
    let node = ImportedNode(
      name: name, type: type, domain: "", opset: version, attributes: attributes,
      inputs: inputs.map { builder.input($0) }, outputNames: [])
    return try importer.importNode(node, into: &builder)[0]
  }
}
