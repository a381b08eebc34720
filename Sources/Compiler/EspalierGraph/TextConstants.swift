extension Tensor {
  /// A tensor from its elements as they are written.
  ///
  /// - Precondition: There are as many words as `type` has elements.
  init(_ type: TensorType, words: [String], line: Int) throws(TextError) {
    if type.element.isFloating {
      self.init(
        shape: type.shape, element: type.element,
        floats: try Self.parse(words, expected: "a number", line: line))
    } else {
      let integers: [Int64] = try Self.parse(words, expected: "an integer", line: line)
      self.init(
        shape: type.shape, element: type.element, integers: integers.map { type.element.wrapped($0) })
    }
  }

  private static func parse<Element: LosslessStringConvertible>(
    _ words: [String], expected: String, line: Int
  ) throws(TextError) -> [Element] {
    var elements: [Element] = []
    elements.reserveCapacity(words.count)
    for word in words {
      guard let element = Element(word) else {
        throw .unexpected("'\(word)'", expected: expected, line: line)
      }
      elements.append(element)
    }
    return elements
  }

  /// The same elements for the same seed, on every machine: floats evenly spread over -1..<1, integers over
  /// -8..<8, those without sign over 0..<8, truth values over both.
  public static func random(_ type: TensorType, seed: UInt64) -> Tensor {
    var generator = SplitMix64(state: seed)
    if type.element.isFloating {
      let floats = (0..<type.elementCount).map { _ in Float.random(in: -1..<1, using: &generator) }
      return Tensor(shape: type.shape, element: type.element, floats: floats)
    }
    let range: Range<Int64> =
      switch type.element {
      case .bool: 0..<2
      case .uint8, .uint16, .uint32, .uint64: 0..<8
      default: -8..<8
      }
    let integers = (0..<type.elementCount).map { _ in Int64.random(in: range, using: &generator) }
    return Tensor(shape: type.shape, element: type.element, integers: integers)
  }
}

/// A small generator of evenly spread bits.
///
/// Source: Steele, Lea and Flood, "Fast Splittable Pseudorandom Number Generators", 2014.
package struct SplitMix64: RandomNumberGenerator {
  private var state: UInt64

  package init(state: UInt64) { self.state = state }

  package mutating func next() -> UInt64 {
    state &+= 0x9e37_79b9_7f4a_7c15
    var bits = state
    bits = (bits ^ (bits >> 30)) &* 0xbf58_476d_1ce4_e5b9
    bits = (bits ^ (bits >> 27)) &* 0x94d0_49bb_1331_11eb
    return bits ^ (bits >> 31)
  }
}

extension DecodingError {
  /// What is wrong with which attribute.
  var sentence: String {
    switch self {
    case .keyNotFound(let key, _): "attribute '\(key.stringValue)' is missing"
    case .typeMismatch(_, let context), .valueNotFound(_, let context), .dataCorrupted(let context):
      "attribute '\(context.codingPath.map(\.stringValue).joined(separator: "."))' \(context.debugDescription)"
    @unknown default: "\(self)"
    }
  }
}
