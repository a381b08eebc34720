public import EspalierGraph

extension Resize {
  public static func importNode(
    _ node: ImportedNode, into builder: inout GraphBuilder
  ) throws(ImportError) -> [ValueID] {
    let data = try node.requiredInput(0)
    let op = node.opset < 11 ? try opset10(node) : try modern(node)
    return try builder.add(op, [data.value], outputNames: node.outputNames)
  }

  /// Two inputs, and coordinates by division alone; nearest takes the floor, or the ceiling when it shrinks
  /// (so ONNX's own test vectors and ONNX Runtime have it).
  private static func opset10(_ node: ImportedNode) throws(ImportError) -> Resize {
    let scales = try node.requiredConstant(1).asFloats
    return try scaled(by: scales, node)
  }

  /// Resize of opset 10 and Upsample: every axis by a scale, asymmetric.
  static func scaled(by scales: [Float], _ node: ImportedNode) throws(ImportError) -> Resize {
    let shape = try node.inputType().shape
    guard scales.count == shape.count, scales.allSatisfy({ $0 > 0 && $0.isFinite }) else {
      throw node.invalid("scales", "must be a positive number for every axis, but is \(scales)")
    }
    let shrinks = scales.contains { $0 < 1 }
    return Resize(
      mode: try importedMode(node), coordinates: .asymmetric, nearest: shrinks ? .ceil : .floor,
      cubicCoefficient: -0.75, excludesOutside: false, antialiases: false, extrapolationValue: 0,
      axes: shape.indices.compactMap { axis(scale: scales[$0], axis: $0, input: shape[$0]) })
  }

  private static func importedMode(_ node: ImportedNode) throws(ImportError) -> Mode {
    let name = try node.string("mode") ?? "nearest"
    guard let mode = Mode(rawValue: name == "bilinear" ? "linear" : name) else {
      throw node.invalid("mode", "must be nearest, linear or cubic, but is '\(name)'")
    }
    return mode
  }

  /// Nil where nothing changes along the axis.
  private static func axis(scale: Float, axis: Int, input: Int) -> Axis? {
    guard scale != 1 else { return nil }
    let length = scale * Float(input)
    return Axis(
      axis: axis, extent: Int(clamping: length), scale: scale, length: length, start: 0, end: 1)
  }

  private static func modern(_ node: ImportedNode) throws(ImportError) -> Resize {
    let coordinateName = try node.string("coordinate_transformation_mode") ?? "half_pixel"
    guard let coordinates = CoordinateMode(rawValue: coordinateName) else {
      throw node.invalid("coordinate_transformation_mode", "'\(coordinateName)' is not known")
    }
    let nearestName = try node.string("nearest_mode") ?? "round_prefer_floor"
    guard let nearest = NearestMode(rawValue: nearestName) else {
      throw node.invalid("nearest_mode", "'\(nearestName)' is not known")
    }
    return Resize(
      mode: try importedMode(node), coordinates: coordinates, nearest: nearest,
      cubicCoefficient: try node.float("cubic_coeff_a") ?? -0.75,
      excludesOutside: try node.int("exclude_outside") == 1,
      antialiases: try node.int("antialias") == 1,
      extrapolationValue: try node.float("extrapolation_value") ?? 0,
      axes: try importedAxes(node, coordinates))
  }

  private static func importedAxes(
    _ node: ImportedNode, _ coordinates: CoordinateMode
  ) throws(ImportError) -> [Axis] {
    let shape = try node.inputType().shape
    var axes: [Int] = []
    for axis in try node.ints("axes") ?? Array(shape.indices) {
      axes.append(try node.resolvedAxis(axis, rank: shape.count, attribute: "axes"))
    }
    guard Set(axes).count == axes.count else { throw node.invalid("axes", "name an axis twice: \(axes)") }
    var result = try lengths(of: axes, shape, node)
    if coordinates == .cropAndResize {
      guard let roi = try node.constantInput(1)?.asFloats, roi.count == 2 * axes.count else {
        throw node.invalid("roi", "must hold a start and an end for each of the \(axes.count) axes")
      }
      for index in result.indices {
        result[index].start = roi[index]
        result[index].end = roi[index + axes.count]
      }
    }
    return result.filter { axis in
      let isIdentity = axis.scale == 1 && axis.extent == shape[axis.axis]
      return !isIdentity || coordinates == .cropAndResize || coordinates == .halfPixelForNearest
    }
  }

  /// One entry per axis of `axes`, from the sizes or the scales.
  private static func lengths(
    of axes: [Int], _ shape: Shape, _ node: ImportedNode
  ) throws(ImportError) -> [Axis] {
    if let sizes = try node.constantInput(3)?.asInts, !sizes.isEmpty {
      guard sizes.count == axes.count, sizes.allSatisfy({ $0 >= 0 && $0 <= GraphBuilder.elementLimit }) else {
        throw node.invalid("sizes", "must be an extent for each of the \(axes.count) axes, but is \(sizes)")
      }
      return try sized(sizes, axes, shape, node)
    }
    guard let scales = try node.constantInput(2)?.asFloats, scales.count == axes.count,
      scales.allSatisfy({ $0 > 0 && $0.isFinite })
    else { throw node.invalid("scales", "must be a positive number for each of the \(axes.count) axes") }
    return zip(axes, scales).map { axis, scale in
      let length = scale * Float(shape[axis])
      return Axis(
        axis: axis, extent: Int(clamping: length), scale: scale, length: length, start: 0, end: 1)
    }
  }

  private static func sized(
    _ sizes: [Int], _ axes: [Int], _ shape: Shape, _ node: ImportedNode
  ) throws(ImportError) -> [Axis] {
    let policy = try node.string("keep_aspect_ratio_policy") ?? "stretch"
    let ratios = zip(axes, sizes).map { Float($1) / Float(max(1, shape[$0])) }
    let common: Float?
    switch policy {
    case "stretch": common = nil
    case "not_larger": common = ratios.min()
    case "not_smaller": common = ratios.max()
    default: throw node.invalid("keep_aspect_ratio_policy", "'\(policy)' is not known")
    }
    return axes.indices.map { index in
      guard let common else {
        return Axis(
          axis: axes[index], extent: sizes[index], scale: ratios[index], length: Float(sizes[index]),
          start: 0, end: 1)
      }
      let length = common * Float(shape[axes[index]])
      return Axis(
        axis: axes[index], extent: Int(clamping: length + 0.5), scale: common, length: length, start: 0,
        end: 1)
    }
  }
}

extension Int {
  /// The whole part of a number, brought into the range of extents that make sense.
  init(clamping length: Float) {
    self = length.isNaN ? 0 : Int(Swift.min(Swift.max(length, 0), Float(Int32.max)))
  }
}

/// Resize's predecessor: every axis by a scale, nearest or linear, asymmetric.
///
/// Source: ONNX `Upsample`, opset 9 (scales are an input); an attribute before.
public enum Upsample: NodeImporter {
  public static let onnxNames = ["Upsample"]

  public static func importNode(
    _ node: ImportedNode, into builder: inout GraphBuilder
  ) throws(ImportError) -> [ValueID] {
    let data = try node.requiredInput(0)
    let attribute = try node.floats("scales")
    let scales = if let attribute { attribute } else { try node.requiredConstant(1).asFloats }
    let op = try Resize.scaled(by: scales, node)
    return try builder.add(op, [data.value], outputNames: node.outputNames)
  }
}
