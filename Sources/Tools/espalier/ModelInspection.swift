internal import EspalierGraph
internal import EspalierImport
internal import EspalierOperators
internal import EspalierPasses

/// What `inspect` says about an ONNX model.
struct ModelInspection: Encodable {
  struct Port: Encodable {
    let name: String
    let type: String
    let shape: [Int]
  }

  struct OperatorUse: Encodable {
    let name: String
    let count: Int
    let multiply_adds: Int
    let parameters: Int
  }

  struct NodeFact: Encodable {
    let name: String
    let op: String
    let shapes: [[Int]]
    let multiply_adds: Int
  }

  let file: String
  let ir_version: Int
  let producer: String
  let opsets: [String: Int]
  let onnx_nodes: [String: Int]
  var inputs: [Port] = []
  var outputs: [Port] = []
  var nodes: [NodeFact] = []
  var operators: [OperatorUse] = []
  var multiply_adds = 0
  var parameters = 0
  /// Activations alive at once in float32, before layout.
  var activation_bytes = 0
  /// Sentences; empty where the model imports.
  var problems: [String] = []
  /// Sentences; empty where every node that is left after simplification has a kernel.
  var not_in_runtime: [String] = []
  private var text = ""

  private enum CodingKeys: CodingKey {
    case file, ir_version, producer, opsets, onnx_nodes, inputs, outputs, nodes, operators, multiply_adds
    case parameters, activation_bytes, problems, not_in_runtime
  }

  init(path: String, shapes: [ShapeArgument]) throws {
    let model = try OnnxModel(contentsOf: path)
    file = path
    ir_version = model.irVersion
    producer = model.producer
    opsets = Dictionary(
      uniqueKeysWithValues: model.opsets.map { ($0.key.isEmpty ? "ai.onnx" : $0.key, $0.value) })
    onnx_nodes = model.graph.nodes.reduce(into: [:]) { $0[$1.type, default: 0] += 1 }
    var chain = CompileChain()
    do {
      let graph = try chain.importGraph(path, shapes: shapes)
      describe(graph)
      do { _ = try Pipeline.compile(graph) } catch { not_in_runtime = "\(error)".lines }
    } catch let error as ImportError { problems = "\(error)".lines }
  }

  private mutating func describe(_ graph: Graph) {
    inputs = graph.inputs.map { Port(graph[$0].name, graph.type(of: $0)) }
    outputs = zip(graph.outputNames, graph.outputs).map { Port($0, graph.type(of: $1)) }
    nodes = graph.nodes.map { node in
      NodeFact(
        name: node.name, op: node.op.label, shapes: node.outputs.map { graph.type(of: $0).shape },
        multiply_adds: graph.multiplyAdds(of: node))
    }
    operators = Dictionary(grouping: graph.nodes, by: \.op.label).map { name, nodes in
      OperatorUse(
        name: name, count: nodes.count, multiply_adds: nodes.reduce(0) { $0 + graph.multiplyAdds(of: $1) },
        parameters: Set(nodes.flatMap(\.inputs)).reduce(0) { $0 + (graph.constant(of: $1)?.count ?? 0) })
    }.sorted { ($0.multiply_adds, $0.count, $1.name) > ($1.multiply_adds, $1.count, $0.name) }
    multiply_adds = nodes.reduce(0) { $0 + $1.multiply_adds }
    parameters = graph.parameterCount
    activation_bytes = graph.peakActivationBytes
  }

  /// - Throws: `CommandError` where the model does not import: exit status 1.
  func show(json: Bool, nodes showsNodes: Bool) throws {
    if json { try Console.json(self) } else { showText(nodes: showsNodes) }
    guard problems.isEmpty else {
      throw CommandError(
        "'\(file)' cannot be compiled: \(problems.count) problem\(problems.count == 1 ? "" : "s")")
    }
  }

  private func showText(nodes showsNodes: Bool) {
    let sets = opsets.sorted { $0.key < $1.key }.map { "\($0.key) \($0.value)" }.joined(separator: ", ")
    print("\(file): ONNX IR \(ir_version), opset \(sets)\(producer.isEmpty ? "" : ", from \(producer)")")
    if !problems.isEmpty {
      print("\nproblems:\n" + problems.map { "  \($0)" }.joined(separator: "\n"))
      return
    }
    for (kind, ports) in [("input", inputs), ("output", outputs)] {
      for port in ports { print("  \(kind) '\(port.name)' \(port.type) \(Format.shape(port.shape))") }
    }
    print(
      """
      \(nodes.count) nodes, \(Format.count(multiply_adds)) multiply-adds a frame, \
      \(Format.count(parameters)) parameters (\(Format.bytes(parameters * 4))), \
      \(Format.bytes(activation_bytes)) of activations at most\n
      """)
    var table = Table([
      ("operator", .left), ("nodes", .right), ("multiply-adds", .right), ("parameters", .right),
    ])
    for use in operators {
      table.add([
        use.name, "\(use.count)", use.multiply_adds == 0 ? "" : Format.count(use.multiply_adds),
        use.parameters == 0 ? "" : Format.count(use.parameters),
      ])
    }
    print(table.text)
    if showsNodes { print("\n" + nodeTable) }
    print(
      not_in_runtime.isEmpty
        ? "\nevery operator is supported; 'espalier compile' will compile it"
        : "\nthe runtime cannot execute:\n" + not_in_runtime.map { "  \($0)" }.joined(separator: "\n"))
  }

  private var nodeTable: String {
    var table = Table([("node", .left), ("operator", .left), ("output", .left), ("multiply-adds", .right)])
    for node in nodes {
      table.add([
        node.name, node.op, node.shapes.map(Format.shape).joined(separator: " "),
        node.multiply_adds == 0 ? "" : Format.count(node.multiply_adds),
      ])
    }
    return table.text
  }
}

extension ModelInspection.Port {
  fileprivate init(_ name: String, _ type: TensorType) {
    self.init(name: name, type: type.element.rawValue, shape: type.shape)
  }
}

extension Operator {
  /// The operator's name, with what it computes where one operator computes many things: `Binary multiply`.
  var label: String {
    switch self {
    case let op as Binary: "\(name) \(op.kind.rawValue)"
    case let op as Reduce: "\(name) \(op.kind.rawValue)"
    case let op as Unary: "\(name) \(op.function.kind.rawValue)"
    default: name
    }
  }
}

extension String {
  var lines: [String] { split(separator: "\n").map(String.init) }
}
