public import EspalierGraph
internal import EspalierKernels

/// Regions of feature maps, resampled to one size.
///
/// Inputs: `x` `[N, C, H, W]`, `rois` `[R, 4]` as x1, y1, x2, y2, and `batch_indices` `[R]`: the image that each
/// region belongs to. The output is `[R, C, height, width]`.
///
/// Each bin of a region is sampled at places between pixels. `max` takes the largest of the pixels that were weighted
/// for it, as ONNX's tests and ONNX Runtime have it, not the largest sample.
///
/// Source: ONNX `RoiAlign`, opset 22 (`coordinate_transformation_mode` from 16 on); He et al. 2017, section 3.
public struct RoiAlign: LowerableOperator {
  public enum Mode: String, Sendable, Codable { case avg, max }

  public static let name = "RoiAlign"
  public static let onnxNames = ["RoiAlign"]

  public var mode: Mode
  public var height: Int
  public var width: Int
  /// Along each axis of a bin; 0: as many as the bin has pixels, but no more than the map.
  public var samples: Int
  /// From the regions' units to pixels.
  public var scale: Float
  /// Whether pixel centers lie at half numbers; otherwise a region is at least 1 pixel large.
  public var halfPixel: Bool

  public init(mode: Mode = .avg, height: Int, width: Int, samples: Int = 0, scale: Float = 1, halfPixel: Bool)
  {
    self.mode = mode
    self.height = height
    self.width = width
    self.samples = samples
    self.scale = scale
    self.halfPixel = halfPixel
  }

  // MARK: - Import

  public static func importNode(
    _ node: ImportedNode, into builder: inout GraphBuilder
  ) throws(ImportError) -> [ValueID] {
    let name = try node.string("mode") ?? "avg"
    guard let mode = Mode(rawValue: name) else {
      throw node.invalid("mode", "must be avg or max, but is '\(name)'")
    }
    let first = node.opset < 16 ? "output_half_pixel" : "half_pixel"
    let coordinates = try node.string("coordinate_transformation_mode") ?? first
    guard coordinates == "half_pixel" || coordinates == "output_half_pixel" else {
      throw node.invalid("coordinate_transformation_mode", "'\(coordinates)' is not known")
    }
    let op = RoiAlign(
      mode: mode, height: try node.int("output_height") ?? 1, width: try node.int("output_width") ?? 1,
      samples: try node.int("sampling_ratio") ?? 0, scale: try node.float("spatial_scale") ?? 1,
      halfPixel: coordinates == "half_pixel")
    var inputs: [ValueID] = []
    for index in 0..<3 { inputs.append(try node.requiredInput(index).value) }
    return try builder.add(op, inputs, outputNames: node.outputNames)
  }

  public func exportNode(_ node: Node, into builder: inout ExportBuilder) {
    builder.write(
      Self.name,
      attributes: [
        "mode": .string(mode.rawValue), "output_height": .number(height), "output_width": .number(width),
        "sampling_ratio": .number(samples), "spatial_scale": .float(scale),
        "coordinate_transformation_mode": .string(halfPixel ? "half_pixel" : "output_half_pixel"),
      ])
  }

  // MARK: - Output types

  public func inferOutputs(_ inputs: [TensorType]) throws(ShapeError) -> [TensorType] {
    guard inputs.count == 3 else { throw .inputCount(expected: "3", found: inputs.count) }
    let (x, regions, images) = (inputs[0], inputs[1], inputs[2])
    guard x.rank == 4 else { throw .rank(input: 0, expected: "4", found: x) }
    guard regions.rank == 2, regions.shape[1] == 4 else {
      throw .rank(input: 1, expected: "2, four numbers a region", found: regions)
    }
    guard images.rank == 1 else { throw .rank(input: 2, expected: "1", found: images) }
    guard images.shape == [regions.shape[0]] else {
      throw .extent(input: 2, axis: 0, expected: regions.shape[0], found: images)
    }
    for (index, input) in inputs[..<2].enumerated() where !input.element.isFloating {
      throw .element(input: index, expected: "floats", found: input)
    }
    let limit = 1 << 12
    for (attribute, number) in [("output_height", height), ("output_width", width)]
    where number < 1 || number > limit {
      throw .attribute(attribute, problem: "must lie in 1...\(limit), but is \(number)")
    }
    guard samples >= 0, samples <= limit else {
      throw .attribute("sampling_ratio", problem: "must lie in 0...\(limit), but is \(samples)")
    }
    return [TensorType(x.element, [regions.shape[0], x.shape[1], height, width])]
  }

  // MARK: - Reference

  public func evaluate(_ inputs: [Tensor]) throws(EvaluationError) -> [Tensor] {
    let (x, regions) = (inputs[0], inputs[1].floats)
    let (channels, extents) = (x.shape[1], (x.shape[2], x.shape[3]))
    let plane = extents.0 * extents.1
    var result: [Float] = []
    for (region, image) in inputs[2].asInts.enumerated() {
      guard image >= 0, image < x.shape[0] else { throw .indexOutOfRange(image, limit: x.shape[0]) }
      let corner = Array(regions[region * 4..<region * 4 + 4])
      let rows = bins(from: corner[1], to: corner[3], count: height, extent: extents.0)
      let columns = bins(from: corner[0], to: corner[2], count: width, extent: extents.1)
      for channel in 0..<channels {
        let start = (image * channels + channel) * plane
        for row in rows {
          for column in columns {
            result.append(bin(row, column) { x.floats[start + $0 * extents.1 + $1] })
          }
        }
      }
    }
    return [
      Tensor(shape: [inputs[2].count, channels, height, width], element: x.type.element, floats: result)
    ]
  }

  /// For every bin along one axis its samples: each the two pixels that it lies between; none where it lies outside.
  private func bins(from first: Float, to last: Float, count: Int, extent: Int) -> [[[SamplingTap]]] {
    let shift: Float = halfPixel ? 0.5 : 0
    let start = first * scale - shift
    var size = last * scale - shift - start
    if !halfPixel, !(size >= 1) { size = 1 }
    let bin = size / Float(count)
    let wanted = min(max(bin.rounded(.up), 0), Float(extent))
    let number = samples > 0 ? samples : wanted.isNaN ? 0 : Int(wanted)
    return (0..<count).map { index in
      (0..<number).map { sample in
        let within = (Float(sample) + 0.5) * bin / Float(number)
        let x = start + Float(index) * bin + within
        guard x >= -1, x <= Float(extent) else { return [] }
        let inside = min(max(x, 0), Float(extent - 1))
        let low = Int(inside)
        let rest = inside - Float(low)
        return [
          SamplingTap(index: low, weight: 1 - rest),
          SamplingTap(index: min(low + 1, extent - 1), weight: rest),
        ]
      }
    }
  }

  /// One bin of one channel.
  private func bin(
    _ rows: [[SamplingTap]], _ columns: [[SamplingTap]], _ pixel: (Int, Int) -> Float
  ) -> Float {
    var weighted: [[Float]] = []
    for row in rows {
      for column in columns {
        weighted.append(
          row.flatMap { y in column.map { x in y.weight * x.weight * pixel(y.index, x.index) } })
      }
    }
    guard !weighted.isEmpty else { return 0 }
    switch mode {
    case .avg: return Float(weighted.joined().reduce(0.0) { $0 + Double($1) } / Double(weighted.count))
    case .max: return weighted.map { $0.max() ?? 0 }.max() ?? 0
    }
  }

  // MARK: - Rules

  public func channelRule(_ inputs: [TensorType]) -> ChannelRule { .coupled(axes: [1, nil, nil]) }

  public func quantizationRule(_ inputs: [TensorType]) -> QuantizationRule {
    .float(reason: "RoiAlign computes its weights from the frame")
  }

  // MARK: - Lowering

  public func layoutDemand(input index: Int, _ inputs: [TensorType]) -> LayoutDemand {
    index == 0 ? .featureMap(inputs[0]) : .any
  }

  public func lower(_ node: Node, into lowering: inout Lowering) throws(LoweringError) {
    let input = try lowering.image(of: node.inputs[0])
    let (regions, images) = (lowering.view(of: node.inputs[1]), lowering.view(of: node.inputs[2]))
    try lowering.writeFeatureMap(node.outputs[0]) { (lowering, output) throws(LoweringError) in
      guard !output.view.shape.contains(0) else { return }
      guard !input.view.shape.contains(0) else { return lowering.fill(output.view, with: 0) }
      var parameters = RoiAlignParameters()
      (parameters.batch, parameters.channels) = (Int32(input.batch), Int32(input.channels))
      (parameters.height, parameters.width) = (Int32(input.height), Int32(input.width))
      parameters.regions = Int32(output.batch)
      (parameters.output_height, parameters.output_width) = (Int32(height), Int32(width))
      parameters.mode = mode == .avg ? 0 : 1
      parameters.samples = Int32(samples)
      parameters.half_pixel = halfPixel ? 1 : 0
      parameters.scale = scale
      parameters.input_stride_n = Int32(input.strideN)
      parameters.input_stride_h = Int32(input.strideH)
      parameters.input_stride_w = Int32(input.strideW)
      parameters.output_stride_n = Int32(output.strideN)
      parameters.output_stride_h = Int32(output.strideH)
      parameters.output_stride_w = Int32(output.strideW)
      parameters.region_base = regions.offsetFromLowest
      parameters.region_stride = Int32(regions.strides[0])
      parameters.coordinate_stride = Int32(regions.strides[1])
      parameters.image_base = images.offsetFromLowest
      parameters.image_stride = Int32(images.strides[0])
      lowering.emit(parameters, [input.view, regions.atLowest, images.atLowest, output.view])
    }
  }
}
