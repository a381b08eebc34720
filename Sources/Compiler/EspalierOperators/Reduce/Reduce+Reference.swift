public import EspalierGraph
internal import Foundation

extension Reduce {
  public func evaluate(_ inputs: [Tensor]) -> [Tensor] {
    let x = inputs[0]
    let (kept, reduced) = x.shape.reductionOffsets(axes)
    let shape = x.shape.reduced(axes, keepsAxes: keepsAxes)
    switch x.storage {
    case .floats(let elements):
      let result = kept.map { start in Float(value(of: reduced.map { Double(elements[start + $0]) })) }
      return [Tensor(shape: shape, element: x.type.element, floats: result)]
    case .integers(let elements):
      let result = kept.map { start in integer(of: reduced.map { elements[start + $0] }, x.type.element) }
      return [Tensor(shape: shape, element: x.type.element, integers: result)]
    }
  }

  /// What no elements at all reduce to: the reduction's neutral element.
  var valueOfNothing: Double { value(of: []) }

  /// The reduction of floats, summed in double precision; a NaN wins in max and min.
  private func value(of x: [Double]) -> Double {
    switch kind {
    case .sum: x.reduce(0, +)
    case .mean: x.reduce(0, +) / Double(x.count)
    case .max: x.reduce(-.infinity) { $0.isNaN || $1.isNaN ? .nan : Swift.max($0, $1) }
    case .min: x.reduce(.infinity) { $0.isNaN || $1.isNaN ? .nan : Swift.min($0, $1) }
    case .product: x.reduce(1, *)
    case .l1: x.reduce(0) { $0 + abs($1) }
    case .l2: x.reduce(0) { $0 + $1 * $1 }.squareRoot()
    case .logSum: log(x.reduce(0, +))
    case .logSumExp: logSumExp(x)
    case .sumSquare: x.reduce(0) { $0 + $1 * $1 }
    }
  }

  /// Shifted by the maximum, so that no power overflows.
  private func logSumExp(_ x: [Double]) -> Double {
    guard let highest = x.max(), highest.isFinite else { return log(x.reduce(0) { $0 + exp($1) }) }
    return highest + log(x.reduce(0) { $0 + exp($1 - highest) })
  }

  /// The reduction of integers, wrapping around in their type; what is no integer is cut off toward zero.
  private func integer(of x: [Int64], _ element: ElementType) -> Int64 {
    let arithmetic = IntegerArithmetic(element)
    switch kind {
    case .sum: return element.wrapped(x.reduce(0, &+))
    case .product: return element.wrapped(x.reduce(1, &*))
    case .sumSquare: return element.wrapped(x.reduce(0) { $0 &+ $1 &* $1 })
    case .l1:
      return element.wrapped(x.reduce(0) { $0 &+ ($1 < 0 && element != .uint64 ? 0 &- $1 : $1) })
    case .max: return x.max(by: arithmetic.isLess) ?? element.truncating(-.infinity)
    case .min: return x.min(by: arithmetic.isLess) ?? element.truncating(.infinity)
    default: return element.truncating(value(of: x.map(arithmetic.double)))
    }
  }
}

extension [Int] {
  /// Row-major offsets of a tensor of this shape: one per index along the axes that stay, and one per index
  /// along `axes`; their sums are the positions of all elements.
  func reductionOffsets(_ axes: [Int]) -> (kept: [Int], reduced: [Int]) {
    let strides = rowMajorStrides
    func offsets(_ chosen: [Int]) -> [Int] {
      chosen.reduce([0]) { offsets, axis in
        offsets.flatMap { offset in (0..<self[axis]).map { offset + $0 * strides[axis] } }
      }
    }
    return (offsets(indices.filter { !axes.contains($0) }), offsets(axes))
  }
}
