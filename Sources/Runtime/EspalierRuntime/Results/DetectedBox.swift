/// A rectangle around an object.
public struct DetectedBox: Equatable, Sendable, BitwiseCopyable {
  /// The place of the object's class.
  public var category: Int
  /// How likely it is, 0…1.
  public var score: Float
  public var left: Float
  public var top: Float
  public var right: Float
  public var bottom: Float

  public init(category: Int, score: Float, left: Float, top: Float, right: Float, bottom: Float) {
    (self.category, self.score) = (category, score)
    (self.left, self.top, self.right, self.bottom) = (left, top, right, bottom)
  }

  /// A box by its center and its sides.
  public init(category: Int, score: Float, center: (x: Float, y: Float), sides: (x: Float, y: Float)) {
    self.init(
      category: category, score: score, left: center.x - sides.x / 2, top: center.y - sides.y / 2,
      right: center.x + sides.x / 2, bottom: center.y + sides.y / 2)
  }

  public var area: Float { max(0, right - left) * max(0, bottom - top) }

  /// What both cover.
  public func intersection(_ other: DetectedBox) -> Float {
    let width = min(right, other.right) - max(left, other.left)
    let height = min(bottom, other.bottom) - max(top, other.top)
    return max(0, width) * max(0, height)
  }

  /// What both cover over what either does.
  public func overlap(_ other: DetectedBox) -> Float {
    let both = intersection(other)
    return both / max(area + other.area - both, 1e-12)
  }

  /// Whether every edge is a number.
  var isFinite: Bool { left.isFinite && top.isFinite && right.isFinite && bottom.isFinite }
}

/// A class and how likely it is.
public struct RankedClass: Equatable, Sendable, BitwiseCopyable {
  public var category: Int
  public var score: Float

  public init(category: Int, score: Float) { (self.category, self.score) = (category, score) }
}
