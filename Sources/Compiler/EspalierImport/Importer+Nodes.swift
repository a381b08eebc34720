import EspalierGraph
import EspalierOperators

extension Importer {
  /// Imports nodes in order. One that fails is noted, and whatever depends on it is passed over.
  mutating func importNodes(_ nodes: [FlatNode], wanted: [String]) {
    importedCount += nodes.count
    guard importedCount <= Flattener.nodeLimit else {
      return errors.append(.malformed("it unfolds to more than \(Flattener.nodeLimit) nodes"))
    }
    var read = Set(wanted)
    for node in nodes { read.formUnion(node.inputs + node.captured) }
    for node in nodes {
      do {
        try importNode(node, read: read)
      } catch {
        for output in node.outputs where meanings[output] == nil { meanings[output] = .failed }
        if case .several(let noted) = error { errors += noted } else { errors.append(error) }
      }
    }
  }

  /// - Throws: What is wrong; `alreadyNoted` where a node before this one failed.
  private mutating func importNode(_ node: FlatNode, read: Set<String>) throws(ImportError) {
    builder.currentNode = (node.name, node.type)
    let inputs = try inputs(of: node)
    let first = builder.valueCount
    let outputs = try node.isIf ? branch(of: node, inputs) : imported(node, inputs, read: read)
    for (index, name) in node.outputs.enumerated() where !name.isEmpty {
      if index < outputs.count {
        meanings[name] = .value(outputs[index])
        if outputs[index].index >= first { builder.rename(outputs[index], to: name) }
      } else if read.contains(name) {
        throw .unsupportedOutput(index, node: node.name, type: node.type)
      }
    }
  }

  private func inputs(of node: FlatNode) throws(ImportError) -> [ImportedNode.Input?] {
    for name in node.inputs where !name.isEmpty && meanings[name] == nil {
      throw .malformed("node '\(node.name)' reads '\(name)', which nothing computes")
    }
    var inputs: [ImportedNode.Input?] = []
    for name in node.inputs {
      let value = name.isEmpty ? nil : try value(of: name, readBy: node)
      inputs.append(
        value.map { .init(value: $0, type: builder.type(of: $0), constant: builder.constant(of: $0)) })
    }
    return inputs
  }

  private func value(of name: String, readBy node: FlatNode) throws(ImportError) -> ValueID {
    switch meanings[name] {
    case .value(let value): return value
    case .unreadable(let problem): throw .tensor(name, problem: problem)
    case .failed: throw .alreadyNoted
    case nil: throw .malformed("node '\(node.name)' reads '\(name)', which nothing computes")
    }
  }

  private mutating func imported(
    _ node: FlatNode, _ inputs: [ImportedNode.Input?], read: Set<String>
  ) throws(ImportError) -> [ValueID] {
    guard let importer = OperatorRegistry.importer(of: node) else {
      throw .unsupportedOperator(node.type, domain: node.domain, opset: node.opset, node: node.name)
    }
    if node.broadcastsAlongAxis {
      throw .attribute(
        "axis", node: node.name, type: node.type,
        problem: "broadcasts as ONNX did before opset 7; export the model with a later one")
    }
    var attributes: [String: AttributeValue] = [:]
    for (name, attribute) in node.attributes {
      switch attribute {
      case .value(let value): attributes[name] = value
      case .graph: attributes[name] = .unsupported(kind: "graph")
      case .reference: break
      case .unreadable(let problem):
        throw .attribute(name, node: node.name, type: node.type, problem: problem)
      }
    }
    let imported = ImportedNode(
      name: node.name, type: node.type, domain: node.domain, opset: node.opset, attributes: attributes,
      inputs: inputs, outputNames: node.outputs,
      unreadOutputs: Set(node.outputs.indices.filter { !read.contains(node.outputs[$0]) }))
    return try importer.importNode(imported, into: &builder)
  }
}

extension FlatNode {
  /// Whether the second input is laid along an axis that the node names, as arithmetic did before opset 7.
  fileprivate var broadcastsAlongAxis: Bool {
    let arithmetic = ["Add", "Sub", "Mul", "Div", "Pow", "And", "Or", "Xor", "Equal", "Greater", "Less"]
    return domain.isEmpty && opset < 7 && attributes["axis"] != nil && arithmetic.contains(type)
  }
}

// MARK: - If

extension Importer {
  /// Puts the branch that a constant condition chooses in the place of an `If`.
  ///
  /// Source: ONNX `If`, opset 19.
  private mutating func branch(
    of node: FlatNode, _ inputs: [ImportedNode.Input?]
  ) throws(ImportError) -> [ValueID] {
    guard let condition = inputs.first ?? nil else {
      throw .missingInput(0, node: node.name, type: node.type)
    }
    guard let tensor = condition.constant else {
      throw .notConstant(input: 0, node: node.name, type: node.type)
    }
    guard case .integers(let integers) = tensor.storage, integers.count == 1 else {
      throw .malformed("the condition of node '\(node.name)' is \(tensor.type), not one truth value")
    }
    let name = integers[0] != 0 ? "then_branch" : "else_branch"
    guard case .graph(let graph) = node.attributes[name] else {
      throw .attribute(name, node: node.name, type: node.type, problem: "is not a graph")
    }
    return try outputs(of: graph, inside: node)
  }

  private mutating func outputs(of graph: OnnxGraph, inside node: FlatNode) throws(ImportError) -> [ValueID] {
    let outer = node.scope
    let naming = Scope(prefix: node.name + "/", opsets: [:], reserved: outer.reserved)
    let own = graph.definedNames.map { ($0, naming.ownName($0)) }
    let scope = Scope(
      bound: Dictionary(uniqueKeysWithValues: own), prefix: naming.prefix, outer: outer, opsets: outer.opsets,
      attributes: outer.attributes, reserved: outer.reserved)
    let wanted = graph.outputs.map { scope.resolve($0.name) }
    let known = errors.count
    try importInitializers(of: graph, in: scope)
    let nodes = flattener.flatten(graph.nodes, in: scope)
    let order = try ExecutionOrder(nodes, known: Set(meanings.keys), wanted: wanted)
    checkOperators(order.nodes)
    if errors.count == known { importNodes(order.nodes, wanted: wanted) }
    guard errors.count == known else { throw .alreadyNoted }
    var outputs: [ValueID] = []
    for name in wanted { outputs.append(try value(of: name, readBy: node)) }
    return outputs
  }
}

extension ImportError {
  /// Thrown where the cause is among the importer's errors already.
  static var alreadyNoted: ImportError { .several([]) }
}
