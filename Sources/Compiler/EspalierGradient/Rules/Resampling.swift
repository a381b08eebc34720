internal import CGradient
internal import EspalierGraph
internal import EspalierOperators

/// Weighted sums along one axis: a resized image, axis by axis.
struct ResamplingStep: Step {
  let x: Slot, y: Slot
  let outer: Int, inputs: Int, outputs: Int, inner: Int
  /// Where the taps of each output position start, and behind the last.
  let first: [Int32]
  let index: [Int32]
  let weights: [Float]

  private func withTaps(_ body: (UnsafePointer<gradient_taps>) -> Void) {
    first.withUnsafeBufferPointer { first in
      index.withUnsafeBufferPointer { index in
        weights.withUnsafeBufferPointer { weights in
          var taps = gradient_taps(
            outer: outer, inputs: inputs, outputs: outputs, inner: inner, first: first.baseAddress,
            index: index.baseAddress, weight: weights.baseAddress)
          body(&taps)
        }
      }
    }
  }

  func forward(_ memory: TapeMemory) { withTaps { gradient_resample($0, memory.value(x), memory.value(y)) } }

  func backward(_ memory: TapeMemory) {
    guard let target = memory.gradient(x) else { return }
    withTaps { gradient_resample_backward($0, memory.error(y), target) }
  }

  @Sendable static func record(_ context: inout RuleContext) throws(GradientError) -> [any Step] {
    guard let resize = context.node.op as? Resize else { return [] }
    guard resize.coordinates != .cropAndResize else { throw context.unsupported("it crops") }
    var (steps, source): ([any Step], Slot) = ([], context.inputs[0])
    guard !resize.axes.isEmpty else { throw context.unsupported("it resizes no axis") }
    for (position, axis) in resize.axes.enumerated() {
      var shape = source.shape
      shape[axis.axis] = axis.extent
      let isLast = position == resize.axes.count - 1
      let target = isLast ? context.outputs[0] : context.intermediate(shape)
      steps.append(try step(resize, axis, from: source, to: target, context))
      source = target
    }
    return steps
  }

  /// One axis; its taps are asked of the operator itself, which resizes the rows of an identity matrix.
  private static func step(
    _ resize: Resize, _ axis: Resize.Axis, from x: Slot, to y: Slot, _ context: RuleContext
  ) throws(GradientError) -> ResamplingStep {
    let count = x.shape[axis.axis]
    let identity = (0..<count * count).map { Float($0 / count == $0 % count ? 1 : 0) }
    var single = resize
    single.axes = [axis]
    single.axes[0].axis = 0
    let matrix: [Float]
    do { matrix = try single.evaluate([Tensor(shape: [count, count], floats: identity)])[0].floats } catch {
      throw context.unsupported("\(error)")
    }
    var (first, index, weights): ([Int32], [Int32], [Float]) = ([0], [], [])
    for row in 0..<axis.extent {
      for column in 0..<count where matrix[row * count + column] != 0 {
        index.append(Int32(column))
        weights.append(matrix[row * count + column])
      }
      first.append(Int32(index.count))
    }
    return ResamplingStep(
      x: x, y: y, outer: x.shape[..<axis.axis].reduce(1, *), inputs: count, outputs: axis.extent,
      inner: x.shape[(axis.axis + 1)...].reduce(1, *), first: first, index: index, weights: weights)
  }
}
