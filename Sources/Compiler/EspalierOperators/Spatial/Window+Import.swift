import EspalierGraph

/// ONNX's `auto_pad`.
enum AutoPad: String {
  case notSet = "NOTSET"
  /// As many outputs as `input / stride`, rounded up; the odd pad stands behind.
  case sameUpper = "SAME_UPPER"
  /// As many outputs as `input / stride`, rounded up; the odd pad stands in front.
  case sameLower = "SAME_LOWER"
  case valid = "VALID"

  init(_ node: ImportedNode) throws(ImportError) {
    let text = try node.string("auto_pad") ?? "NOTSET"
    guard let mode = AutoPad(rawValue: text) else {
      throw node.invalid("auto_pad", "is '\(text)'; NOTSET, SAME_UPPER, SAME_LOWER and VALID are known")
    }
    self = mode
  }
}

extension ImportedNode {
  /// Runs a shape check of an operator; its error names this node.
  func checked<Result>(_ body: () throws(ShapeError) -> Result) throws(ImportError) -> Result {
    do { return try body() } catch { throw .shape(error, node: name, type: type) }
  }

  /// The spatial extents of a feature map.
  ///
  /// - Throws: `ImportError.shape` where input `index` has no spatial axis.
  func spatialExtents(ofInput index: Int) throws(ImportError) -> [Int] {
    let type = try requiredInput(index).type
    guard type.rank >= 3 else {
      throw .shape(.rank(input: index, expected: "at least 3", found: type), node: name, type: self.type)
    }
    return Array(type.shape.dropFirst(2))
  }

  /// A list attribute with one entry per spatial axis; `fill` where it is absent.
  func spatialList(_ attribute: String, rank: Int, fill: Int = 1) throws(ImportError) -> [Int] {
    try ints(attribute) ?? [Int](repeating: fill, count: rank)
  }

  /// The window that the attributes `strides`, `dilations`, `pads` and `auto_pad` describe over an input of
  /// these spatial extents.
  ///
  /// Source: ONNX `Conv`, opset 11, and the poolings, opset 22.
  func window(kernel: [Int], over spatial: [Int]) throws(ImportError) -> Window {
    let rank = spatial.count
    var window = Window(
      kernel: kernel, strides: try spatialList("strides", rank: rank),
      dilations: try spatialList("dilations", rank: rank),
      pads: [Int](repeating: 0, count: 2 * rank))
    let mode = try AutoPad(self)
    if mode == .notSet, let pads = try ints("pads") { window.pads = pads }
    let explicit = window
    try checked { () throws(ShapeError) in try explicit.validate(rank: rank) }
    guard mode == .sameUpper || mode == .sameLower else { return window }
    for axis in 0..<rank {
      let stride = window.strides[axis]
      let output = (spatial[axis] + stride - 1) / stride
      let total = max(0, (output - 1) * stride + window.span(axis) - spatial[axis])
      window.pads[axis] = mode == .sameUpper ? total / 2 : total - total / 2
      window.pads[rank + axis] = total - window.pads[axis]
    }
    return window
  }

  /// Whether ONNX output `index` is wanted.
  func wantsOutput(_ index: Int) -> Bool { index < outputNames.count && !outputNames[index].isEmpty }
}
