internal import EspalierGraph

// What the movement operators share: axes, constant lists and strided reading.

extension ImportedNode {
  /// A list of integers that older opsets hold in an attribute and newer ones in a constant input.
  ///
  /// - Returns: Nil where neither is there.
  /// - Throws: `ImportError.notConstant` where the input is computed from the frame.
  func ints(_ attribute: String, orInput index: Int) throws(ImportError) -> [Int]? {
    if let list = try ints(attribute) { return list }
    return try constantInput(index)?.asInts
  }

  /// The type of input `index`.
  ///
  /// - Throws: `ImportError.missingInput`.
  func inputType(_ index: Int = 0) throws(ImportError) -> TensorType { try requiredInput(index).type }

  /// An axis counted from the front.
  ///
  /// - Throws: `ImportError.attribute` where a tensor of this rank has no such axis.
  func resolvedAxis(_ axis: Int, rank: Int, attribute: String = "axis") throws(ImportError) -> Int {
    guard axis >= -rank, axis < rank else {
      throw invalid(attribute, "must lie in \(-rank)..<\(rank), but is \(axis)")
    }
    return axis < 0 ? axis + rank : axis
  }
}

extension Shape {
  /// An axis counted from the front.
  ///
  /// - Throws: `ShapeError.attribute` where there is no such axis.
  func checkedAxis(_ axis: Int, attribute: String = "axis") throws(ShapeError) -> Int {
    guard axis >= -count, axis < count else {
      throw .attribute(attribute, problem: "must lie in \(-count)..<\(count), but is \(axis)")
    }
    return axis < 0 ? axis + count : axis
  }

  /// This shape with another extent along one axis.
  func replacing(axis: Int, with extent: Int) -> Shape {
    var shape = self
    shape[axis] = extent
    return shape
  }
}

/// The number of elements, or nil where an extent is negative or the product passes `GraphBuilder`'s limit.
func checkedElementCount(_ shape: Shape) -> Int? { shape.checkedElementCount }

/// The positions that a strided walk over `shape` visits, row by row.
func stridedOffsets(base: Int = 0, shape: Shape, strides: [Int]) -> [Int] {
  var offsets = [base]
  for (extent, stride) in zip(shape, strides) {
    var next: [Int] = []
    next.reserveCapacity(offsets.count * extent)
    for offset in offsets {
      for index in 0..<extent { next.append(offset + index * stride) }
    }
    offsets = next
  }
  return offsets
}

extension Tensor {
  /// The elements that a strided walk visits, as a tensor of the walk's shape.
  func walked(base: Int = 0, shape: Shape, strides: [Int]) -> Tensor {
    gathered(stridedOffsets(base: base, shape: shape, strides: strides), shape: shape)
  }

  /// `outputs[outer, i, inner] = self[outer, table[i], inner]` along one axis.
  ///
  /// - Precondition: Every entry of `table` lies in `0..<shape[axis]`.
  func gathered(axis: Int, table: [Int]) -> Tensor {
    let outer = shape[..<axis].reduce(1, *)
    let inner = shape[(axis + 1)...].reduce(1, *)
    let extent = shape[axis]
    var offsets: [Int] = []
    offsets.reserveCapacity(outer * table.count * inner)
    for block in 0..<outer {
      for index in table {
        let start = (block * extent + index) * inner
        offsets += start..<start + inner
      }
    }
    return gathered(offsets, shape: shape.replacing(axis: axis, with: table.count))
  }
}

extension View {
  /// Whether both views reach the same elements in the same order.
  func isSame(as other: View) -> Bool {
    guard buffer == other.buffer, shape == other.shape else { return false }
    if shape.contains(0) { return true }
    return base == other.base
      && shape.indices.allSatisfy { shape[$0] == 1 || strides[$0] == other.strides[$0] }
  }

  /// This view without one axis of extent 1.
  func dropping(axis: Int) -> View {
    var view = self
    view.shape.remove(at: axis)
    view.strides.remove(at: axis)
    return view
  }

  /// This view with one axis split into several, row by row.
  ///
  /// - Precondition: `extents` multiply to the axis' extent.
  func splitting(axis: Int, into extents: [Int]) -> View {
    var view = self
    view.shape.replaceSubrange(axis...axis, with: extents)
    view.strides.replaceSubrange(axis...axis, with: extents.rowMajorStrides.map { $0 * strides[axis] })
    return view
  }
}
