public import EspalierGraph

/// Resamples a tensor along some axes: nearest, linear or cubic, one axis after another.
///
/// Source: ONNX `Resize`, opset 19 (`half_pixel_symmetric`; `antialias`, `axes` and
/// `keep_aspect_ratio_policy` from 18 on); opset 10 has no coordinate modes.
public struct Resize: LowerableOperator {
  public static let name = "Resize"
  public static let onnxNames = ["Resize"]

  public enum Mode: String, Sendable, Codable { case nearest, linear, cubic }

  /// From an output position to the place in the input that it samples.
  public enum CoordinateMode: String, Sendable, Codable {
    case halfPixel = "half_pixel"
    case halfPixelSymmetric = "half_pixel_symmetric"
    case pytorchHalfPixel = "pytorch_half_pixel"
    case alignCorners = "align_corners"
    case asymmetric
    case halfPixelForNearest = "tf_half_pixel_for_nn"
    case cropAndResize = "tf_crop_and_resize"
  }

  /// Which neighbor a place between two elements takes.
  public enum NearestMode: String, Sendable, Codable {
    case roundPreferFloor = "round_prefer_floor"
    case roundPreferCeil = "round_prefer_ceil"
    case floor, ceil
  }

  /// How one axis is resampled.
  public struct Axis: Sendable, Codable, Equatable {
    /// Counted from the front.
    public var axis: Int
    /// Elements of the output.
    public var extent: Int
    /// Output length over input length, as the model gives it.
    public var scale: Float
    /// Output length before it was cut to a whole number: `scale` times the input's extent.
    public var length: Float
    /// The part of the input that `cropAndResize` samples, in 0...1.
    public var start: Float
    public var end: Float

    public init(axis: Int, extent: Int, scale: Float, length: Float, start: Float = 0, end: Float = 1) {
      (self.axis, self.extent, self.scale, self.length) = (axis, extent, scale, length)
      (self.start, self.end) = (start, end)
    }
  }

  public var mode: Mode
  public var coordinates: CoordinateMode
  public var nearest: NearestMode
  public var cubicCoefficient: Float
  /// Whether taps outside the input get no weight; otherwise they repeat the edge.
  public var excludesOutside: Bool
  /// Whether filters widen when the output is smaller.
  public var antialiases: Bool
  /// What `cropAndResize` gives outside the input.
  public var extrapolationValue: Float
  public var axes: [Axis]

  public init(
    mode: Mode, coordinates: CoordinateMode, nearest: NearestMode = .roundPreferFloor,
    cubicCoefficient: Float = -0.75, excludesOutside: Bool = false, antialiases: Bool = false,
    extrapolationValue: Float = 0, axes: [Axis]
  ) {
    (self.mode, self.coordinates, self.nearest) = (mode, coordinates, nearest)
    (self.cubicCoefficient, self.excludesOutside) = (cubicCoefficient, excludesOutside)
    (self.antialiases, self.extrapolationValue, self.axes) = (antialiases, extrapolationValue, axes)
  }

  /// Which of the two outer axes of an image (N, C) nothing resamples here.
  var changesChannels: Bool { axes.contains { $0.axis == 1 } }

  public func inferOutputs(_ inputs: [TensorType]) throws(ShapeError) -> [TensorType] {
    guard inputs.count == 1 else { throw .inputCount(expected: "1", found: inputs.count) }
    guard inputs[0].element.isFloating || mode == .nearest else {
      throw .element(input: 0, expected: "floats (only nearest takes others)", found: inputs[0])
    }
    var shape = inputs[0].shape
    for axis in axes {
      guard shape.indices.contains(axis.axis), axis.extent >= 0 else {
        throw .attribute("axes", problem: "do not fit \(inputs[0])")
      }
      guard shape[axis.axis] > 0 || axis.extent == 0 else {
        throw .attribute("sizes", problem: "cannot stretch the empty axis \(axis.axis) of \(inputs[0])")
      }
      shape[axis.axis] = axis.extent
    }
    return [TensorType(inputs[0].element, shape)]
  }

  public func evaluate(_ inputs: [Tensor]) throws(EvaluationError) -> [Tensor] {
    var result = inputs[0]
    for axis in axes {
      let taps = taps(of: axis, inputExtent: inputs[0].shape[axis.axis])
      result = taps.applied(to: result, axis: axis.axis, outside: extrapolationValue)
    }
    return [result]
  }

  public func channelRule(_ inputs: [TensorType]) -> ChannelRule {
    changesChannels ? .barrier(reason: "Resize resamples the channel axis") : .passThrough
  }

  public func quantizationRule(_ inputs: [TensorType]) -> QuantizationRule {
    mode == .cubic ? .requantized : .passThrough
  }

  public func layoutDemand(input index: Int, _ inputs: [TensorType]) -> LayoutDemand {
    inputs[0].rank == 4 && axes.allSatisfy { $0.axis >= 2 } ? .image(.none) : .any
  }
}
