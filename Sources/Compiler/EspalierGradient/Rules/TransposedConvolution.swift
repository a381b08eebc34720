internal import CGradient
internal import EspalierGraph
internal import EspalierOperators

/// Transposed convolution: the adjoint of a convolution whose image is the output.
struct TransposedConvolutionStep: Step {
  let x: Slot, weights: Slot, y: Slot
  let bias: Slot?
  let batch: Int, groups: Int
  /// Input channels of one group.
  let channels: Int
  /// Over the output channels of one group; its outputs are the pixels of the input.
  let window: gradient_window

  private var depth: Int { window.channels * window.taps }
  private var inputSize: Int { channels * window.outputPlane }
  private var outputSize: Int { window.channels * window.inputPlane }

  func forward(_ memory: TapeMemory) {
    let (x, weights, y) = (memory.value(x), memory.value(weights), memory.value(y))
    if bias == nil { gradient_fill(self.y.count, 0, y) }
    memory.prepareSum(self.y, batch: batch, bias: bias, residual: nil)
    for block in 0..<batch * groups {
      addProduct(
        weights + block % groups * channels * depth, x + block * inputSize, transposingA: true,
        to: memory.scratch, rows: depth, depth: channels, columns: window.outputPlane, keeping: 0)
      withUnsafePointer(to: window) { gradient_columns_backward($0, memory.scratch, y + block * outputSize) }
    }
  }

  func backward(_ memory: TapeMemory) {
    let (x, weights, error) = (memory.value(x), memory.value(weights), memory.error(y))
    memory.backThroughSum(y, batch: batch, bias: bias, residual: nil)
    for block in 0..<batch * groups {
      let own = block % groups * channels * depth
      withUnsafePointer(to: window) { gradient_columns($0, error + block * outputSize, memory.scratch) }
      if let target = memory.gradient(self.x) {
        addProduct(
          weights + own, memory.scratch, to: target + block * inputSize, rows: channels, depth: depth,
          columns: window.outputPlane)
      }
      if let target = memory.gradient(self.weights) {
        addProduct(
          x + block * inputSize, memory.scratch, transposingB: true, to: target + own, rows: channels,
          depth: window.outputPlane, columns: depth)
      }
    }
  }

  @Sendable static func record(_ context: inout RuleContext) throws(GradientError) -> [any Step] {
    guard let conv = context.node.op as? ConvTranspose else { return [] }
    let (sum, activation) = context.activated(conv.activation)
    let (x, weights) = (context.inputs[0], context.inputs[1])
    let window = try context.imageWindow(
      conv.window(context.inputTypes[1]), image: sum.shape, result: x.shape, channels: weights.shape[1])
    context.reserveScratch(window.channels * window.taps * window.outputPlane)
    let step = TransposedConvolutionStep(
      x: x, weights: weights, y: sum, bias: conv.hasBias ? context.inputs[2] : nil, batch: x.shape[0],
      groups: conv.groups, channels: x.shape[1] / conv.groups, window: window)
    return [step] + activation
  }
}
