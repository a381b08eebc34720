/// Checks what every stage relies on; runs after each pass.
public enum Verifier {
  /// - Throws: The first thing that is wrong.
  public static func verify(_ graph: Graph) throws(VerificationError) {
    try verifyNames(of: graph)
    var known = Set(graph.inputs)
    guard known.count == graph.inputs.count else { throw .repeatedInput }
    for input in graph.inputs where graph.constant(of: input) != nil {
      throw .definedTwice(graph[input].name)
    }
    for node in graph.nodes {
      for input in node.inputs {
        guard graph.values.indices.contains(input.index) else { throw .noSuchValue(node: node.name) }
        guard known.contains(input) || graph.constant(of: input) != nil else {
          throw .readBeforeDefined(graph[input].name, reader: node.name)
        }
      }
      try verifyOutputs(of: node, in: graph, &known)
    }
    guard graph.outputs.count == graph.outputNames.count else { throw .outputNames }
    for (output, name) in zip(graph.outputs, graph.outputNames) {
      guard graph.values.indices.contains(output.index),
        known.contains(output) || graph.constant(of: output) != nil
      else { throw .danglingOutput(name) }
    }
    try verifyConstants(of: graph)
  }

  private static func verifyOutputs(
    of node: Node, in graph: Graph, _ known: inout Set<ValueID>
  ) throws(VerificationError) {
    let types: [TensorType]
    do { types = try node.op.inferOutputs(graph.inputTypes(of: node)) } catch {
      throw .inference(error, node: node.name)
    }
    guard types.count == node.outputs.count else {
      throw .outputCount(node: node.name, expected: types.count, found: node.outputs.count)
    }
    for (output, type) in zip(node.outputs, types) {
      guard graph.values.indices.contains(output.index) else { throw .noSuchValue(node: node.name) }
      guard graph.type(of: output) == type else {
        throw .type(graph[output].name, stored: graph.type(of: output), inferred: type)
      }
      guard graph.constant(of: output) == nil, known.insert(output).inserted else {
        throw .definedTwice(graph[output].name)
      }
      guard graph.producer(of: output)?.id == node.id else { throw .staleIndex(graph[output].name) }
    }
  }

  private static func verifyConstants(of graph: Graph) throws(VerificationError) {
    for value in graph.valuesInUse {
      if let constant = graph.constant(of: value), constant.type != graph.type(of: value) {
        throw .type(graph[value].name, stored: graph.type(of: value), inferred: constant.type)
      }
    }
  }

  private static func verifyNames(of graph: Graph) throws(VerificationError) {
    var nodes: Set<String> = []
    for node in graph.nodes where !nodes.insert(node.name).inserted { throw .repeatedName(node.name) }
    var values: Set<String> = []
    for value in graph.valuesInUse where graph.values.indices.contains(value.index) {
      guard values.insert(graph[value].name).inserted else { throw .repeatedName(graph[value].name) }
    }
    var outputs: Set<String> = []
    for name in graph.outputNames where !outputs.insert(name).inserted { throw .repeatedName(name) }
  }
}

/// What makes a graph unusable.
public enum VerificationError: Error, Equatable, Sendable {
  case repeatedInput
  /// A node reads or computes a value that the graph does not have.
  case noSuchValue(node: String)
  case readBeforeDefined(String, reader: String)
  case definedTwice(String)
  case inference(ShapeError, node: String)
  case outputCount(node: String, expected: Int, found: Int)
  /// A value's stored type is not what its producer makes of its inputs.
  case type(String, stored: TensorType, inferred: TensorType)
  /// The graph's record of who computes a value is out of date.
  case staleIndex(String)
  case danglingOutput(String)
  case outputNames
  case repeatedName(String)
}

extension VerificationError: CustomStringConvertible {
  public var description: String {
    switch self {
    case .repeatedInput: "one value is two inputs of the graph"
    case .noSuchValue(let node): "node '\(node)' names a value that the graph does not have"
    case .readBeforeDefined(let value, let reader): "node '\(reader)' reads '\(value)' before it is computed"
    case .definedTwice(let value): "'\(value)' is defined twice"
    case .inference(let error, let node): "node '\(node)': \(error)"
    case .outputCount(let node, let expected, let found):
      "node '\(node)' has \(found) outputs, but its operator makes \(expected)"
    case .type(let value, let stored, let inferred): "'\(value)' is noted as \(stored), but is \(inferred)"
    case .staleIndex(let value): "the graph does not know which node computes '\(value)'"
    case .danglingOutput(let name): "nothing computes the output '\(name)'"
    case .outputNames: "the graph has outputs without names"
    case .repeatedName(let name): "two things are called '\(name)'"
    }
  }
}
