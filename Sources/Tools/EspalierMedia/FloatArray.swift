/// Numbers in rows and columns as NumPy holds them: float32, row by row.
public struct FloatArray: Equatable, Sendable {
  public var shape: [Int]
  public var elements: [Float]

  /// More elements than this are refused; 4 GiB of float32.
  public static let elementLimit = 1 << 30

  /// - Precondition: `elements` holds exactly the elements of `shape`.
  public init(shape: [Int], elements: [Float]) {
    precondition(shape.reduce(1, *) == elements.count)
    self.shape = shape
    self.elements = elements
  }

  /// The product of the extents, or nil where one is negative or the product passes `limit`.
  public static func checkedCount(_ shape: [Int], limit: Int = elementLimit) -> Int? {
    var count = 1
    for extent in shape {
      let (product, overflow) = count.multipliedReportingOverflow(by: extent)
      guard extent >= 0, !overflow, product <= limit else { return nil }
      count = product
    }
    return count
  }
}
