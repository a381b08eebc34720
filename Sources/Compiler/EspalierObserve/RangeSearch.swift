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

extension Histogram {
  /// The range that a method chooses; it holds 0.
  public func range(by method: RangeMethod) -> (least: Float, largest: Float) {
    let whole = (least: min(least, 0), largest: max(largest, 0))
    guard width > 0, total > 0 else { return whole }
    switch method {
    case .minMax: return whole
    case .percentile(let fraction): return percentile(fraction)
    case .meanSquaredError: return best { squaredError(inside: $0) }
    case .divergence: return best { divergence(inside: $0) }
    }
  }

  private func percentile(_ fraction: Double) -> (least: Float, largest: Float) {
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

  /// The range with the least cost among those that shrink each end by steps.
  private func best(_ cost: ((least: Float, largest: Float)) -> Double) -> (least: Float, largest: Float) {
    let (low, high) = (min(least, 0), max(largest, 0))
    let shares = stride(from: Float(1), through: 0.1, by: -0.03)
    var best = (least: low, largest: high)
    var least = cost(best)
    for share in shares {
      // Both ends shrink together first; a one-sided range has one end at 0 anyway.
      let candidate = (least: low * share, largest: high * share)
      let found = cost(candidate)
      if found < least { (best, least) = (candidate, found) }
    }
    for share in shares {
      for candidate in [(low * share, best.largest), (best.least, high * share)] {
        let found = cost(candidate)
        if found < least { (best, least) = (candidate, found) }
      }
    }
    return best
  }

  private func squaredError(inside range: (least: Float, largest: Float)) -> Double {
    let scale = (range.largest - range.least) / 255
    guard scale > 0 else { return .infinity }
    let rounding = Double(scale * scale) / 12
    var error = 0.0
    for (bin, count) in counts.enumerated() where count > 0 {
      let x = center(of: bin)
      let outside = max(range.least - x, x - range.largest, 0)
      error += Double(count) * (outside > 0 ? Double(outside * outside) : rounding)
    }
    return error
  }

  /// Kullback-Leibler divergence of what 255 steps of `range` tell of the distribution.
  private func divergence(inside range: (least: Float, largest: Float)) -> Double {
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
