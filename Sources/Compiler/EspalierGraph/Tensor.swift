/// A tensor of known values, stored row by row.
///
/// Floating types of every width are held as `Float`, all others (`bool` as 0 and 1) as `Int64`.
public struct Tensor: Sendable, Equatable {
  public enum Storage: Sendable, Equatable {
    case floats([Float])
    case integers([Int64])
  }

  public let type: TensorType
  public let storage: Storage

  public var shape: Shape { type.shape }
  public var count: Int { type.elementCount }

  /// - Precondition: `floats` holds exactly the elements of `shape`, and `element` is a floating type.
  public init(shape: Shape, element: ElementType = .float32, floats: [Float]) {
    precondition(floats.count == shape.elementCount && element.isFloating)
    type = TensorType(element, shape)
    storage = .floats(floats)
  }

  /// - Precondition: `integers` holds exactly the elements of `shape`, and `element` is not a floating type.
  public init(shape: Shape, element: ElementType = .int64, integers: [Int64]) {
    precondition(integers.count == shape.elementCount && !element.isFloating)
    type = TensorType(element, shape)
    storage = .integers(integers)
  }

  /// A tensor of truth values.
  public init(shape: Shape, booleans: [Bool]) {
    self.init(shape: shape, element: .bool, integers: booleans.map { $0 ? 1 : 0 })
  }

  /// A scalar of rank 0.
  public init(scalar: Float) { self.init(shape: [], floats: [scalar]) }

  /// The elements of a floating tensor.
  ///
  /// - Precondition: The element type is floating.
  public var floats: [Float] {
    guard case .floats(let elements) = storage else {
      preconditionFailure("\(type) holds integers, not floats")
    }
    return elements
  }

  /// The elements of an integer or truth-value tensor.
  ///
  /// - Precondition: The element type is not floating.
  public var integers: [Int64] {
    guard case .integers(let elements) = storage else {
      preconditionFailure("\(type) holds floats, not integers")
    }
    return elements
  }

  /// The elements as `Float`, whatever the type.
  public var asFloats: [Float] {
    switch storage {
    case .floats(let elements): elements
    case .integers(let elements): elements.map(Float.init)
    }
  }

  /// The elements as `Int`, whatever the type; fractions are cut off.
  public var asInts: [Int] {
    switch storage {
    case .floats(let elements): elements.map { Int(exactly: $0.rounded(.towardZero)) ?? 0 }
    case .integers(let elements): elements.map(Int.init)
    }
  }

  /// The same elements under another shape.
  ///
  /// - Precondition: Both shapes have the same number of elements.
  public func reshaped(to shape: Shape) -> Tensor {
    switch storage {
    case .floats(let elements): Tensor(shape: shape, element: type.element, floats: elements)
    case .integers(let elements): Tensor(shape: shape, element: type.element, integers: elements)
    }
  }

  /// The elements at `offsets` (row-major positions; nil reads `fill`, 0 by default) as a tensor of `shape`.
  ///
  /// Slice, Transpose, Gather, Pad and every other pure movement of data is this with other offsets.
  ///
  /// - Precondition: `offsets` has one entry per element of `shape`.
  public func gathered(_ offsets: [Int?], shape: Shape, fill: Double = 0) -> Tensor {
    switch storage {
    case .floats(let elements):
      Tensor(
        shape: shape, element: type.element,
        floats: offsets.map { offset in offset.map { elements[$0] } ?? Float(fill) })
    case .integers(let elements):
      Tensor(
        shape: shape, element: type.element,
        integers: offsets.map { offset in offset.map { elements[$0] } ?? Int64(fill) })
    }
  }
}

/// Calls `body` with the index along every axis and the row-major position of each element of `shape`.
public func forEachIndex(of shape: Shape, _ body: (_ index: [Int], _ position: Int) -> Void) {
  let count = shape.elementCount
  guard count > 0 else { return }
  var index = [Int](repeating: 0, count: shape.count)
  for position in 0..<count {
    body(index, position)
    var axis = shape.count - 1
    while axis >= 0 {
      index[axis] += 1
      if index[axis] < shape[axis] { break }
      index[axis] = 0
      axis -= 1
    }
  }
}
