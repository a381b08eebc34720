public import EspalierGraph

extension ConvTranspose {
  public static func importNode(
    _ node: ImportedNode, into builder: inout GraphBuilder
  ) throws(ImportError) -> [ValueID] {
    let (input, weights) = (try node.requiredInput(0), try node.requiredInput(1))
    let spatial = try node.spatialExtents(ofInput: 0)
    let kernel = Array(weights.type.shape.dropFirst(2))
    if let named = try node.ints("kernel_shape"), named != kernel {
      throw node.invalid("kernel_shape", "is \(named), but the weights are \(weights.type)")
    }
    let rank = spatial.count
    let window = Window(
      kernel: kernel, strides: try node.spatialList("strides", rank: rank),
      dilations: try node.spatialList("dilations", rank: rank),
      pads: [Int](repeating: 0, count: 2 * rank))
    let padding = try node.spatialList("output_padding", rank: rank, fill: 0)
    try node.checked { () throws(ShapeError) in
      try window.validate(rank: rank)
      try Window.check(padding, "output_padding", count: rank, range: 0...Window.limit)
    }
    var conv = ConvTranspose(
      strides: window.strides, dilations: window.dilations, pads: window.pads, outputPadding: padding,
      groups: try node.int("group") ?? 1, hasBias: node.input(2) != nil)
    try conv.setPads(node, window, spatial)
    let inputs = [input.value, weights.value] + (node.input(2).map { [$0.value] } ?? [])
    return try builder.add(conv, inputs, outputNames: node.outputNames)
  }

  public func exportNode(_ node: Node, into builder: inout ExportBuilder) {
    let kernel = Array(builder.inputTypes[1].shape.dropFirst(2))
    let window = Window(kernel: kernel, strides: strides, dilations: dilations, pads: pads)
    builder.write(
      Self.name,
      attributes: window.poolingAttributes.merging([
        "dilations": .list(dilations), "group": .number(groups), "output_padding": .list(outputPadding),
      ]) { $1 }, then: activation)
  }

  /// Sets pads from `pads`, or from the extents that `output_shape` or `auto_pad` demand.
  ///
  /// Where windows do not reach all of the demanded output, the rest is output padding.
  ///
  /// Source: ONNX `ConvTranspose`, opset 11: `total_padding`; before that SAME_UPPER and the other modes
  /// stood the other way round in the text, but not in the runtimes.
  private mutating func setPads(
    _ node: ImportedNode, _ window: Window, _ spatial: [Int]
  ) throws(ImportError) {
    let mode = try AutoPad(node)
    let demanded: [Int]
    if let shape = try node.ints("output_shape") {
      guard shape.count == window.rank || shape.count == window.rank + 2 else {
        throw node.invalid("output_shape", "must have \(window.rank) entries, but is \(shape)")
      }
      demanded = Array(shape.suffix(window.rank))
    } else if mode == .sameUpper || mode == .sameLower {
      demanded = zip(spatial, strides).map { $0 * $1 }
    } else {
      if mode == .notSet, let pads = try node.ints("pads") { self.pads = pads }
      return
    }
    let limit = 1...Window.limit
    try node.checked { () throws(ShapeError) in
      try Window.check(demanded, "output_shape", count: window.rank, range: limit)
    }
    for axis in 0..<window.rank {
      let reach = strides[axis] * (spatial[axis] - 1) + window.span(axis) + outputPadding[axis]
      let total = max(0, reach - demanded[axis])
      outputPadding[axis] += max(0, demanded[axis] - reach)
      pads[axis] = mode == .sameUpper ? total / 2 : total - total / 2
      pads[window.rank + axis] = total - pads[axis]
    }
  }
}
