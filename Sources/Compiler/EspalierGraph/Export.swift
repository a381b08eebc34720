/// Writes one node of a graph as ONNX.
public protocol NodeExporter {
  /// Adds the ONNX nodes that compute what the operator computes.
  ///
  /// What import took from constant inputs (axes, pads, sizes) is written as an initializer again; an activation
  /// that passes fused into the operator is written as nodes behind it.
  ///
  /// - Throws: `ExportError` where ONNX has no form for it in `ExportBuilder.opset`.
  func exportNode(_ node: Node, into builder: inout ExportBuilder) throws(ExportError)
}

/// One ONNX node as it will stand in the file.
public struct ExportedNode: Sendable, Equatable {
  public var name: String
  public var type: String
  /// `""` where an optional input is left out.
  public var inputs: [String]
  public var outputs: [String]
  public var attributes: [String: AttributeValue]
}

/// A constant as it will stand in the file.
public struct ExportedConstant: Sendable, Equatable {
  public var name: String
  public var tensor: Tensor
}

/// Why a graph cannot be written as ONNX.
public enum ExportError: Error, Equatable, Sendable {
  /// An operator that quantization made; only float32 graphs are written.
  case quantized(String, node: String)
  /// The ONNX of this opset does not have it.
  case noForm(String, node: String, reason: String)
  /// The file could not be put together (more than 2 GiB, no memory).
  case file(String)
  case several([ExportError])
}

extension ExportError: CustomStringConvertible {
  public var description: String {
    switch self {
    case .quantized(let type, let node):
      """
      node '\(node)' (\(type)) computes in 8 bits; only float32 networks are written as ONNX: export the model \
      before it is quantized
      """
    case .noForm(let type, let node, let reason):
      "node '\(node)' (\(type)) cannot be written as ONNX opset \(ExportBuilder.opset): \(reason)"
    case .file(let problem): "the ONNX file cannot be written: \(problem)"
    case .several(let errors): errors.map(\.description).joined(separator: "\n")
    }
  }
}

/// An ONNX graph in the making: nodes, initializers and names, each of them used once.
///
/// Inputs and outputs of the network keep their names, then every tensor and every node its own where another
/// does not have it.
public struct ExportBuilder: Sendable {
  /// The version of ONNX's operators that is written: ONNX 1.12, which every runtime of today reads.
  public static let opset = 17

  public let graph: Graph
  public private(set) var nodes: [ExportedNode] = []
  public private(set) var constants: [ExportedConstant] = []

  private var node: Node?
  private var isFirst = true
  private var nodeNames = UniqueNames()
  private var valueNames = UniqueNames()
  private var names: [ValueID: String] = [:]
  /// Constants of the graph that stand among `constants`.
  private var written: Set<ValueID> = []

  public init(_ graph: Graph) {
    self.graph = graph
    for input in graph.inputs { names[input] = valueNames.take(graph[input].name) }
    for (output, name) in zip(graph.outputs, graph.outputNames) where names[output] != name {
      let free = valueNames.take(name) == name
      if free, names[output] == nil, graph.producer(of: output) != nil { names[output] = name }
    }
    for value in graph.valuesInUse where names[value] == nil {
      names[value] = valueNames.take(graph[value].name.isEmpty ? "value" : graph[value].name)
    }
    for node in graph.nodes where !node.name.isEmpty { _ = nodeNames.take(node.name) }
  }

  /// Begins with what `write` and `step` add for a node.
  public mutating func begin(_ node: Node) {
    self.node = node
    isFirst = true
  }

  /// Gives the network's outputs their names that other tensors have: an input handed out, one tensor twice.
  public mutating func finishOutputs() {
    var written: Set<String> = []
    for (output, name) in zip(graph.outputs, graph.outputNames) {
      let source = self.name(of: output)
      if source == name, written.insert(name).inserted { continue }
      nodes.append(
        ExportedNode(
          name: nodeNames.take("\(name)/Identity"), type: "Identity", inputs: [source], outputs: [name],
          attributes: [:]))
    }
  }
}

// MARK: - Names

extension ExportBuilder {
  /// The name of a tensor in the file; a constant becomes an initializer.
  public mutating func name(of value: ValueID) -> String {
    guard let name = names[value] else { preconditionFailure("the tensor is not in the graph") }
    if let tensor = graph.constant(of: value), written.insert(value).inserted {
      constants.append(ExportedConstant(name: name, tensor: tensor))
    }
    return name
  }

  /// The names of what the current node reads.
  public mutating func inputs() -> [String] {
    (node?.inputs ?? []).map { name(of: $0) }
  }

  /// The types of what the current node reads.
  public var inputTypes: [TensorType] { node.map { graph.inputTypes(of: $0) } ?? [] }

  /// An initializer of the current node's own: `NODE/axes`.
  public mutating func constant(_ tensor: Tensor, _ role: String) -> String {
    let name = valueNames.take("\(node?.name ?? "")/\(role)")
    constants.append(ExportedConstant(name: name, tensor: tensor))
    return name
  }

  /// Axes, pads or sizes as an initializer of rank 1, as ONNX wants them.
  public mutating func constant(_ integers: [Int], _ role: String) -> String {
    constant(Tensor(shape: [integers.count], integers: integers.map(Int64.init)), role)
  }

  /// A number as an initializer of rank 0, of the element type of the current node's first input.
  public mutating func scalar(_ number: Float, _ role: String) -> String {
    let element = inputTypes.first?.element ?? .float32
    return element.isFloating
      ? constant(Tensor(shape: [], element: element, floats: [number]), role)
      : constant(Tensor(shape: [], element: element, integers: [Int64(number)]), role)
  }
}

// MARK: - Nodes

extension ExportBuilder {
  /// Adds a node that computes the current node's outputs.
  ///
  /// - Parameter inputs: What the current node reads, unless something else is given.
  public mutating func write(
    _ type: String, _ inputs: [String]? = nil, attributes: [String: AttributeValue] = [:]
  ) {
    let outputs = (node?.outputs ?? []).map { name(of: $0) }
    append(type, inputs ?? self.inputs(), outputs, attributes)
  }

  /// Adds a node whose only output the next ones of the current node read.
  ///
  /// - Returns: The name of the output.
  public mutating func step(
    _ type: String, _ inputs: [String]? = nil, attributes: [String: AttributeValue] = [:]
  ) -> String {
    let base = node.map { name(of: $0.outputs[0]) } ?? ""
    let output = valueNames.take("\(base)/\(type)")
    append(type, inputs ?? self.inputs(), [output], attributes)
    return output
  }

  /// The first node has the name of the graph's node, further ones add their type.
  private mutating func append(
    _ type: String, _ inputs: [String], _ outputs: [String], _ attributes: [String: AttributeValue]
  ) {
    let own = node?.name ?? ""
    let name = isFirst && !own.isEmpty ? own : nodeNames.take("\(own)/\(type)")
    isFirst = false
    nodes.append(
      ExportedNode(name: name, type: type, inputs: inputs, outputs: outputs, attributes: attributes))
  }

  /// What stands in the way of the current node.
  public func noForm(_ reason: String) -> ExportError {
    .noForm(node?.op.name ?? "", node: node?.name ?? "", reason: reason)
  }
}

extension AttributeValue {
  /// A list of axes, pads or extents.
  public static func list(_ integers: [Int]) -> AttributeValue { .ints(integers.map(Int64.init)) }

  public static func number(_ integer: Int) -> AttributeValue { .int(Int64(integer)) }

  public static func flag(_ holds: Bool) -> AttributeValue { .int(holds ? 1 : 0) }
}
