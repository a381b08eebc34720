internal import EspalierRuntime

/// A rectangle around an object; edges in shares of the frame's width and height, 0 at the left and at the top, or in
/// pixels where that is said.
typealias Box = DetectedBox

extension Box {
  /// The likeliest first; equally likely ones stay in order.
  static func ranked(_ boxes: [Box]) -> [Box] {
    boxes.enumerated().sorted { ($0.element.score, $1.offset) > ($1.element.score, $0.offset) }.map(\.element)
  }
}
