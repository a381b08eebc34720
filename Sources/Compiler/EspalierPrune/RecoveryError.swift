public import EspalierGraph

/// Why a smaller network cannot be fitted to the one that it was cut from.
public enum RecoveryError: Error, Equatable, CustomStringConvertible {
  /// A layer of the smaller network does not have the channels that are said to be left.
  case channelCount(layer: String, expected: Int, found: Int)
  /// An operator does not take new weights.
  case shape(ShapeError)

  public var description: String {
    switch self {
    case .channelCount(let layer, let expected, let found):
      """
      layer '\(layer)' has \(found) channels, but \(expected) are said to be left of the original's; give the \
      channels that this network was cut to
      """
    case .shape(let error): "a layer does not take its new weights: \(error)"
    }
  }
}
