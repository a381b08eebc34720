internal import CGradient
internal import EspalierGraph
internal import EspalierOperators

/// The largest element or the mean under a window.
struct PoolingStep: Step {
  let x: Slot, y: Slot
  let window: gradient_window
  /// What the sum under each place of the window is multiplied by; nil for maxima.
  let scales: [Float]?

  func forward(_ memory: TapeMemory) {
    withUnsafePointer(to: window) {
      if let scales {
        gradient_pool_sum($0, scales, memory.value(x), memory.value(y))
      } else {
        gradient_pool_max($0, memory.value(x), memory.value(y))
      }
    }
  }

  func backward(_ memory: TapeMemory) {
    guard let target = memory.gradient(x) else { return }
    withUnsafePointer(to: window) {
      if let scales {
        gradient_pool_sum_backward($0, scales, memory.error(y), target)
      } else {
        gradient_pool_max_backward($0, memory.value(x), memory.error(y), target)
      }
    }
  }

  @Sendable static func recordMax(_ context: inout RuleContext) throws(GradientError) -> [any Step] {
    guard let pool = context.node.op as? MaxPool else { return [] }
    guard !pool.givesIndices else { throw context.unsupported("its Indices output is wanted") }
    return [try step(pool.window, nil, context)]
  }

  @Sendable static func recordAverage(_ context: inout RuleContext) throws(GradientError) -> [any Step] {
    guard let pool = context.node.op as? AveragePool else { return [] }
    let spatial = Array(context.inputs[0].shape.dropFirst(2))
    let plane = context.outputs[0].shape.dropFirst(2).reduce(1, *)
    // Of ones the mean is taps inside over divisor, and the sum is the taps inside.
    let ones = Tensor(shape: [1, 1] + spatial, floats: [Float](repeating: 1, count: spatial.elementCount))
    let means = pool.evaluate([ones])[0].floats
    var step = try step(pool.window, [Float](repeating: 1, count: plane), context)
    var (sums, single) = ([Float](repeating: 0, count: plane), step.window)
    single.channels = 1
    gradient_pool_sum(&single, step.scales ?? [], ones.floats, &sums)
    step = PoolingStep(
      x: step.x, y: step.y, window: step.window, scales: zip(means, sums).map { $1 == 0 ? 0 : $0 / $1 })
    return [step]
  }

  private static func step(
    _ window: Window, _ scales: [Float]?, _ context: RuleContext
  ) throws(GradientError) -> PoolingStep {
    let (x, y) = (context.inputs[0], context.outputs[0])
    return PoolingStep(
      x: x, y: y,
      window: try context.imageWindow(
        window, image: x.shape, result: y.shape, channels: x.shape[0] * x.shape[1]),
      scales: scales)
  }
}
