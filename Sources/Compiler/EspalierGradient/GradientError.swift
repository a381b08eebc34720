public import EspalierGraph

/// Why a graph cannot be trained.
public enum GradientError: Error, Equatable, Sendable {
  /// No rule says how errors flow back through this operator.
  case unsupportedOperator(String, node: String)
  /// The operator has a rule, but not for this form of it.
  case unsupportedForm(String, node: String, reason: String)
  /// A value that is not of float32 stands where gradients are computed.
  case element(value: String, found: TensorType)
  /// A value is read that nothing computes from the given inputs.
  case undefined(String)
  /// A criterion compares classes, but the network's output holds no scores of classes.
  case notClasses(output: String)
}

extension GradientError: CustomStringConvertible {
  public var description: String {
    switch self {
    case .unsupportedOperator(let type, let node):
      """
      node '\(node)': there is no gradient of operator \(type); choose a criterion and a recovery without \
      gradients for this network
      """
    case .unsupportedForm(let type, let node, let reason):
      "node '\(node)': there is no gradient of this \(type): \(reason)"
    case .element(let value, let found):
      "'\(value)' must be float32 to have a gradient, but is \(found); simplify the graph first"
    case .undefined(let value): "'\(value)' is read, but not computed from the given inputs"
    case .notClasses(let output):
      """
      output '\(output)' holds no scores of classes, which Taylor and Fisher need; choose Gauss–Newton or a \
      criterion without gradients
      """
    }
  }
}
