internal import EspalierOperators

/// From which call to which call each arena buffer must keep its content.
struct Lifetimes {
  /// Call indices, indexed by buffer; nil for a buffer that no call touches.
  var ranges: [ClosedRange<Int>?]

  init(calls: [LoweredCall], bufferCount: Int) {
    ranges = [ClosedRange<Int>?](repeating: nil, count: bufferCount)
    for (index, call) in calls.enumerated() {
      for case .arena(let buffer)? in call.operands.map({ $0?.buffer }) {
        ranges[buffer] = (ranges[buffer]?.lowerBound ?? index)...index
      }
    }
  }
}
