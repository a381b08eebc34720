/// A rectangle around an object; edges in shares of the frame's width and height, 0 at the left and at the top.
struct Box: Equatable {
  /// The place of the object's class.
  var category: Int
  /// How likely it is, 0…1.
  var score: Float
  var left: Float
  var top: Float
  var right: Float
  var bottom: Float

  var area: Float { max(0, right - left) * max(0, bottom - top) }

  /// What both cover.
  func intersection(_ other: Box) -> Float {
    let width = min(right, other.right) - max(left, other.left)
    let height = min(bottom, other.bottom) - max(top, other.top)
    return max(0, width) * max(0, height)
  }

  /// What both cover over what either does.
  func overlap(_ other: Box) -> Float {
    let both = intersection(other)
    return both / max(area + other.area - both, 1e-12)
  }
}

extension Box {
  /// A box by its center and its sides.
  init(category: Int, score: Float, center: (x: Float, y: Float), sides: (x: Float, y: Float)) {
    self.init(
      category: category, score: score, left: center.x - sides.x / 2, top: center.y - sides.y / 2,
      right: center.x + sides.x / 2, bottom: center.y + sides.y / 2)
  }
}

/// Non-maximum suppression: of boxes of one class around one object the likeliest stays.
enum Suppression {
  /// No more candidates of a frame are looked at, the likeliest first.
  static let candidateLimit = 30_000

  /// The boxes, the likeliest first, without those that overlap a likelier one of their class by more than
  /// `overlap`. Of boxes that are equally likely the first is the likelier one.
  static func kept(_ candidates: [Box], overlap: Float) -> [Box] {
    var kept: [Box] = []
    var ofCategory: [Int: [Box]] = [:]
    for box in ranked(candidates).prefix(candidateLimit) {
      let rivals = ofCategory[box.category] ?? []
      guard rivals.allSatisfy({ $0.overlap(box) <= overlap }) else { continue }
      kept.append(box)
      ofCategory[box.category, default: []].append(box)
    }
    return kept
  }

  /// The likeliest first; equally likely ones stay in order.
  static func ranked(_ boxes: [Box]) -> [Box] {
    boxes.enumerated().sorted { ($0.element.score, $1.offset) > ($1.element.score, $0.offset) }.map(\.element)
  }
}
