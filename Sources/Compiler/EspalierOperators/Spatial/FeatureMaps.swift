import EspalierGraph

/// Feature maps of one spatial axis (`[N, C, W]`) for kernels that know two: images one pixel high.
extension Lowering {
  /// A value of rank 3 or 4 as an image with at least `halo` zeros around it.
  mutating func featureMap(of value: ValueID, halo: Halo = .none) throws(LoweringError) -> Image {
    let source = view(of: value)
    guard source.rank == 3 else { return try image(of: value, halo: halo) }
    let flat = source.withRows
    let copied = newBuffer(shape: flat.shape, halo: halo)
    try copy(from: flat, to: copied)
    guard let image = Image(copied) else { preconditionFailure("a new rank-4 buffer is an image") }
    return image
  }

  /// Lets `body` compute a value of rank 3 or 4 as an image.
  mutating func writeFeatureMap(
    _ value: ValueID,
    _ body: (inout Lowering, Image) throws(LoweringError) -> Void
  ) throws(LoweringError) {
    let target = allocate(value)
    let flat = target.rank == 3 ? target.withRows : target
    if let image = Image(flat) { return try body(&self, image) }
    let made = newBuffer(shape: flat.shape)
    guard let image = Image(made) else { preconditionFailure("a new rank-4 buffer is an image") }
    try body(&self, image)
    try copy(from: made, to: flat)
  }

  /// The number of spatial axes that image kernels can take.
  ///
  /// - Throws: `LoweringError.noKernel` for any rank but 3 and 4.
  func requireImageRank(_ node: Node, _ rank: Int) throws(LoweringError) {
    guard rank == 3 || rank == 4 else {
      throw .noKernel(
        node: node.name, type: node.op.name,
        reason: "kernels take one or two spatial axes, but the input has rank \(rank)")
    }
  }
}

extension View {
  /// `[N, C, W]` as `[N, C, 1, W]`.
  ///
  /// - Precondition: The view has rank 3.
  var withRows: View {
    View(
      buffer, base: base, shape: [shape[0], shape[1], 1, shape[2]],
      strides: [strides[0], strides[1], 0, strides[2]])
  }
}

extension LayoutDemand {
  /// An image where the value has rank 4; other ranks are copied into one anyway.
  static func featureMap(_ type: TensorType, halo: Halo = .none) -> LayoutDemand {
    type.rank == 4 ? .image(halo) : .any
  }
}
