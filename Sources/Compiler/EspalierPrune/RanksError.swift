/// Why a file of ranks cannot be used.
public enum RanksError: Error, Equatable, CustomStringConvertible {
  /// The text is no file of ranks.
  case malformed(line: Int, problem: String)
  case member(String, problem: String)
  /// Layers that the network does not have, or whose channels cannot be cut.
  case unknownLayers([String], known: [String])
  /// None of the layers that make some channels is listed.
  case missingLayers([String])
  case channelCount(layer: String, expected: Int, found: Int)
  /// The layers fit, but the file was written for another network.
  case otherModel(expected: String, found: String)
  /// Batch normalization does not follow some layers.
  case noBatchNormalization(layers: [String])

  public var description: String {
    switch self {
    case .malformed(let line, let problem): "line \(line) of the ranks: \(problem)"
    case .member(let name, let problem): "\"\(name)\" in the ranks \(problem)"
    case .unknownLayers(let layers, let known):
      """
      the ranks list \(Self.list(layers)), which no layer is called whose channels can be cut; those are: \
      \(Self.list(known))
      """
    case .missingLayers(let layers): "the ranks list no scores for \(Self.list(layers))"
    case .channelCount(let layer, let expected, let found):
      "the ranks list \(found) channels of '\(layer)', which has \(expected)"
    case .otherModel(let expected, let found):
      """
      the ranks are of a network with structure \(found), but this one has \(expected); rank it anew, or take \
      \"structure\" out of the file if the layers are the same
      """
    case .noBatchNormalization(let layers):
      """
      no batch normalization follows \(Self.list(layers)): exporters fold it into the weights, and l2 ranks what \
      is left
      """
    }
  }

  private static func list(_ names: [String]) -> String {
    let shown = names.prefix(12).map { "'\($0)'" }.joined(separator: ", ")
    return names.count > 12 ? "\(shown) and \(names.count - 12) more" : shown
  }
}
