public import EspalierGraph

/// The mean or the maximum of each channel's plane: a reduction over the spatial axes that keeps them.
///
/// Source: ONNX `GlobalAveragePool` and `GlobalMaxPool`, opset 22.
public enum GlobalPool: NodeImporter {
  public static let onnxNames = ["GlobalAveragePool", "GlobalMaxPool"]

  public static func importNode(
    _ node: ImportedNode, into builder: inout GraphBuilder
  ) throws(ImportError) -> [ValueID] {
    let spatial = try node.spatialExtents(ofInput: 0)
    let reduce = Reduce(
      node.type == "GlobalMaxPool" ? .max : .mean, axes: spatial.indices.map { $0 + 2 }, keepsAxes: true)
    return try builder.add(reduce, [node.requiredInput(0).value], outputNames: node.outputNames)
  }
}
