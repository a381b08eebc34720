internal import CGradient
internal import EspalierGraph
internal import EspalierOperators

/// Convolution as a product of filters with what each output pixel sees.
struct ConvolutionStep: Step {
  let x: Slot, weights: Slot, y: Slot
  let bias: Slot?, residual: Slot?
  let batch: Int, groups: Int
  /// Output channels of one group.
  let filters: Int
  /// Over the channels of one group.
  let window: gradient_window

  private var depth: Int { window.channels * window.taps }
  private var inputSize: Int { window.channels * window.inputPlane }
  private var outputSize: Int { filters * window.outputPlane }

  func forward(_ memory: TapeMemory) {
    let (x, weights, y) = (memory.value(x), memory.value(weights), memory.value(y))
    memory.prepareSum(self.y, batch: batch, bias: bias, residual: residual)
    for block in 0..<batch * groups {
      addProduct(
        weights + block % groups * filters * depth, columns(x + block * inputSize, memory),
        to: y + block * outputSize, rows: filters, depth: depth, columns: window.outputPlane,
        keeping: bias == nil && residual == nil ? 0 : 1)
    }
  }

  func backward(_ memory: TapeMemory) {
    let (x, weights, error) = (memory.value(x), memory.value(weights), memory.error(y))
    memory.backThroughSum(y, batch: batch, bias: bias, residual: residual)
    for block in 0..<batch * groups {
      let (own, error) = (block % groups * filters * depth, error + block * outputSize)
      if let target = memory.gradient(self.weights) {
        addProduct(
          error, columns(x + block * inputSize, memory), transposingB: true, to: target + own, rows: filters,
          depth: window.outputPlane, columns: depth)
      }
      if let target = memory.gradient(self.x) {
        backward(error, weights + own, to: target + block * inputSize, memory)
      }
    }
  }

  /// What each output pixel sees, `[C · taps, pixels]`.
  private func columns(_ image: UnsafePointer<Float>, _ memory: TapeMemory) -> UnsafePointer<Float> {
    guard !window.isPointwise else { return image }
    withUnsafePointer(to: window) { gradient_columns($0, image, memory.scratch) }
    return UnsafePointer(memory.scratch)
  }

  private func backward(
    _ error: UnsafePointer<Float>, _ weights: UnsafePointer<Float>, to target: UnsafeMutablePointer<Float>,
    _ memory: TapeMemory
  ) {
    let isPointwise = window.isPointwise
    addProduct(
      weights, error, transposingA: true, to: isPointwise ? target : memory.scratch, rows: depth,
      depth: filters, columns: window.outputPlane, keeping: isPointwise ? 1 : 0)
    guard !isPointwise else { return }
    withUnsafePointer(to: window) { gradient_columns_backward($0, memory.scratch, target) }
  }
}

/// Convolution in steps of one pixel, straight over the image.
struct DirectConvolutionStep: Step {
  let x: Slot, weights: Slot, y: Slot
  let bias: Slot?, residual: Slot?
  let batch: Int, groups: Int
  /// Output channels of one group.
  let filters: Int
  /// Over the channels of one group.
  let window: gradient_window

  private var inputSize: Int { window.channels * window.inputPlane }
  private var outputSize: Int { filters * window.outputPlane }
  private var filterSize: Int { filters * window.channels * window.taps }

  func forward(_ memory: TapeMemory) {
    memory.prepareSum(y, batch: batch, bias: bias, residual: residual)
    if bias == nil, residual == nil { gradient_fill(y.count, 0, memory.value(y)) }
    withUnsafePointer(to: window) { window in
      for block in 0..<batch * groups {
        gradient_convolve(
          window, filters, memory.value(weights) + block % groups * filterSize,
          memory.value(x) + block * inputSize, memory.scratch, memory.value(y) + block * outputSize)
      }
    }
  }

  func backward(_ memory: TapeMemory) {
    memory.backThroughSum(y, batch: batch, bias: bias, residual: residual)
    withUnsafePointer(to: window) { window in
      for block in 0..<batch * groups {
        let own = block % groups * filterSize
        gradient_convolve_backward(
          window, filters, memory.value(weights) + own, memory.value(x) + block * inputSize,
          memory.error(y) + block * outputSize, memory.scratch,
          memory.gradient(x).map { $0 + block * inputSize }, memory.gradient(weights).map { $0 + own })
      }
    }
  }
}

/// Convolution with filters that see one channel each.
struct DepthwiseStep: Step {
  let x: Slot, weights: Slot, y: Slot
  let bias: Slot?, residual: Slot?
  let batch: Int
  /// Output channels of one input channel.
  let multiplier: Int
  let window: gradient_window

  private var inputSize: Int { window.channels * window.inputPlane }
  private var outputSize: Int { window.channels * multiplier * window.outputPlane }

  func forward(_ memory: TapeMemory) {
    memory.prepareSum(y, batch: batch, bias: bias, residual: residual)
    if bias == nil, residual == nil { gradient_fill(y.count, 0, memory.value(y)) }
    for image in 0..<batch {
      withUnsafePointer(to: window) {
        gradient_depthwise_add(
          $0, multiplier, memory.value(x) + image * inputSize, memory.value(weights),
          memory.scratch, memory.value(y) + image * outputSize)
      }
    }
  }

  func backward(_ memory: TapeMemory) {
    memory.backThroughSum(y, batch: batch, bias: bias, residual: residual)
    for image in 0..<batch {
      withUnsafePointer(to: window) {
        gradient_depthwise_backward(
          $0, multiplier, memory.value(x) + image * inputSize, memory.value(weights),
          memory.error(y) + image * outputSize, memory.scratch,
          memory.gradient(x).map { $0 + image * inputSize }, memory.gradient(weights))
      }
    }
  }
}

extension TapeMemory {
  /// Writes what the sums of a convolution start from, where they do not start from 0.
  func prepareSum(_ y: Slot, batch: Int, bias: Slot?, residual: Slot?) {
    let channels = y.shape[1]
    let plane = y.count / max(batch * channels, 1)
    if let bias {
      for image in 0..<batch {
        gradient_fill_rows(channels, plane, value(bias), value(y) + image * channels * plane)
      }
      if let residual { gradient_accumulate(y.count, value(residual), value(y)) }
    } else if let residual {
      value(y).update(from: value(residual), count: y.count)
    }
  }

  /// The adjoint of `prepareSum`.
  func backThroughSum(_ y: Slot, batch: Int, bias: Slot?, residual: Slot?) {
    let channels = y.shape[1]
    let plane = y.count / max(batch * channels, 1)
    if let bias, let target = gradient(bias) {
      for image in 0..<batch {
        gradient_fill_rows_backward(channels, plane, error(y) + image * channels * plane, target)
      }
    }
    if let residual, let target = gradient(residual) { gradient_accumulate(y.count, error(y), target) }
  }
}

extension ConvolutionStep {
  @Sendable static func record(_ context: inout RuleContext) throws(GradientError) -> [any Step] {
    guard let conv = context.node.op as? Conv else { return [] }
    let (sum, activation) = context.activated(conv.activation)
    let (x, weights) = (context.inputs[0], context.inputs[1])
    let bias = conv.hasBias ? context.inputs[2] : nil
    let residual = conv.residualIndex.map { context.inputs[$0] }
    context.residualSum = residual.map { ResidualSum(sum: sum, residual: $0) }
    let (batch, channels) = (x.shape[0], x.shape[1] / conv.groups)
    let isDepthwise = channels == 1 && conv.groups > 1
    let window = try context.imageWindow(
      conv.window(context.inputTypes[1]), image: x.shape, result: sum.shape,
      channels: isDepthwise ? conv.groups : channels)
    if isDepthwise {
      context.reserveScratch(withUnsafePointer(to: window, gradient_depthwise_scratch))
      let step = DepthwiseStep(
        x: x, weights: weights, y: sum, bias: bias, residual: residual, batch: batch,
        multiplier: weights.shape[0] / conv.groups, window: window)
      return [step] + activation
    }
    let filters = weights.shape[0] / conv.groups
    if !window.isPointwise, withUnsafePointer(to: window, gradient_convolves) == 1 {
      context.reserveScratch(withUnsafePointer(to: window) { gradient_convolve_scratch($0, filters) })
      let step = DirectConvolutionStep(
        x: x, weights: weights, y: sum, bias: bias, residual: residual, batch: batch, groups: conv.groups,
        filters: filters, window: window)
      return [step] + activation
    }
    if !window.isPointwise { context.reserveScratch(channels * window.taps * window.outputPlane) }
    let step = ConvolutionStep(
      x: x, weights: weights, y: sum, bias: bias, residual: residual, batch: batch, groups: conv.groups,
      filters: filters, window: window)
    return [step] + activation
  }
}
