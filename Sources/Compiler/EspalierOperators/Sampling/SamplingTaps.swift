internal import EspalierGraph
internal import Foundation

/// One element along an axis and how much of it is taken.
struct SamplingTap {
  var index: Int
  var weight: Float
}

extension GridSample {
  /// Where a number of the grid lies along an axis, counted in elements; every operation is rounded to float32, so
  /// that `nearest` chooses as the kernels do.
  func position(_ number: Float, extent: Int) -> Float {
    alignsCorners ? (number + 1) / 2 * Float(extent - 1) : ((number + 1) * Float(extent) - 1) / 2
  }

  /// The elements that a position is made of.
  func taps(at position: Float, extent: Int) -> [SamplingTap] {
    var x = mode == .nearest ? position.rounded(.toNearestOrEven) : position
    let edge: Float = alignsCorners ? 0 : 0.5
    let (low, high) = (-edge, Float(extent - 1) + edge)
    if x < low || x > high {
      switch padding {
      case .zeros: break
      case .border:
        // Cubic taps are moved inside one by one, as PyTorch has it: 2 elements outside, all read the outermost one.
        let reach: Float = mode == .cubic ? 2 : 0
        x = min(max(x, -reach), Float(extent - 1) + reach)
      case .reflection: x = reflected(x, low, high)
      }
    }
    guard x > -3, x < Float(extent) + 2 else { return [] }
    let first = Int(x.rounded(.down))
    let rest = x - x.rounded(.down)
    let taps: [SamplingTap] =
      switch mode {
      case .nearest: [SamplingTap(index: first, weight: 1)]
      case .linear:
        [SamplingTap(index: first, weight: 1 - rest), SamplingTap(index: first + 1, weight: rest)]
      case .cubic:
        (-1...2).map { SamplingTap(index: first + $0, weight: cubicWeight(abs(rest - Float($0)))) }
      }
    return taps.compactMap { tap in
      place(tap.index, extent: extent, low, high).map { SamplingTap(index: $0, weight: tap.weight) }
    }
  }

  /// Where element `index` is read; nil where it counts as 0.
  private func place(_ index: Int, extent: Int, _ low: Float, _ high: Float) -> Int? {
    if index >= 0, index < extent { return index }
    switch padding {
    case .zeros: return nil
    case .border: return min(max(index, 0), extent - 1)
    case .reflection: return min(max(Int(reflected(Float(index), low, high)), 0), extent - 1)
    }
  }

  /// `x` mirrored at `low` and `high` until it lies between them.
  private func reflected(_ x: Float, _ low: Float, _ high: Float) -> Float {
    if x >= low && x <= high { return x }
    guard high > low else { return low }
    let range = high - low
    let beyond = x < low ? low - x : x - high
    let times = (beyond / range).rounded(.towardZero)
    let rest = beyond - times * range
    let turns = times.truncatingRemainder(dividingBy: 2) != 0
    return (x < low) != turns ? low + rest : high - rest
  }

  /// The cubic convolution of Keys (1981) with a = −0.75, at a distance of 0 to 2 elements.
  private func cubicWeight(_ distance: Float) -> Float {
    let (a, d) = (-0.75, Double(distance))
    return Float(d <= 1 ? ((a + 2) * d - (a + 3)) * d * d + 1 : a * (((d - 5) * d + 8) * d - 4))
  }

  /// The sum over all combinations of taps of one map, whose elements begin at `start`.
  func weightedSum(_ elements: [Float], from start: Int, spatial: Shape, _ taps: [[SamplingTap]]) -> Double {
    guard let own = taps.first else { return Double(elements[start]) }
    let (inside, rest) = (Array(spatial.dropFirst()), Array(taps.dropFirst()))
    let size = inside.elementCount
    return own.reduce(0) { sum, tap in
      sum + Double(tap.weight) * weightedSum(elements, from: start + tap.index * size, spatial: inside, rest)
    }
  }
}
