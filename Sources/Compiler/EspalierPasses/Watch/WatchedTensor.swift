public import EspalierGraph
public import EspalierOperators
public import EspalierPlan

/// A tensor whose statistics the runtime may gather while frames run.
public struct WatchedTensor: Sendable {
  public var value: ValueID
  public var name: String
  /// What its bytes stand for, with the zero point that the bytes have; nil for float32.
  public var quantization: Quantization?
  public var digest: TensorDigest?

  public init(
    value: ValueID, name: String, quantization: Quantization? = nil, digest: TensorDigest? = nil
  ) {
    (self.value, self.name) = (value, name)
    (self.quantization, self.digest) = (quantization, digest)
  }
}

extension Graph {
  /// The inputs and outputs of the network, and the outputs of some of its convolutions and products, evenly over its depth; the
  /// last of them is always among these.
  ///
  /// - Parameter layerLimit: At most so many beside the network's inputs and outputs.
  public func watchedTensors(layerLimit: Int) -> [WatchedTensor] {
    var found = inputs.map { WatchedTensor(value: $0, name: self[$0].name) }
    for (value, name) in zip(outputs, outputNames) where producer(of: value) != nil {
      guard !found.contains(where: { $0.value == value }) else { continue }
      found.append(WatchedTensor(value: value, name: name, quantization: quantization(of: value)))
    }
    let layers = nodes.filter { layerShape(of: $0) != nil }.map { $0.outputs[0] }
      .filter { layer in !found.contains { $0.value == layer } }
    let count = Swift.min(layerLimit, layers.count)
    for index in 0..<count {
      let value = layers[(index + 1) * layers.count / count - 1]
      found.append(
        WatchedTensor(value: value, name: self[value].name, quantization: quantization(of: value)))
    }
    return found
  }

  /// What the bytes of a value stand for, as far as its producer says so; nil where it lies as float32.
  private func quantization(of value: ValueID) -> Quantization? {
    let type = type(of: value)
    guard type.element == .uint8 || type.element == .int8 else { return nil }
    var known = Quantization(scale: 1, zeroPoint: 0)
    if let op = producer(of: value)?.op as? QuantizedConv, let output = op.output { known = output }
    if let op = producer(of: value)?.op as? QuantizeLinear, op.axis == nil {
      known = Quantization(scale: op.scales[0], zeroPoint: op.zeroPoints[0])
    }
    known.zeroPoint += type.byteOffset
    return known
  }
}
