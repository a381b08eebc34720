public import EspalierGraph

/// PRelu: `x < 0 ? slope · x : x`, the slope broadcast to the input's shape.
///
/// A slope of one dimension that does not broadcast so, but has one entry per channel, is meant per channel:
/// exporters of opsets 6 and 7 write `[C]` for `[C, 1, 1]`.
///
/// Source: ONNX `PRelu`, opsets 6 (one slope, or one per channel), 7 (broadcasting) to 16.
public enum PRelu: NodeImporter {
  public static let onnxNames = ["PRelu"]

  public static func importNode(
    _ node: ImportedNode, into builder: inout GraphBuilder
  ) throws(ImportError) -> [ValueID] {
    let (input, slope) = (try node.requiredInput(0), try node.requiredInput(1))
    var slopes = [slope.value]
    if isPerChannel(slope.type.shape, of: input.type.shape, opset: node.opset) {
      let shape = [slope.type.shape[0]] + [Int](repeating: 1, count: input.type.rank - 2)
      slopes = try builder.add(Reshape(shape: shape), slopes)
    }
    return try builder.add(Binary(.prelu), [input.value] + slopes, outputNames: node.outputNames)
  }

  private static func isPerChannel(_ slope: Shape, of input: Shape, opset: Int) -> Bool {
    guard slope.count == 1, slope[0] > 1, input.count > 2, input[1] == slope[0] else { return false }
    return opset < 7 || input.broadcast(with: slope) != input
  }
}
