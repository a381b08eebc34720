public import EspalierGraph

/// A kernel call before addresses are known.
public struct LoweredCall: Sendable {
  public struct Operand: Sendable {
    public var buffer: Buffer
    /// Bytes from the buffer's start.
    public var byteOffset: Int

    public init(buffer: Buffer, byteOffset: Int) {
      self.buffer = buffer
      self.byteOffset = byteOffset
    }
  }

  public var family: UInt16
  public var parameters: [UInt32]
  /// Nil where an operand is absent.
  public var operands: [Operand?]
  public var name: String

  public init(family: UInt16, parameters: [UInt32], operands: [Operand?], name: String) {
    self.family = family
    self.parameters = parameters
    self.operands = operands
    self.name = name
  }
}

/// Where a value lies, and the last of the calls that compute it.
public struct WatchPoint: Sendable {
  public let value: ValueID
  public let call: Int
  public let view: View
  /// Whether it lies as bytes, not as float32.
  public let isOfBytes: Bool
}

/// Turns a graph into kernel calls on views of buffers, node by node.
///
/// Every value becomes a view. Feature maps (rank 4) lie as NHWC with a padded channel stride and the halo
/// that their readers asked for; everything else lies row by row. An input of a Concat is written straight
/// into the concatenation.
public struct Lowering: Sendable {
  public let graph: Graph
  /// Which kernels convolutions get.
  public let choices: KernelChoices
  public internal(set) var calls: [LoweredCall] = []
  /// The arena's buffers, by number.
  public internal(set) var buffers: [WorkingBuffer] = []
  public internal(set) var weights = WeightsBlob()
  /// Values whose places are noted when they are complete.
  public var watched: Set<ValueID> = []
  public private(set) var watchPoints: [WatchPoint] = []
  var views: [ValueID: View] = [:]
  var halos: [ValueID: Halo] = [:]
  /// The image in each arena buffer that has one, and the zeros that were put around it.
  var filledHalos: [Buffer: FilledHalo] = [:]
  var placements: [ValueID: Placement] = [:]
  /// Values that are written straight into a graph output.
  var outputIndices: [ValueID: Int] = [:]
  /// Values that lie as bytes.
  var storedAsBytes: Set<ValueID> = []
  /// What lies around an image of bytes, by the value that the image is.
  var paddingBytes: [ValueID: UInt8] = [:]
  /// Values that were needed as float32 beside their bytes, and the other way around.
  var floatCopies: [ValueID: View] = [:]
  var byteCopies: [ValueID: View] = [:]
  var currentName = ""

  /// - Precondition: The graph passes the verifier.
  public init(_ graph: Graph, choices: KernelChoices = KernelChoices()) {
    (self.graph, self.choices) = (graph, choices)
    planStorage()
    planPlacements()
    planHalos()
    for (index, value) in graph.inputs.enumerated() {
      let shape = graph.type(of: value).shape
      views[value] = View(.input(index), shape: shape, strides: shape.rowMajorStrides)
    }
  }

  /// Lowers the whole graph.
  ///
  /// - Throws: Every `LoweringError` that there is, as `.several` where there is more than one.
  public mutating func lowerAll() throws(LoweringError) {
    var errors: [LoweringError] = []
    for node in graph.nodes {
      guard let op = node.op as? any LowerableOperator else {
        errors.append(.noKernel(node: node.name, type: node.op.name, reason: "it has no lowering"))
        continue
      }
      currentName = node.name
      do throws(LoweringError) {
        try checkAxes(of: node)
        try op.lower(node, into: &self)
        noteWatched(node.outputs)
      } catch {
        errors.append(error)
        for output in node.outputs { _ = allocate(output) }
      }
    }
    if errors.count == 1 { throw errors[0] }
    if !errors.isEmpty { throw .several(errors) }
    noteWatchedInputs()
    try writeOutputs()
  }

  /// The caller's inputs are there from the first call to the last.
  private mutating func noteWatchedInputs() {
    for (index, value) in graph.inputs.enumerated() where watched.contains(value) && !calls.isEmpty {
      let shape = graph.type(of: value).shape
      let view = View(.input(index), shape: shape, strides: shape.rowMajorStrides)
      watchPoints.append(WatchPoint(value: value, call: 0, view: view, isOfBytes: false))
    }
  }

  /// Notes where the watched ones among values lie that the last call has completed.
  private mutating func noteWatched(_ values: [ValueID]) {
    for value in values where watched.contains(value) {
      guard let view = views[value], !view.buffer.isConstant, !calls.isEmpty else { continue }
      watchPoints.append(
        WatchPoint(
          value: value, call: calls.count - 1, view: view, isOfBytes: element(of: view.buffer) == .byte))
    }
  }

  /// - Throws: `noKernel` for a tensor with an axis too long for any kernel.
  private func checkAxes(of node: Node) throws(LoweringError) {
    for type in (node.inputs + node.outputs).map(graph.type(of:)) {
      guard let extent = type.shape.max(), extent > Self.axisLimit else { continue }
      throw .noKernel(
        node: node.name, type: node.op.name,
        reason: "an axis of \(type) is longer than the runtime's \(Self.axisLimit)")
    }
  }

  /// Copies every graph output that was not written in place.
  private mutating func writeOutputs() throws(LoweringError) {
    for (index, value) in graph.outputs.enumerated() {
      let shape = graph.type(of: value).shape
      let target = View(.output(index), shape: shape, strides: shape.rowMajorStrides)
      currentName = graph.outputNames[index]
      if let source = views[value], source.buffer == target.buffer { continue }
      try copy(from: view(of: value), to: target)
    }
  }
}

// MARK: - Where values lie

extension Lowering {
  /// Where a value lies; a constant is put among the weights.
  ///
  /// - Precondition: The value's producer was lowered.
  public mutating func view(of value: ValueID) -> View {
    storedAsBytes.contains(value) ? floats(ofBytes: value) : storedView(of: value)
  }

  mutating func storedView(of value: ValueID) -> View {
    if let view = views[value] { return view }
    guard let tensor = graph.constant(of: value) else {
      preconditionFailure("value '\(graph[value].name)' is read before it is lowered")
    }
    let view = weights.append(tensor)
    views[value] = view
    return view
  }

  /// Where a value lies that broadcasts to `shape`. A constant of lower rank that meets an image (`[C, H, W]`) is
  /// put among the weights as one, so that its channels too lie next to each other.
  ///
  /// - Precondition: The value's producer was lowered.
  mutating func operand(_ value: ValueID, meeting shape: Shape) -> View {
    guard shape.count == 4, let tensor = graph.constant(of: value), tensor.shape.count == 3 else {
      return view(of: value)
    }
    return weights.append(tensor.reshaped(to: [1] + tensor.shape))
  }

  /// Lets a value be a window onto what another value already holds.
  public mutating func define(_ value: ValueID, as view: View) {
    precondition(view.shape == graph.type(of: value).shape)
    views[value] = view
  }

  /// Memory for a value that the current node computes: inside its Concat, in a graph output, or new.
  public mutating func allocate(_ value: ValueID) -> View {
    let view =
      destination(of: value)
      ?? newBuffer(
        shape: graph.type(of: value).shape, element: storedAsBytes.contains(value) ? .byte : .float32,
        halo: halos[value] ?? .none, padding: paddingBytes[value] ?? 0)
    views[value] = view
    return view
  }

  /// Working memory that holds no value of the graph: an intermediate layout, a copy.
  ///
  /// Rank 4 gives an NHWC image with a halo of zeros (of `padding` in bytes) around it, any other rank a
  /// row-major tensor.
  public mutating func newBuffer(
    shape: Shape, element: BufferElement = .float32, halo: Halo = .none, padding: UInt8 = 0,
    pixelStride: Int? = nil
  ) -> View {
    let buffer = Buffer.arena(buffers.count)
    guard shape.count == 4 else {
      buffers.append(
        WorkingBuffer(element: element, count: max(1, shape.elementCount) + element.slack))
      return View(buffer, shape: shape, strides: shape.rowMajorStrides)
    }
    let channelStride = pixelStride ?? element.channelStride(shape[1])
    let rowStride = (shape[3] + halo.left + halo.right) * channelStride
    let imageStride = (shape[2] + halo.top + halo.bottom) * rowStride
    buffers.append(
      WorkingBuffer(element: element, count: max(1, shape[0] * imageStride) + element.slack))
    let view = View(
      buffer, base: halo.top * rowStride + halo.left * channelStride, shape: shape,
      strides: [imageStride, 1, rowStride, channelStride])
    filledHalos[buffer] = FilledHalo(image: view, halo: halo, padding: padding)
    fillHalo(of: view, halo, with: padding)
    return view
  }

  /// A value as an image with at least `halo` zeros around it; copied where it does not lie that way.
  ///
  /// - Precondition: The value has rank 4.
  public mutating func image(of value: ValueID, halo: Halo = .none) throws(LoweringError) -> Image {
    let source = view(of: value)
    if let image = Image(source), halo == .none || filledHalo(around: source).contains(halo) {
      return image
    }
    let copied = newBuffer(shape: source.shape, halo: halo)
    try copy(from: source, to: copied)
    guard let image = Image(copied) else { preconditionFailure("a new rank-4 buffer is an image") }
    return image
  }

  /// The zeros around a view: those of the image that it is a window onto, if it spans all its pixels.
  func filledHalo(around view: View) -> Halo {
    guard let filled = filledHalos[view.buffer], view.rank == 4 else { return .none }
    let (image, halo) = (filled.image, filled.halo)
    let samePixels = [0, 2, 3].allSatisfy {
      view.shape[$0] == image.shape[$0] && (view.strides[$0] == image.strides[$0] || view.shape[$0] == 1)
    }
    let channel = view.base - image.base
    return samePixels && channel >= 0 && channel + view.shape[1] <= image.strides[3] ? halo : .none
  }

  /// Zeros in the ring around an image: the block above, the gaps between rows, the block below.
  private mutating func fillHalo(of image: View, _ halo: Halo, with padding: UInt8) {
    guard halo != .none else { return }
    let (row, pixel) = (image.strides[2], image.strides[3])
    let (height, width) = (image.shape[2], image.shape[3])
    let above = halo.top * row + halo.left * pixel
    let between = (halo.left + halo.right) * pixel
    let below = halo.bottom * row + halo.right * pixel
    let start = image.base - above
    let end = image.base + (height - 1) * row + width * pixel
    fill(image, padding, base: start, rows: 1, rowStride: 0, count: above)
    fill(image, padding, base: image.base + width * pixel, rows: height - 1, rowStride: row, count: between)
    fill(image, padding, base: end, rows: 1, rowStride: 0, count: below)
  }

  private mutating func fill(
    _ image: View, _ padding: UInt8, base: Int, rows: Int, rowStride: Int, count: Int
  ) {
    guard rows > 0, count > 0 else { return }
    let shape = [image.shape[0], rows, count]
    let view = View(image.buffer, base: base, shape: shape, strides: [image.strides[0], rowStride, 1])
    fill(view, with: Float(padding))
  }
}
