internal import EspalierGraph

extension [Int] {
  /// For every element of `target`, row by row, the row-major position of the element of this shape that
  /// broadcasting reads there.
  ///
  /// - Precondition: This shape broadcasts to `target`.
  func broadcastOffsets(to target: Shape) -> [Int] {
    if self == target { return [Int](0..<target.elementCount) }
    return stridedOffsets(shape: target, strides: strides(broadcastTo: target))
  }
}
