import EspalierGraph
import EspalierOperators

/// One ONNX node as a file holds it, imported on its own.
struct ImportCase {
  enum Input {
    /// Comes from the frame.
    case frame(Tensor)
    /// Is known at import.
    case known(Tensor)
    /// Is left out.
    case absent
  }

  var type: String
  /// `""` for ONNX's own.
  var domain: String
  var opset: Int
  var attributes: [String: AttributeValue]
  var inputs: [Input]
  var outputCount: Int

  init(
    _ type: String, domain: String = "", opset: Int = 21, _ attributes: [String: AttributeValue] = [:],
    _ inputs: [Input], outputCount: Int = 1
  ) {
    self.type = type
    self.domain = domain
    self.opset = opset
    self.attributes = attributes
    self.inputs = inputs
    self.outputCount = outputCount
  }

  var frame: [Tensor] {
    inputs.compactMap {
      if case .frame(let tensor) = $0 { tensor } else { nil }
    }
  }

  /// The graph that the node becomes.
  ///
  /// - Throws: `ImportError` where it is refused.
  func graph() throws -> Graph {
    guard let importer = OperatorRegistry.importer(for: type, domain: domain) else {
      throw ImportError.unsupportedOperator(type, domain: domain, opset: opset, node: "node")
    }
    var builder = GraphBuilder()
    builder.currentNode = ("node", type)
    let resolved = inputs.enumerated().map { index, input -> ImportedNode.Input? in
      switch input {
      case .absent: return nil
      case .frame(let tensor):
        let value = builder.input(name: "x\(index)", type: tensor.type)
        return ImportedNode.Input(value: value, type: tensor.type, constant: nil)
      case .known(let tensor):
        let value = builder.constant(tensor, name: "c\(index)")
        return ImportedNode.Input(value: value, type: tensor.type, constant: tensor)
      }
    }
    let node = ImportedNode(
      name: "node", type: type, domain: domain, opset: opset, attributes: attributes, inputs: resolved,
      outputNames: (0..<outputCount).map { "y\($0)" })
    let outputs = try importer.importNode(node, into: &builder)
    for (index, output) in outputs.prefix(outputCount).enumerated() {
      builder.output(output, name: "y\(index)")
    }
    return builder.graph
  }

  /// The outputs by the operators' references.
  func evaluated() throws -> [Tensor] { try evaluate(graph(), frame) }

  /// The outputs that the kernels compute.
  func lowered() throws -> [Tensor] {
    var executor = try LoweredExecutor(graph())
    return try executor.run(frame)
  }
}

/// A graph's outputs by the references of its operators.
func evaluate(_ graph: Graph, _ frame: [Tensor]) throws -> [Tensor] {
  var known: [ValueID: Tensor] = [:]
  for (value, tensor) in zip(graph.inputs, frame) { known[value] = tensor }
  func tensor(_ value: ValueID) throws -> Tensor {
    guard let tensor = graph.constant(of: value) ?? known[value] else {
      throw EvaluationError.invalid("value \(value.index) has no elements")
    }
    return tensor
  }
  for node in graph.nodes {
    let results = try node.op.evaluate(node.inputs.map(tensor))
    for (value, result) in zip(node.outputs, results) { known[value] = result }
  }
  return try graph.outputs.map(tensor)
}

extension Tensor {
  /// A vector of int64, as shapes, axes and indices are.
  static func integers(_ elements: [Int64]) -> Tensor {
    Tensor(shape: [elements.count], integers: elements)
  }

  /// 0, 1, 2, … in a shape.
  static func counting(_ shape: Shape) -> Tensor {
    Tensor(shape: shape, floats: (0..<shape.elementCount).map(Float.init))
  }
}
