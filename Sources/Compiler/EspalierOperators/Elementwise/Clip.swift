public import EspalierGraph

/// Clip: every element brought between two bounds; a bound that is absent does not bind.
///
/// Known bounds on floats make one function of an element. Integers, and bounds that the frame decides, take
/// a Max and a Min: exact for every integer type, and the upper bound wins where the two contradict.
///
/// Source: ONNX `Clip`, opsets 6 (bounds are attributes) and 11 (bounds are inputs) to 13.
public enum Clip: NodeImporter {
  public static let onnxNames = ["Clip"]

  public static func importNode(
    _ node: ImportedNode, into builder: inout GraphBuilder
  ) throws(ImportError) -> [ValueID] {
    let input = try node.requiredInput(0)
    if node.opset < 11 {
      let function = ElementFunction(
        .clip, alpha: try node.float("min") ?? -.infinity, beta: try node.float("max") ?? .infinity)
      return try builder.add(Unary(function), [input.value], outputNames: node.outputNames)
    }
    let (low, high) = (node.input(1), node.input(2))
    if input.type.element.isFloating, isKnownOrAbsent(low), isKnownOrAbsent(high) {
      let function = ElementFunction(
        .clip, alpha: low?.constant?.asFloats.first ?? -.infinity,
        beta: high?.constant?.asFloats.first ?? .infinity)
      return try builder.add(Unary(function), [input.value], outputNames: node.outputNames)
    }
    return try bound(input.value, low, high, node, &builder)
  }

  private static func isKnownOrAbsent(_ bound: ImportedNode.Input?) -> Bool {
    bound == nil || bound?.constant != nil
  }

  private static func bound(
    _ input: ValueID, _ low: ImportedNode.Input?, _ high: ImportedNode.Input?, _ node: ImportedNode,
    _ builder: inout GraphBuilder
  ) throws(ImportError) -> [ValueID] {
    var bounded = [input]
    let names = node.outputNames
    if let low {
      bounded = try builder.add(
        Binary(.maximum), bounded + [low.value], outputNames: high == nil ? names : [])
    }
    if let high {
      bounded = try builder.add(Binary(.minimum), bounded + [high.value], outputNames: names)
    }
    if low == nil, high == nil {
      bounded = try builder.add(Identity(), bounded, outputNames: names)
    }
    return bounded
  }
}
