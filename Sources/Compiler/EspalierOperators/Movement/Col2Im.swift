public import EspalierGraph

/// Adds columns of blocks up where the blocks lie in an image: what a convolution's gradient does, and Fold.
///
/// The input is `[N, C · taps, positions]`, the output `[N, C, image…]`: position o of tap k is added at
/// `o · stride + k · dilation − pad` along every axis, and dropped where that is outside.
///
/// Source: ONNX `Col2Im`, opset 18.
public struct Col2Im: LowerableOperator {
  public static let name = "Col2Im"
  public static let onnxNames = ["Col2Im"]

  /// The extents of the image.
  public var image: [Int]
  /// The taps of a block along each axis.
  public var block: [Int]
  public var strides: [Int]
  public var dilations: [Int]
  /// What lies around the image before each axis, then behind each.
  public var pads: [Int]

  public init(image: [Int], block: [Int], strides: [Int], dilations: [Int], pads: [Int]) {
    self.image = image
    self.block = block
    self.strides = strides
    self.dilations = dilations
    self.pads = pads
  }

  // MARK: - Import

  public static func importNode(
    _ node: ImportedNode, into builder: inout GraphBuilder
  ) throws(ImportError) -> [ValueID] {
    let (image, block) = (try node.requiredConstant(1).asInts, try node.requiredConstant(2).asInts)
    let rank = image.count
    let op = Col2Im(
      image: image, block: block, strides: try node.spatialList("strides", rank: rank),
      dilations: try node.spatialList("dilations", rank: rank),
      pads: try node.spatialList("pads", rank: 2 * rank, fill: 0))
    return try builder.add(op, [try node.requiredInput(0).value], outputNames: node.outputNames)
  }

  public func exportNode(
    _ node: Node, into builder: inout ExportBuilder
  ) throws(ExportError) {
    throw builder.noForm("Col2Im came with opset 18")
  }

  // MARK: - Output types

  private var window: Window {
    Window(kernel: block, strides: strides, dilations: dilations, pads: pads)
  }

  public func inferOutputs(_ inputs: [TensorType]) throws(ShapeError) -> [TensorType] {
    guard inputs.count == 1 else { throw .inputCount(expected: "1", found: inputs.count) }
    guard inputs[0].rank == 3 else { throw .rank(input: 0, expected: "3", found: inputs[0]) }
    guard inputs[0].element.isFloating else { throw .element(input: 0, expected: "floats", found: inputs[0]) }
    guard !image.isEmpty, image.count == block.count, image.allSatisfy({ $0 > 0 && $0 <= Window.limit })
    else {
      throw .attribute("image_shape", problem: "is \(image), which does not fit blocks of \(block)")
    }
    try window.validate(rank: image.count)
    guard block.checkedElementCount != nil else {
      throw .attribute("block_shape", problem: "\(block) has too many elements")
    }
    let positions = try window.outputExtents(of: image)
    guard inputs[0].shape[1] % block.elementCount == 0 else {
      throw .attribute(
        "block_shape",
        problem: "of \(block.elementCount) elements does not divide \(inputs[0].shape[1]) channels")
    }
    guard positions.checkedElementCount == inputs[0].shape[2] else {
      throw .extent(input: 0, axis: 2, expected: positions.reduce(1, *), found: inputs[0])
    }
    let shape = [inputs[0].shape[0], inputs[0].shape[1] / block.elementCount] + image
    return [TensorType(inputs[0].element, shape)]
  }

  // MARK: - Reference

  public func evaluate(_ inputs: [Tensor]) -> [Tensor] {
    guard let output = try? inferOutputs(inputs.map(\.type))[0].shape,
      let positions = try? window.outputExtents(of: image)
    else { preconditionFailure("evaluate is called with inputs that inferOutputs accepts") }
    var sums = [Float](repeating: 0, count: output.elementCount)
    let columns = inputs[0].floats
    let (own, taps, count) = (output.rowMajorStrides, block.elementCount, positions.elementCount)
    for part in 0..<output[0] * output[1] {
      forEachIndex(of: block) { tap, number in
        forEachIndex(of: positions) { position, column in
          var place = part * image.elementCount
          for axis in image.indices {
            let at = position[axis] * strides[axis] + tap[axis] * dilations[axis] - pads[axis]
            guard at >= 0, at < image[axis] else { return }
            place += at * own[axis + 2]
          }
          sums[place] += columns[(part * taps + number) * count + column]
        }
      }
    }
    return [Tensor(shape: output, element: inputs[0].type.element, floats: sums)]
  }

  // MARK: - Rules

  public func channelRule(_ inputs: [TensorType]) -> ChannelRule {
    .barrier(reason: "Col2Im takes channels for taps of blocks")
  }

  public func quantizationRule(_ inputs: [TensorType]) -> QuantizationRule {
    .float(reason: "Col2Im adds up in place")
  }

  // MARK: - Lowering

  public func layoutDemand(input index: Int, _ inputs: [TensorType]) -> LayoutDemand { .any }

  /// One addition for each tap: its columns are a window onto the input, their places one onto the sums, which lie
  /// row by row as the columns do.
  public func lower(_ node: Node, into lowering: inout Lowering) throws(LoweringError) {
    let source = lowering.view(of: node.inputs[0])
    let output = lowering.allocate(node.outputs[0])
    guard !output.shape.contains(0) else { return }
    guard output.rank <= 6, let positions = try? window.outputExtents(of: image) else {
      throw .tooManyAxes(node: node.name, shape: output.shape)
    }
    let sums =
      output.isRowMajor
      ? output
      : View(
        lowering.newBuffer(shape: [output.shape.elementCount]).buffer, shape: output.shape,
        strides: output.shape.rowMajorStrides)
    lowering.fill(sums, with: 0)
    var columns = source
    columns.shape = [output.shape[0], output.shape[1], block.elementCount] + positions
    columns.strides = [source.strides[0], source.strides[1] * block.elementCount, source.strides[1]]
    columns.strides += positions.rowMajorStrides.map { $0 * source.strides[2] }
    for tap in 0..<block.elementCount {
      var (from, to) = (columns.sliced(axis: 2, start: tap, count: 1).dropping(axis: 2), sums)
      var rest = tap
      for axis in image.indices.reversed() {
        let first = rest % block[axis] * dilations[axis] - pads[axis]
        rest /= block[axis]
        // Positions whose place lies inside the image.
        let start = first < 0 ? (-first + strides[axis] - 1) / strides[axis] : 0
        let end = min(
          positions[axis], first < image[axis] ? (image[axis] - 1 - first) / strides[axis] + 1 : 0)
        let count = max(0, end - start)
        from = from.sliced(axis: axis + 2, start: start, count: count)
        to = to.sliced(
          axis: axis + 2, start: first + start * strides[axis], count: count, step: strides[axis])
      }
      guard !to.shape.contains(0) else { continue }
      try lowering.binary(.add, to, from, to: to)
    }
    if sums != output { try lowering.copy(from: sums, to: output) }
  }
}
