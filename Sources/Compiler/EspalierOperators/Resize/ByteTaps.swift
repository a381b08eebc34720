/// The taps of one axis with weights of 7 bits: those of every output position add up to 128.
struct ByteTaps {
  /// Taps of a position.
  var count: Int
  /// `[output][tap]`, each inside the input.
  var indices: [Int]
  /// `[output][tap]`, 0 … 128.
  var weights: [Int]

  var extent: Int { indices.count / count }

  static func identity(_ extent: Int) -> ByteTaps {
    ByteTaps(count: 1, indices: Array(0..<extent), weights: [Int](repeating: 128, count: extent))
  }
}

extension ByteTaps {
  /// Each weight to the nearest 128th; what that adds or takes is made up for by the largest.
  ///
  /// - Precondition: No weight is negative, and those of every position add up to 1.
  init(_ taps: ResizeTaps) {
    (count, indices, weights) = (taps.count, taps.indices, [])
    for position in 0..<taps.outputExtent {
      let exact = taps.weights[position * count..<(position + 1) * count]
      var rounded = exact.map { Int((128 * $0).rounded(.toNearestOrEven)) }
      let largest = rounded.indices.max { rounded[$0] < rounded[$1] } ?? 0
      rounded[largest] += 128 - rounded.reduce(0, +)
      weights += rounded
    }
  }
}
