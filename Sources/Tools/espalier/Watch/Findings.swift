internal import EspalierRuntime

/// What a network found in a frame. What a network of its kind does not look for is empty.
struct Findings {
  var boxes: [DetectedBox] = []
  var classes: [RankedClass] = []
  /// For each mask the share of its pixels that each class has.
  var shares: [[Double]] = []
}

/// Names of classes where there are some, else numbers.
struct ClassNames {
  let names: [String]

  subscript(_ category: Int) -> String? {
    names.indices.contains(category) && !names[category].isEmpty ? names[category] : nil
  }

  /// `car 0.93`, or `class 2 0.93`.
  func label(_ category: Int, _ score: Float) -> String {
    "\(self[category] ?? "class \(category)") \(Format.fixed(Double(score), 2))"
  }
}
