internal import CMoments

/// Rounds the weights of filters so that the filters' outputs change least.
///
/// Weights are rounded one after another, and each takes up what rounding the ones before it did to the output:
/// the nearest plane of the lattice that the inputs' second moments span. Then single steps up or down follow
/// as long as they help.
///
/// Source: Frantar et al. 2022 (GPTQ), algorithm 1, in Babai's form; Nagel et al. 2020 for the objective.
struct OutputRounding {
  /// The rounding of some neighboring weights of a filter.
  struct Part {
    var first: Int
    var rounding: OutputRounding
  }

  /// Of how many weights.
  let size: Int
  /// `H`: the second moments, their correlations shrunk by how few samples there are.
  private let moments: [Double]
  /// Row by row `L` of `H = L Lᵀ`, in the order of rounding from the last to the first.
  private let factor: [Double]
  /// The weight that each row of `factor` stands for: those that matter most are rounded first.
  private let order: [Int]
  private static let sweeps = 3

  init(_ moments: SecondMoments) {
    let size = moments.size
    let mean = (0..<size).reduce(0) { $0 + moments[$1, $1] } / Double(max(size, 1))
    // An input that was silent while calibrating still counts a little.
    let floor = mean > 0 ? mean * 0.001 : 1
    // Few samples show correlations that are not there.
    let kept = Double(moments.samples) / Double(moments.samples + size)
    var matrix = [Double](repeating: 0, count: size * size)
    for i in 0..<size {
      for j in 0..<i {
        matrix[i * size + j] = kept * moments[i, j]
        matrix[j * size + i] = matrix[i * size + j]
      }
      matrix[i * size + i] = moments[i, i] + floor
    }
    order = (0..<size).sorted {
      (matrix[$0 * size + $0], $0) < (matrix[$1 * size + $1], $1)
    }
    self.size = size
    self.moments = matrix
    factor = Self.factored(matrix, order)
  }

  /// `L` of `L Lᵀ = H`, rows and columns in a given order.
  ///
  /// - Precondition: `matrix` is positive definite.
  private static func factored(_ matrix: [Double], _ order: [Int]) -> [Double] {
    let size = order.count
    var factor = [Double](repeating: 0, count: size * size)
    factor.withUnsafeMutableBufferPointer { factor in
      guard let factor = factor.baseAddress else { return }
      for i in 0..<size {
        let row = factor + i * size
        for j in 0...i {
          let other = factor + j * size
          let rest = matrix[order[i] * size + order[j]] - moments_dot(row, other, j)
          row[j] = i == j ? max(rest, .leastNormalMagnitude).squareRoot() : rest / other[j]
        }
      }
    }
    return factor
  }

  /// The elements of one filter under a scale.
  func elements(of weights: ArraySlice<Float>, scale: Float, limit: Int) -> [Double] {
    let exact = weights.map { Double($0) / Double(scale) }
    var elements = nearestPlane(exact, limit: Double(limit))
    descend(&elements, exact, limit: Double(limit))
    return elements
  }

  private func nearestPlane(_ exact: [Double], limit: Double) -> [Double] {
    var elements = exact
    var carried = [Double](repeating: 0, count: size)
    for row in (0..<size).reversed() {
      let place = order[row]
      let wanted = exact[place] + carried[row] / factor[row * size + row]
      elements[place] = min(max(wanted.rounded(.toNearestOrEven), -limit), limit)
      addScaled(factor, row * size, exact[place] - elements[place], to: &carried, count: row)
    }
    return elements
  }

  /// Moves single elements to where the output's error is least, given all others.
  private func descend(_ elements: inout [Double], _ exact: [Double], limit: Double) {
    var slope = product(zip(exact, elements).map { $0 - $1 })
    for _ in 0..<Self.sweeps {
      var moved = false
      for place in order.reversed() {
        let step = (slope[place] / moments[place * size + place]).rounded(.toNearestOrEven)
        let target = min(max(elements[place] + step, -limit), limit)
        guard target != elements[place] else { continue }
        addScaled(moments, place * size, elements[place] - target, to: &slope, count: size)
        elements[place] = target
        moved = true
      }
      guard moved else { return }
    }
  }

  /// `H v`
  func product(_ vector: [Double]) -> [Double] {
    moments.withUnsafeBufferPointer { moments in
      vector.withUnsafeBufferPointer { vector in
        guard let moments = moments.baseAddress, let vector = vector.baseAddress else { return [] }
        return (0..<size).map { moments_dot(moments + $0 * size, vector, size) }
      }
    }
  }
}

/// Adds `share` times the `count` numbers from `first` on.
private func addScaled(
  _ numbers: [Double], _ first: Int, _ share: Double, to target: inout [Double], count: Int
) {
  guard share != 0, count > 0 else { return }
  numbers.withUnsafeBufferPointer { numbers in
    target.withUnsafeMutableBufferPointer { target in
      guard let numbers = numbers.baseAddress, let target = target.baseAddress else { return }
      moments_add_scaled(target, numbers + first, share, count)
    }
  }
}
