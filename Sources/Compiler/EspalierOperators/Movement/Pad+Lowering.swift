public import EspalierGraph

extension Pad {
  /// One copy of what is kept, and for every padded side a fill or, from the output itself, the copies or
  /// the gather that repeat what is there already.
  public func lower(_ node: Node, into lowering: inout Lowering) throws(LoweringError) {
    let source = lowering.view(of: node.inputs[0])
    let output = lowering.allocate(node.outputs[0])
    guard !output.shape.contains(0) else { return }
    var kept = source
    var interior = output
    for axis in source.shape.indices {
      let first = -min(before[axis], 0)
      let count = source.shape[axis] - first + min(after[axis], 0)
      kept = kept.sliced(axis: axis, start: first, count: count)
      interior = interior.sliced(axis: axis, start: max(before[axis], 0), count: count)
    }
    try lowering.copy(from: kept, to: interior)
    // Axis by axis, each over what the axes before have completed.
    var done = interior
    for axis in source.shape.indices where output.shape[axis] != done.shape[axis] {
      let start = max(before[axis], 0)
      try complete(axis, inner: start..<start + done.shape[axis], of: done, output, &lowering)
      done.base -= start * done.strides[axis]
      done.shape[axis] = output.shape[axis]
    }
  }

  /// Writes what lies outside of `inner` along one axis.
  private func complete(
    _ axis: Int, inner: Range<Int>, of done: View, _ output: View, _ lowering: inout Lowering
  ) throws(LoweringError) {
    let extent = output.shape[axis]
    var whole = done
    whole.base -= inner.lowerBound * done.strides[axis]
    whole.shape[axis] = extent
    guard mode != .constant else {
      lowering.fill(whole.sliced(axis: axis, start: 0, count: inner.lowerBound), with: value)
      let rest = extent - inner.upperBound
      return lowering.fill(whole.sliced(axis: axis, start: inner.upperBound, count: rest), with: value)
    }
    for side in [0..<inner.lowerBound, inner.upperBound..<extent] {
      try repeatElements(of: done, axis, into: whole, side, inner.lowerBound, &lowering)
    }
  }

  /// Copies runs of evenly spaced elements of `done` to the positions `side` of `whole`.
  private func repeatElements(
    of done: View, _ axis: Int, into whole: View, _ side: Range<Int>, _ lead: Int,
    _ lowering: inout Lowering
  ) throws(LoweringError) {
    let table = Pad(mode: mode, before: [lead], after: [side.upperBound])
      .table(axis: 0, extent: done.shape[axis]).compactMap { $0 }
    var start = side.lowerBound
    while start < side.upperBound {
      var end = start + 1
      while end < side.upperBound, arithmeticProgression(Array(table[start...end])) != nil { end += 1 }
      guard let (first, step) = arithmeticProgression(Array(table[start..<end])) else { return }
      try lowering.copy(
        from: done.sliced(axis: axis, start: first, count: end - start, step: step),
        to: whole.sliced(axis: axis, start: start, count: end - start))
      start = end
    }
  }
}
