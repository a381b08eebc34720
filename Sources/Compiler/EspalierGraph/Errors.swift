/// Inputs that do not fit an operator. A case carries facts; the stage that catches it adds the node.
public enum ShapeError: Error, Equatable, Sendable {
  /// An input's rank is not one that the operator takes.
  case rank(input: Int, expected: String, found: TensorType)
  /// An extent contradicts another input or an attribute.
  case extent(input: Int, axis: Int, expected: Int, found: TensorType)
  /// Two inputs neither agree nor broadcast.
  case broadcast(TensorType, TensorType)
  /// An element type that the operator does not take.
  case element(input: Int, expected: String, found: TensorType)
  /// The operator takes another number of inputs.
  case inputCount(expected: String, found: Int)
  /// An attribute contradicts the inputs.
  case attribute(String, problem: String)
}

extension ShapeError: CustomStringConvertible {
  public var description: String {
    switch self {
    case .rank(let input, let expected, let found):
      "input \(input) must have rank \(expected), but is \(found)"
    case .extent(let input, let axis, let expected, let found):
      "input \(input) must have extent \(expected) along axis \(axis), but is \(found)"
    case .broadcast(let a, let b): "\(a) and \(b) neither agree nor broadcast"
    case .element(let input, let expected, let found):
      "input \(input) must hold \(expected), but is \(found)"
    case .inputCount(let expected, let found): "takes \(expected) inputs, but has \(found)"
    case .attribute(let name, let problem): "attribute '\(name)' \(problem)"
    }
  }
}

/// Values that an operator cannot work on.
public enum EvaluationError: Error, Equatable, Sendable {
  case indexOutOfRange(Int, limit: Int)
  case invalid(String)
}

extension EvaluationError: CustomStringConvertible {
  public var description: String {
    switch self {
    case .indexOutOfRange(let index, let limit): "index \(index) is outside 0..<\(limit)"
    case .invalid(let problem): problem
    }
  }
}
