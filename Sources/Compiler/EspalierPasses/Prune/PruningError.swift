public import EspalierGraph

/// Why channels cannot be cut.
public enum PruningError: Error, Equatable, CustomStringConvertible {
  /// A unit may not be cut.
  case frozen(reason: String)
  /// No layer makes such a unit.
  case unknownUnit(Int)
  /// Nothing would be left of a tensor.
  case vanishes(tensor: String)
  /// An operator does not take what is left.
  case shape(node: String, ShapeError)

  public var description: String {
    switch self {
    case .frozen(let reason): "these channels cannot be cut: \(reason)"
    case .unknownUnit(let unit): "no layer makes channel unit \(unit)"
    case .vanishes(let tensor): "nothing would be left of '\(tensor)': keep at least one of its channels"
    case .shape(let node, let error): "'\(node)' does not take what is left of its inputs: \(error)"
    }
  }
}
