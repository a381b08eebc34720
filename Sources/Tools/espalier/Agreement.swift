/// How far computed values are from reference values, over any number of frames.
struct Agreement {
  private(set) var count = 0
  private var product = 0.0
  private var computedSquares = 0.0
  private var referenceSquares = 0.0
  private var errorSquares = 0.0
  private(set) var maximumError = 0.0
  private var greatestReference = 0.0
  /// Elements of which exactly one of the two is not a number, or that are infinite in one of them only.
  private(set) var mismatchedNonFinite = 0

  /// - Precondition: Both have the same length.
  mutating func add(_ computed: [Float], reference: [Float]) {
    precondition(computed.count == reference.count)
    count += computed.count
    for (x, r) in zip(computed, reference) {
      guard x.isFinite, r.isFinite else {
        if x.bitPattern != r.bitPattern, !(x.isNaN && r.isNaN) { mismatchedNonFinite += 1 }
        continue
      }
      let (x, r) = (Double(x), Double(r))
      product += x * r
      computedSquares += x * x
      referenceSquares += r * r
      errorSquares += (x - r) * (x - r)
      maximumError = max(maximumError, abs(x - r))
      greatestReference = max(greatestReference, abs(r))
    }
  }

  /// 1 where both are zero; 0 where one of them is, or an infinity or NaN stands on one side only.
  var cosine: Double {
    guard mismatchedNonFinite == 0 else { return 0 }
    guard computedSquares > 0, referenceSquares > 0 else {
      return computedSquares == referenceSquares ? 1 : 0
    }
    return product / (computedSquares.squareRoot() * referenceSquares.squareRoot())
  }

  /// Signal to noise, as a ratio of powers; infinite where both are equal.
  var signalToNoise: Double {
    guard mismatchedNonFinite == 0 else { return 0 }
    return errorSquares == 0 ? .infinity : referenceSquares / errorSquares
  }

  /// The greatest error over the greatest reference value.
  var relativeError: Double {
    guard mismatchedNonFinite == 0 else { return .infinity }
    return maximumError == 0 ? 0 : greatestReference == 0 ? .infinity : maximumError / greatestReference
  }
}
