internal import CGradient
internal import EspalierGraph
internal import EspalierOperators

/// One number from the elements along some axes.
struct ReductionStep: Step {
  let kind: gradient_reduction
  let scale: Float
  let axes: gradient_axes
  let x: Slot, y: Slot

  func forward(_ memory: TapeMemory) {
    guard x.count > 0 else { return }
    memory.scratch.withMemoryRebound(to: Double.self, capacity: y.count) { sums in
      withUnsafePointer(to: axes) {
        gradient_reduce(kind, scale, $0, y.count, memory.value(x), sums, memory.value(y))
      }
    }
  }

  func backward(_ memory: TapeMemory) {
    guard x.count > 0, let target = memory.gradient(x) else { return }
    memory.scratch.withMemoryRebound(to: UInt8.self, capacity: y.count) { taken in
      withUnsafePointer(to: axes) {
        gradient_reduce_backward(
          kind, scale, $0, y.count, memory.value(x), memory.value(y), memory.error(y), taken, target)
      }
    }
  }

  @Sendable static func record(_ context: inout RuleContext) throws(GradientError) -> [any Step] {
    guard let reduce = context.node.op as? Reduce else { return [] }
    guard let kind = kinds[reduce.kind] else {
      throw context.unsupported("\(reduce.kind.rawValue) has no rule")
    }
    let (x, y) = (context.inputs[0], context.outputs[0])
    let kept = x.shape.indices.map { reduce.axes.contains($0) ? 1 : x.shape[$0] }
    let strides = kept.strides(broadcastTo: x.shape)
    guard let axes = gradient_axes(x.shape, x.shape.rowMajorStrides, strides) else {
      throw context.unsupported("it reduces too many axes")
    }
    context.reserveScratch(2 * y.count + 2)
    let scale = reduce.kind == .mean ? Float(y.count) / Float(x.count) : 1
    return [ReductionStep(kind: kind, scale: scale, axes: axes, x: x, y: y)]
  }

  private static let kinds: [Reduce.Kind: gradient_reduction] = [
    .sum: gradient_sum, .mean: gradient_sum, .max: gradient_max, .min: gradient_min, .l1: gradient_l1,
    .l2: gradient_l2, .sumSquare: gradient_sum_square,
  ]
}
