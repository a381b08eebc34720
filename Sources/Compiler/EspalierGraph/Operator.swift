/// What every stage of the compiler asks of an operator. No question has a default answer.
///
/// Attributes are stored properties: the text form prints and reads them through `Codable`. Everything that
/// ONNX passes as a constant tensor input but that shapes the result (axes, sizes, pads) is an attribute here.
public protocol Operator: Sendable, Codable, Equatable {
  /// The operator's name in the text form, in reports and in errors: ONNX's where ONNX has it.
  static var name: String { get }

  /// The types of the outputs, in order.
  ///
  /// - Throws: `ShapeError` where the inputs do not fit together.
  func inferOutputs(_ inputs: [TensorType]) throws(ShapeError) -> [TensorType]

  /// The outputs by the operator's definition: no blocking, no fast paths. The judge of every kernel.
  ///
  /// - Precondition: `inferOutputs` accepts the inputs' types.
  /// - Throws: `EvaluationError` where the values are at fault (an index out of range).
  func evaluate(_ inputs: [Tensor]) throws(EvaluationError) -> [Tensor]

  /// How output channels follow from input channels.
  func channelRule(_ inputs: [TensorType]) -> ChannelRule

  /// How the outputs' quantization follows from the inputs'.
  func quantizationRule(_ inputs: [TensorType]) -> QuantizationRule
}

extension Operator {
  public var name: String { Self.name }

  func isEqual(to other: any Operator) -> Bool { (other as? Self) == self }
}

/// How the channels (axis 1) of an operator's outputs follow from those of its inputs.
public enum ChannelRule: Sendable, Equatable {
  /// Channel c of the output comes from channel c of input 0 alone; further inputs are parameters with
  /// one entry per channel, or with none.
  case passThrough
  /// Channel c of the output comes from index c along `axes[i]` of every input i; nil where that input
  /// broadcasts along the channels. An axis other than 1 is a constant's (`[C, 1, 1]`, whose axis 0 meets the
  /// image's axis 1): where the frame computes such an input, nothing may be cut.
  case coupled(axes: [Int?])
  /// The inputs' channels one after another along `axis`; barred unless `axis` is the channel axis.
  case concatenated(axis: Int)
  /// `selected[o][k]` is the channel of input 0 that channel k of output o copies.
  case selected([[Int]])
  /// `merged[k]` are the channels of input 0 that channel k of the output is made of: kept or cut together.
  case merged([[Int]])
  /// The channels of input 0 with this many constant ones before and behind them, of which each may be cut.
  case padded(before: Int, after: Int)
  /// Every channel of input 0 becomes this many consecutive features (Flatten before Gemm).
  case expanded(by: Int)
  /// Every output channel is a weighted sum over the input channels of its group: weights are input 1,
  /// bias (one per output channel) input 2. `weightOutputAxis` is 0 for Conv, 1 for ConvTranspose and x·W.
  case mixed(groups: Int, weightOutputAxis: Int)
  /// Channels may be cut neither before nor after; `reason` is printed in the report.
  case barrier(reason: String)
}

extension ChannelRule {
  /// The rule of an element-wise operator whose inputs broadcast to one shape, aligned at their last axes.
  public static func coupled(_ inputs: [TensorType]) -> ChannelRule {
    let rank = inputs.map(\.rank).max() ?? 0
    guard rank >= 2 else { return .barrier(reason: "its output has no channel axis") }
    let axes = inputs.map { 1 - (rank - $0.rank) }
    let extents = zip(inputs, axes).map { input, axis in axis >= 0 ? input.shape[axis] : 1 }
    let channels = extents.max() ?? 1
    return .coupled(
      axes: zip(axes, extents).map { axis, extent in
        axis >= 0 && extent == channels ? axis : nil
      })
  }
}

/// How an operator's outputs are quantized.
public enum QuantizationRule: Sendable, Equatable {
  /// Computed in integers; the output has a scale and zero point of its own.
  case requantized
  /// The output has input 0's scale and zero point: elements are moved or chosen, not computed.
  case passThrough
  /// All inputs and the output share one scale and zero point (Concat).
  case shared
  /// A function of one element: a table of 256 entries.
  case table
  /// As `table` or `requantized`, with an output range known beforehand (Sigmoid, Softmax).
  case fixed(scale: Float, zeroPoint: Int)
  /// Stays in float32; `reason` is printed in the report.
  case float(reason: String)
}
