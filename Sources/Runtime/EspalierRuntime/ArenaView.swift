/// The arena between two calls, to look at; valid only during the call that hands it over.
public struct ArenaView {
  private let bytes: UnsafeRawBufferPointer

  init(_ bytes: UnsafeRawBufferPointer) { self.bytes = bytes }

  public var byteCount: Int { bytes.count }

  /// Copies a strided view, outermost axis first.
  ///
  /// - Parameters:
  ///   - offset: Bytes from the arena's start to the element of index (0, …, 0); a multiple of 4.
  ///   - extents: Elements along each axis.
  ///   - strides: Elements between neighbors along each axis.
  /// - Returns: The elements row by row, nil where any of them lies outside the arena.
  public func elements(offset: Int, extents: [Int], strides: [Int]) -> [Float]? {
    guard extents.count == strides.count, extents.allSatisfy({ $0 >= 0 }) else { return nil }
    var positions = [offset]
    for (extent, stride) in zip(extents, strides) {
      positions = positions.flatMap { position in (0..<extent).map { position + $0 * stride * 4 } }
    }
    guard positions.allSatisfy({ 0 <= $0 && $0 + 4 <= bytes.count }) else { return nil }
    return positions.map { bytes.loadUnaligned(fromByteOffset: $0, as: Float.self) }
  }
}
