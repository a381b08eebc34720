internal import CGradient
internal import EspalierGraph
internal import EspalierOperators

/// Elements that change places: every output element is a copy of one input element, or a constant.
///
/// Where each comes from is asked of the operator itself: it moves the numbers of its inputs' elements.
struct MovementStep: Step {
  /// By input.
  let inputs: [(slot: Slot, runs: [gradient_run])]
  let y: Slot
  /// What elements are that no input gives; nil where there are none.
  let fill: Float?

  func forward(_ memory: TapeMemory) {
    if let fill { gradient_fill(y.count, fill, memory.value(y)) }
    for (slot, runs) in inputs { gradient_move(runs.count, runs, memory.value(slot), memory.value(y)) }
  }

  func backward(_ memory: TapeMemory) {
    for (slot, runs) in inputs {
      guard let target = memory.gradient(slot) else { continue }
      gradient_move_backward(runs.count, runs, memory.error(y), target)
    }
  }

  @Sendable static func record(_ context: inout RuleContext) throws(GradientError) -> [any Step] {
    var (op, fill) = (context.node.op, Float(0))
    if var pad = op as? Pad {
      (fill, pad.value) = (pad.value, 0)
      op = pad
    }
    if let gather = op as? Gather, gather.table == nil {
      throw context.unsupported("its indices are computed from the frame")
    }
    var (numbered, next): ([Tensor], Int64) = ([], 1)
    for slot in context.inputs {
      numbered.append(Tensor(shape: slot.shape, integers: Array(next..<next + Int64(slot.count))))
      next += Int64(slot.count)
    }
    let moved: [Tensor]
    do { moved = try op.evaluate(numbered) } catch { throw context.unsupported("\(error)") }
    return zip(context.outputs, moved).map { output, sources in
      step(to: output, from: sources.integers, context.inputs, fill: fill)
    }
  }

  /// - Parameter sources: For every output element the number of an input element, from 1 on, or 0.
  private static func step(
    to output: Slot, from sources: [Int64], _ inputs: [Slot], fill: Float
  ) -> MovementStep {
    var runs = [[gradient_run]](repeating: [], count: inputs.count)
    var (start, hasHoles) = (0, false)
    let firsts = inputs.reduce(into: [1]) { $0.append($0[$0.count - 1] + $1.count) }
    while start < sources.count {
      let number = Int(sources[start])
      guard number > 0, let input = inputs.indices.last(where: { firsts[$0] <= number }) else {
        (start, hasHoles) = (start + 1, true)
        continue
      }
      var end = start + 1
      while end < sources.count, Int(sources[end]) == number + end - start,
        Int(sources[end]) < firsts[input + 1]
      {
        end += 1
      }
      runs[input].append(
        gradient_run(
          target: Int32(start), source: Int32(number - firsts[input]), count: Int32(end - start)))
      start = end
    }
    return MovementStep(
      inputs: zip(inputs, runs).map { (slot: $0, runs: $1) }, y: output, fill: hasHoles ? fill : nil)
  }
}
