internal import EspalierGraph

extension [Int] {
  /// For every element of `target`, row by row, the row-major position of the element of this shape that
  /// broadcasting reads there.
  ///
  /// - Precondition: This shape broadcasts to `target`.
  func broadcastOffsets(to target: Shape) -> [Int] {
    if self == target { return [Int](0..<target.elementCount) }
    let strides = strides(broadcastTo: target)
    guard target.elementCount > 0 else { return [] }
    var offsets = [0]
    for (extent, stride) in zip(target, strides) {
      var next: [Int] = []
      next.reserveCapacity(offsets.count * extent)
      for offset in offsets {
        for index in 0..<extent { next.append(offset + index * stride) }
      }
      offsets = next
    }
    return offsets
  }
}
