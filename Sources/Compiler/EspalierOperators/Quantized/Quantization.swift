/// How numbers stand in a quantized tensor: `value = (element - zeroPoint) * scale`.
public struct Quantization: Sendable, Codable, Hashable {
  public var scale: Float
  public var zeroPoint: Int

  /// - Precondition: `scale` is positive and finite.
  public init(scale: Float, zeroPoint: Int) {
    precondition(scale > 0 && scale.isFinite)
    self.scale = scale
    self.zeroPoint = zeroPoint
  }

  /// The element that stands nearest to a number, kept inside `range`; NaN gives the lowest.
  ///
  /// `round(value / scale) + zeroPoint`, halves to even before the zero point joins (ONNX `QuantizeLinear`).
  public func element(of value: Float, in range: ClosedRange<Int>) -> Int {
    let place = (value / scale).rounded(.toNearestOrEven) + Float(zeroPoint)
    guard place > Float(range.lowerBound) else { return range.lowerBound }
    guard place < Float(range.upperBound) else { return range.upperBound }
    return Int(place)
  }

  /// The number that an element stands for.
  public func value(of element: Int) -> Float { Float(element - zeroPoint) * scale }
}

extension Quantization {
  /// The finest quantization to 8 unsigned bits that holds a range and represents 0 exactly.
  ///
  /// - Parameters: The least and the largest number; the range is widened to hold 0. An empty range (a
  ///   constant 0) gets scale 1.
  public init(least: Float, largest: Float) {
    let (low, high) = (Swift.min(least, 0), Swift.max(largest, 0))
    let scale = (high - low) / 255
    guard scale.isNormal else {
      self.init(scale: 1, zeroPoint: 0)
      return
    }
    let zeroPoint = (-low / scale).rounded(.toNearestOrEven)
    self.init(scale: scale, zeroPoint: Swift.min(255, Swift.max(0, Int(zeroPoint))))
  }
}
