/// How the range of a tensor that 8 bits shall cover is found.
public enum RangeMethod: Sendable, Equatable {
  /// All that was seen.
  case minMax
  /// All but a share of `1 - fraction` of the numbers, half of it at each end.
  case percentile(Double)
  /// The range with the least mean squared error of the numbers after quantization.
  case meanSquaredError
  /// The range whose quantized distribution diverges least from the one seen (Migacz 2017).
  case divergence
}

extension RangeMethod {
  /// The range that the method chooses for groups of frames; it holds 0.
  ///
  /// Of several groups the worst off decides: all numbers of every group stay inside what `minMax` and
  /// `percentile` give, and the others look for the least of the largest errors, each relative to its group.
  ///
  /// - Parameter function: What the numbers pass through next, and nothing else reads them: then
  ///   `meanSquaredError` is that of its results.
  public func range(
    of histograms: [Histogram], through function: ((Float) -> Float)? = nil
  ) -> (least: Float, largest: Float) {
    let seen = histograms.filter { $0.total > 0 }
    let whole = seen.reduce((least: Float(0), largest: Float(0))) {
      (min($0.least, $1.least), max($0.largest, $1.largest))
    }
    guard whole.least < whole.largest else { return whole }
    switch self {
    case .minMax: return whole
    case .percentile(let fraction):
      return seen.map { $0.percentile(fraction) }.reduce((0, 0)) {
        (min($0.0, $1.least), max($0.1, $1.largest))
      }
    case .meanSquaredError:
      guard let function else {
        return best(within: whole) { range in seen.map { $0.relativeError(inside: range) }.max() ?? 0 }
      }
      return best(within: whole) { range in
        seen.map { $0.relativeError(inside: range, through: function) }.max() ?? 0
      }
    case .divergence:
      return best(within: whole) { range in seen.map { $0.divergence(inside: range) }.max() ?? 0 }
    }
  }

  /// The range with the least cost among those that shrink each end by steps.
  private func best(
    within whole: (least: Float, largest: Float), _ cost: ((least: Float, largest: Float)) -> Double
  ) -> (least: Float, largest: Float) {
    let shares = stride(from: Float(1), through: 0.1, by: -0.03)
    var (best, least) = (whole, cost(whole))
    for share in shares {
      // Both ends shrink together first; a one-sided range has one end at 0 anyway.
      let candidate = (least: whole.least * share, largest: whole.largest * share)
      let found = cost(candidate)
      if found < least { (best, least) = (candidate, found) }
    }
    guard whole.least < 0, whole.largest > 0 else { return best }
    for share in shares {
      for candidate in [(whole.least * share, best.largest), (best.least, whole.largest * share)] {
        let found = cost(candidate)
        if found < least { (best, least) = (candidate, found) }
      }
    }
    return best
  }
}

extension Histogram {
  fileprivate func percentile(_ fraction: Double) -> (least: Float, largest: Float) {
    let skipped = Int(Double(total) * (1 - fraction) / 2)
    func cut(_ bins: some Sequence<Int>) -> Int {
      var seen = 0
      for bin in bins {
        seen += counts[bin]
        if seen > skipped { return bin }
      }
      return 0
    }
    let low = least + Float(cut(0..<Self.binCount)) * width
    let high = least + Float(cut((0..<Self.binCount).reversed()) + 1) * width
    return (min(low, 0), max(high, 0))
  }

  /// The squared error of all numbers after quantization over the sum of their squares.
  fileprivate func relativeError(inside range: (least: Float, largest: Float)) -> Double {
    let scale = (range.largest - range.least) / 255
    guard scale > 0 else { return .infinity }
    let rounding = Double(scale * scale) / 12
    var (error, power) = (0.0, 0.0)
    for (bin, count) in counts.enumerated() where count > 0 {
      let x = center(of: bin)
      let outside = max(range.least - x, x - range.largest, 0)
      error += Double(count) * (outside > 0 ? Double(outside * outside) : rounding)
      power += Double(count) * Double(x * x)
    }
    return power > 0 ? max(0, error - Double(zeroCount) * rounding) / power : 0
  }

  /// As `relativeError(inside:)`, of a function's results.
  fileprivate func relativeError(
    inside range: (least: Float, largest: Float), through function: (Float) -> Float
  ) -> Double {
    let scale = (range.largest - range.least) / 255
    guard scale > 0 else { return .infinity }
    let zeroPoint = (-range.least / scale).rounded(.toNearestOrEven)
    let table = (0...255).map { function((Float($0) - zeroPoint) * scale) }
    var (error, power) = (0.0, 0.0)
    for (bin, count) in counts.enumerated() where count > 0 {
      let x = center(of: bin)
      let step = Int(min(max((x / scale + zeroPoint).rounded(), 0), 255))
      let exact = Double(function(x))
      let difference = Double(table[step]) - exact
      error += Double(count) * difference * difference
      power += Double(count) * exact * exact
    }
    return power > 0 ? error / power : 0
  }

  /// Kullback-Leibler divergence of what 255 steps of `range` tell of the distribution.
  fileprivate func divergence(inside range: (least: Float, largest: Float)) -> Double {
    let scale = (range.largest - range.least) / 255
    guard scale > 0 else { return .infinity }
    var (sums, used) = ([Double](repeating: 0, count: 256), [Double](repeating: 0, count: 256))
    func step(_ bin: Int) -> Int {
      Int(min(max((center(of: bin) - range.least) / scale, 0), 255).rounded())
    }
    for (bin, count) in counts.enumerated() where count > 0 {
      sums[step(bin)] += Double(count)
      let inside = center(of: bin) >= range.least && center(of: bin) <= range.largest
      if inside { used[step(bin)] += 1 }
    }
    let all = Double(total)
    var result = 0.0
    for (bin, count) in counts.enumerated() where count > 0 {
      let inside = center(of: bin) >= range.least && center(of: bin) <= range.largest
      let own = step(bin)
      let seen = Double(count) / all
      let told = inside && used[own] > 0 ? sums[own] / used[own] / all : 1e-9
      result += seen * (seen / told).logarithm
    }
    return result
  }
}
