import EspalierGraph

/// Calls by the kinds that operators name.
extension Lowering {
  /// `target = function(kind(a, b))`, with a and b broadcast to the target's shape.
  ///
  /// - Precondition: A kernel computes the kind.
  mutating func binary(
    _ kind: Binary.Kind, _ a: View, _ b: View, to target: View, function: ElementFunction = .identity
  ) throws(LoweringError) {
    guard let code = kind.kernelCode else { preconditionFailure("no kernel computes \(kind)") }
    try binary(code, a, b, to: target, function: function)
  }

  /// `target = kind(source)` over `axes`, which stay with extent 1.
  ///
  /// - Precondition: No reduced axis is empty.
  mutating func reduce(
    _ kind: Reduce.Kind, _ source: View, axes: [Int], to target: View
  ) throws(LoweringError) {
    let code = Int32(Reduce.Kind.allCases.firstIndex(of: kind) ?? 0)
    try reduce(code, source, axes: axes, keepsAxes: true, to: target)
  }
}
