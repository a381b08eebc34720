public import EspalierGraph

extension Resize {
  public func exportNode(
    _ node: Node, into builder: inout ExportBuilder
  ) throws(ExportError) {
    guard !antialiases else { throw builder.noForm("antialias came with opset 18") }
    guard coordinates != .halfPixelSymmetric else {
      throw builder.noForm("half_pixel_symmetric came with opset 19")
    }
    let shape = builder.inputTypes[0].shape
    var attributes: [String: AttributeValue] = [
      "mode": .string(mode.rawValue), "coordinate_transformation_mode": .string(coordinates.rawValue),
    ]
    if mode == .nearest { attributes["nearest_mode"] = .string(nearest.rawValue) }
    if mode == .cubic { attributes["cubic_coeff_a"] = .float(cubicCoefficient) }
    if excludesOutside { attributes["exclude_outside"] = .flag(true) }
    var region = ""
    if coordinates == .cropAndResize {
      attributes["extrapolation_value"] = .float(extrapolationValue)
      region = builder.constant(regionOfInterest(shape), "roi")
    }
    let inputs = builder.inputs() + [region]
    if givesSizes(shape) {
      builder.write(
        Self.name, inputs + ["", builder.constant(extents(shape), "sizes")], attributes: attributes)
    } else if givesScales(shape) {
      var scales = [Float](repeating: 1, count: shape.count)
      for axis in axes { scales[axis.axis] = axis.scale }
      let tensor = Tensor(shape: [shape.count], floats: scales)
      builder.write(Self.name, inputs + [builder.constant(tensor, "scales")], attributes: attributes)
    } else {
      throw builder.noForm("keep_aspect_ratio_policy came with opset 18")
    }
  }

  private func extents(_ shape: Shape) -> [Int] {
    axes.reduce(into: shape) { $0[$1.axis] = $1.extent }
  }

  /// Whether scales are what the sizes say.
  private func givesSizes(_ shape: Shape) -> Bool {
    axes.allSatisfy {
      $0.length == Float($0.extent) && $0.scale == Float($0.extent) / Float(max(1, shape[$0.axis]))
    }
  }

  /// Whether sizes are what the scales say.
  private func givesScales(_ shape: Shape) -> Bool {
    axes.allSatisfy {
      $0.length == $0.scale * Float(shape[$0.axis]) && $0.extent == Int(clamping: $0.length)
    }
  }

  /// Starts of all axes, then ends.
  private func regionOfInterest(_ shape: Shape) -> Tensor {
    var (starts, ends) = (
      [Float](repeating: 0, count: shape.count), [Float](repeating: 1, count: shape.count)
    )
    for axis in axes { (starts[axis.axis], ends[axis.axis]) = (axis.start, axis.end) }
    return Tensor(shape: [2 * shape.count], floats: starts + ends)
  }
}
