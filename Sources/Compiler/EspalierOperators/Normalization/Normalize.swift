import EspalierGraph
import EspalierKernels

/// The cases stand in the order of `espalier_normalization` (espalier_parameters.h).
enum NormalizationKind: Int32 {
  /// `(x − mean) / √(variance + ε)`
  case meanVariance
  /// `x / √(mean x² + ε)`
  case rms
  /// `x / Σ |x|`, 0 where the sum is 0
  case l1
  /// `x / √Σ x²`, 0 where the sum is 0
  case l2
}

/// Elements that are normalized together: everything along `reduced`, for every index along `kept`.
struct NormalizedGroups {
  var kind: NormalizationKind
  var kept: [Int]
  var reduced: [Int]
  var epsilon: Float
}

// MARK: - Reference

extension NormalizedGroups {
  /// What the elements of one group are shifted and multiplied by.
  struct Statistics {
    var shift: Double
    var factor: Double
  }

  /// The normalized elements in double precision, and the statistics of every group in the order of `kept`.
  func normalize(_ input: Tensor) -> (elements: [Double], statistics: [Statistics]) {
    let x = input.floats.map(Double.init)
    let strides = input.shape.rowMajorStrides
    let starts = positions(kept, input.shape, strides)
    let steps = positions(reduced, input.shape, strides)
    var result = x
    var all: [Statistics] = []
    for start in starts {
      let found = statistics(steps.lazy.map { x[start + $0] }, count: Double(steps.count))
      for step in steps { result[start + step] = (x[start + step] - found.shift) * found.factor }
      all.append(found)
    }
    return (result, all)
  }

  private func statistics(_ group: some Sequence<Double>, count: Double) -> Statistics {
    switch kind {
    case .meanVariance:
      let mean = group.reduce(0, +) / count
      let variance = group.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / count
      return Statistics(shift: mean, factor: 1 / (variance + Double(epsilon)).squareRoot())
    case .rms:
      let square = group.reduce(0) { $0 + $1 * $1 } / count
      return Statistics(shift: 0, factor: 1 / (square + Double(epsilon)).squareRoot())
    case .l1:
      let norm = group.reduce(0) { $0 + $1.magnitude }
      return Statistics(shift: 0, factor: norm == 0 ? 0 : 1 / norm)
    case .l2:
      let norm = group.reduce(0) { $0 + $1 * $1 }.squareRoot()
      return Statistics(shift: 0, factor: norm == 0 ? 0 : 1 / norm)
    }
  }

  /// Row-major positions of all indices along some axes.
  private func positions(_ axes: [Int], _ shape: Shape, _ strides: [Int]) -> [Int] {
    var positions: [Int] = []
    forEachIndex(of: axes.map { shape[$0] }) { index, _ in
      positions.append(zip(index, axes).reduce(0) { $0 + $1.0 * strides[$1.1] })
    }
    return positions
  }
}

// MARK: - Lowering

extension Lowering {
  /// `target = normalized(source) · scale + bias`.
  ///
  /// - Parameters:
  ///   - source: Of the target's shape.
  ///   - scale: Of the target's shape, usually broadcast; nil for 1.
  ///   - bias: Of the target's shape, usually broadcast; nil for 0.
  mutating func normalize(
    _ groups: NormalizedGroups, _ source: View, scale: View?, bias: View?, to target: View
  ) throws(LoweringError) {
    let views = [target, source, scale ?? target, bias ?? target]
    guard let kept = try mergedAxes(views.map { $0.picking(groups.kept) }),
      let reduced = try mergedAxes(views.map { $0.picking(groups.reduced) })
    else { return }
    var parameters = NormalizeParameters()
    parameters.kept = sixAxes(kept.extent, fill: 1)
    parameters.kept_output_stride = sixAxes(kept.strides[0], fill: 0)
    parameters.kept_input_stride = sixAxes(kept.strides[1], fill: 0)
    parameters.kept_scale_stride = sixAxes(kept.strides[2], fill: 0)
    parameters.kept_bias_stride = sixAxes(kept.strides[3], fill: 0)
    parameters.reduced = sixAxes(reduced.extent, fill: 1)
    parameters.reduced_output_stride = sixAxes(reduced.strides[0], fill: 0)
    parameters.reduced_input_stride = sixAxes(reduced.strides[1], fill: 0)
    parameters.reduced_scale_stride = sixAxes(reduced.strides[2], fill: 0)
    parameters.reduced_bias_stride = sixAxes(reduced.strides[3], fill: 0)
    parameters.input_base = source.offsetFromLowest
    parameters.scale_base = scale?.offsetFromLowest ?? 0
    parameters.bias_base = bias?.offsetFromLowest ?? 0
    parameters.output_base = target.offsetFromLowest
    parameters.normalization = groups.kind.rawValue
    parameters.epsilon = groups.epsilon
    emit(parameters, [source.atLowest, scale?.atLowest, bias?.atLowest, target.atLowest])
  }

  /// A value with one entry per channel (axis 1), read as if it had `shape`.
  mutating func perChannel(_ value: ValueID, as shape: Shape) -> View {
    let vector = view(of: value)
    var strides = [Int](repeating: 0, count: shape.count)
    strides[1] = vector.strides[0]
    return View(vector.buffer, base: vector.base, shape: shape, strides: strides)
  }
}
