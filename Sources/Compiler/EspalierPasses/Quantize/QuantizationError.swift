/// Why a network cannot be quantized as it is asked for.
public enum QuantizationError: Error, Equatable, Sendable, CustomStringConvertible {
  /// Weights or a bias hold a NaN or an infinity.
  case notFinite(constant: String, node: String)
  /// `--keep-float` names what the simplified network does not have.
  case unknownNodes([String])

  public var description: String {
    switch self {
    case .notFinite(let constant, let node):
      """
      node '\(node)': its constant '\(constant)' holds a number that is not finite; no scale stands for it, \
      so mend the model, or compile it with --precision fp32
      """
    case .unknownNodes(let names):
      """
      --keep-float: no node is called \(names.map { "'\($0)'" }.joined(separator: ", ")); 'espalier inspect \
      --nodes' lists them
      """
    }
  }
}
