/// What one element of a tensor is.
public enum ElementType: String, Sendable, Codable, CaseIterable {
  case float32, float64, float16, bfloat16
  case int8, uint8, int16, uint16, int32, uint32, int64, uint64, bool

  /// Whether elements are held as `Float` (every other type is held as `Int64`).
  public var isFloating: Bool {
    switch self {
    case .float32, .float64, .float16, .bfloat16: true
    default: false
    }
  }

  /// The bytes that one element takes in a file.
  public var byteCount: Int {
    switch self {
    case .int8, .uint8, .bool: 1
    case .int16, .uint16, .float16, .bfloat16: 2
    case .int32, .uint32, .float32: 4
    case .int64, .uint64, .float64: 8
    }
  }

  /// An integer brought into this type's range, as two's complement arithmetic does it.
  public func wrapped(_ value: Int64) -> Int64 {
    switch self {
    case .int8: Int64(Int8(truncatingIfNeeded: value))
    case .uint8: Int64(UInt8(truncatingIfNeeded: value))
    case .int16: Int64(Int16(truncatingIfNeeded: value))
    case .uint16: Int64(UInt16(truncatingIfNeeded: value))
    case .int32: Int64(Int32(truncatingIfNeeded: value))
    case .uint32: Int64(UInt32(truncatingIfNeeded: value))
    case .bool: value == 0 ? 0 : 1
    default: value
    }
  }
}

extension ElementType {
  /// ONNX's `TensorProto.DataType`; nil for types that hold no plain numbers.
  public init?(onnx type: Int32) {
    guard let element = Self.allCases.first(where: { $0.onnxType == type }) else { return nil }
    self = element
  }

  /// The type's number in ONNX's `TensorProto.DataType`.
  public var onnxType: Int32 {
    switch self {
    case .float32: 1
    case .uint8: 2
    case .int8: 3
    case .uint16: 4
    case .int16: 5
    case .int32: 6
    case .int64: 7
    case .bool: 9
    case .float16: 10
    case .float64: 11
    case .uint32: 12
    case .uint64: 13
    case .bfloat16: 16
    }
  }
}

/// The extent of every axis, outermost first. Every extent is known when a graph exists.
public typealias Shape = [Int]

extension [Int] {
  /// The number of elements of a tensor of this shape; 1 for a scalar.
  public var elementCount: Int { reduce(1, *) }

  /// Tensors of more elements than this are refused: no vehicle network has one, a damaged file may.
  public static let elementLimit = 1 << 28

  /// Tensors of more axes than this are refused.
  public static let rankLimit = 32

  /// The number of elements; nil beyond `rankLimit` axes, where an extent is negative, or where the extents
  /// other than 0 make more than `elementLimit` elements, so that no stride overflows.
  public var checkedElementCount: Int? {
    guard count <= Self.rankLimit else { return nil }
    var product = 1
    for extent in self {
      let (next, overflow) = product.multipliedReportingOverflow(by: Swift.max(extent, 1))
      guard extent >= 0, !overflow, next <= Self.elementLimit else { return nil }
      product = next
    }
    return contains(0) ? 0 : product
  }

  /// The distance in elements between neighbors along each axis, stored row by row.
  public var rowMajorStrides: [Int] {
    var strides = [Int](repeating: 1, count: count)
    for axis in indices.dropLast().reversed() { strides[axis] = strides[axis + 1] * self[axis + 1] }
    return strides
  }

  /// An ONNX axis in 0..<rank: negative ones count from the end. Nil where there is no such axis.
  public func axis(_ axis: Int) -> Int? {
    let resolved = axis < 0 ? axis + count : axis
    return indices.contains(resolved) ? resolved : nil
  }

  /// The shape that NumPy-style (ONNX multidirectional) broadcasting gives, or nil where the two disagree.
  public func broadcast(with other: Shape) -> Shape? {
    let rank = Swift.max(count, other.count)
    var result = Shape(repeating: 1, count: rank)
    for axis in 0..<rank {
      let a = axis - rank + count >= 0 ? self[axis - rank + count] : 1
      let b = axis - rank + other.count >= 0 ? other[axis - rank + other.count] : 1
      guard a == b || a == 1 || b == 1 else { return nil }
      result[axis] = a == 1 ? b : a
    }
    return result
  }

  /// Strides that read a tensor of this shape as if it had `target`'s shape: 0 along broadcast axes.
  ///
  /// - Precondition: This shape broadcasts to `target`.
  public func strides(broadcastTo target: Shape) -> [Int] {
    let own = rowMajorStrides
    return target.indices.map { axis in
      let source = axis - target.count + count
      return source < 0 || self[source] == 1 ? 0 : own[source]
    }
  }
}

/// The element type and shape of a tensor.
public struct TensorType: Hashable, Sendable, Codable {
  public var element: ElementType
  public var shape: Shape

  public init(_ element: ElementType = .float32, _ shape: Shape) {
    self.element = element
    self.shape = shape
  }

  public var rank: Int { shape.count }
  public var elementCount: Int { shape.elementCount }
}

extension TensorType: CustomStringConvertible {
  public var description: String {
    "\(element.rawValue)[\(shape.map(String.init).joined(separator: ", "))]"
  }
}
