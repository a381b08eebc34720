public import EspalierGraph

/// Dropout in inference, or with a ratio of 0: nothing is dropped, so the output is the input, and the mask
/// (whether an element was kept) is true everywhere.
///
/// Source: ONNX `Dropout`, opsets 7, 10 (the mask holds truth values) and 12 (training mode is an input).
public enum Dropout: NodeImporter {
  public static let onnxNames = ["Dropout"]

  public static func importNode(
    _ node: ImportedNode, into builder: inout GraphBuilder
  ) throws(ImportError) -> [ValueID] {
    let input = try node.requiredInput(0)
    if let training = try node.constantInput(2), training.asInts.first ?? 0 != 0 {
      let ratio = try node.constantInput(1)?.asFloats.first ?? 0.5
      guard ratio == 0 else {
        throw node.invalid("training_mode", "must be false: only inference is supported")
      }
    }
    let names = Array(node.outputNames.prefix(1))
    let outputs = try builder.add(Identity(), [input.value], outputNames: names)
    guard node.outputNames.count > 1, !node.outputNames[1].isEmpty else { return outputs }
    let mask = keptEverywhere(input.type, opset: node.opset)
    return outputs + [builder.constant(mask, name: node.outputNames[1])]
  }

  private static func keptEverywhere(_ input: TensorType, opset: Int) -> Tensor {
    guard opset < 10, input.element.isFloating else {
      return Tensor(shape: input.shape, booleans: [Bool](repeating: true, count: input.elementCount))
    }
    return Tensor(
      shape: input.shape, element: input.element,
      floats: [Float](repeating: 1, count: input.elementCount))
  }
}
