/// Numbers in a `.npy` or raw file of which pieces are read, so that the file may be larger than memory.
public struct NumberStack: Sendable {
  /// The extents; nil for a raw file, which states none.
  public let shape: [Int]?
  /// How many numbers there are.
  public let count: Int
  private let path: String
  private let element: NumPyElement
  private let start: Int

  /// Headers of `.npy` files are shorter.
  private static let headerLimit = 1 << 17
  private static let elementLimit = 1 << 46

  /// A `.npy` file; nil where the file is of another kind.
  ///
  /// - Throws: `MediaError`, as `NumPyFile.decode`.
  public init?(numPy path: String) throws(MediaError) {
    guard NumPyFile.matches(try Files.read(path, 0..<12)) else { return nil }
    let header = try Files.read(path, 0..<Self.headerLimit)
    let layout = try NumPyFile.layout(header, path: path, elementLimit: Self.elementLimit)
    try layout.requireLength(try Files.byteCount(path), path: path)
    (shape, count, self.path) = (layout.shape, layout.count, path)
    (element, start) = (layout.element, layout.start)
  }

  /// A file of little-endian float32 and nothing else.
  ///
  /// - Throws: `MediaError`, as `RawFile.decode`.
  public init(raw path: String) throws(MediaError) {
    let byteCount = try Files.byteCount(path)
    try RawFile.requireWhole(byteCount, path: path)
    (shape, count, self.path, element, start) = (nil, byteCount / 4, path, .float32, 0)
  }

  /// The numbers in a range, row by row.
  ///
  /// - Precondition: The range lies within `0..<count`.
  /// - Throws: `MediaError` where the file cannot be read or has shrunk.
  public func elements(_ range: Range<Int>) throws(MediaError) -> [Float] {
    precondition(range.lowerBound >= 0 && range.upperBound <= count)
    let size = element.byteCount
    let bytes = try Files.read(path, start + range.lowerBound * size..<start + range.upperBound * size)
    guard bytes.count == range.count * size else { throw .truncated(path: path, format: ".npy") }
    return element.decode(bytes[...], count: range.count)
  }
}
