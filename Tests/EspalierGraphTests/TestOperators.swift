import EspalierGraph

/// `y = factor · x`, with attributes of every kind that the text form must carry.
struct Scale: Operator {
  enum Mode: String, Codable, Sendable { case plain, fancy }
  enum Shift: Codable, Sendable, Equatable {
    case none
    case by(amount: Float)
  }
  struct Window: Codable, Sendable, Equatable {
    var start = 0
    var extents: [Int] = []
  }

  static let name = "Scale"
  var factor: Float = 1
  var mode = Mode.plain
  var shift = Shift.none
  var label: String?
  var isExact = false
  var windows: [Window] = []

  func inferOutputs(_ inputs: [TensorType]) throws(ShapeError) -> [TensorType] {
    guard inputs.count == 1 else { throw .inputCount(expected: "1", found: inputs.count) }
    return inputs
  }
  func evaluate(_ inputs: [Tensor]) throws(EvaluationError) -> [Tensor] {
    [Tensor(shape: inputs[0].shape, floats: inputs[0].floats.map { $0 * factor })]
  }
  func channelRule(_ inputs: [TensorType]) -> ChannelRule { .passThrough }
  func quantizationRule(_ inputs: [TensorType]) -> QuantizationRule { .passThrough }
}

/// `y = a + b`, one shape; and, as a second output, `a - b`.
struct AddAndSubtract: Operator {
  static let name = "AddAndSubtract"

  func inferOutputs(_ inputs: [TensorType]) throws(ShapeError) -> [TensorType] {
    guard inputs.count == 2 else { throw .inputCount(expected: "2", found: inputs.count) }
    guard inputs[0] == inputs[1] else { throw .broadcast(inputs[0], inputs[1]) }
    return inputs
  }
  func evaluate(_ inputs: [Tensor]) throws(EvaluationError) -> [Tensor] {
    let pairs = Array(zip(inputs[0].floats, inputs[1].floats))
    return [pairs.map { $0 + $1 }, pairs.map { $0 - $1 }].map {
      Tensor(shape: inputs[0].shape, floats: $0)
    }
  }
  func channelRule(_ inputs: [TensorType]) -> ChannelRule { .coupled(inputs) }
  func quantizationRule(_ inputs: [TensorType]) -> QuantizationRule { .requantized }
}

let testOperators: [String: any Operator.Type] = [
  Scale.name: Scale.self, AddAndSubtract.name: AddAndSubtract.self,
]
