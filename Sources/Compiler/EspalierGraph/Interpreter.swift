/// Runs a graph by its operators' definitions: slow, and the judge of everything fast.
public enum Interpreter {
  /// The graph's outputs for one set of inputs, in the graph's order.
  ///
  /// Every other tensor is dropped behind its last reader.
  ///
  /// - Parameters:
  ///   - inputs: One tensor per graph input, of its type.
  ///   - finished: Called after each node.
  /// - Throws: `InterpreterError`.
  public static func run(
    _ graph: Graph, inputs: [Tensor], finished: () -> Void = {}
  ) throws(InterpreterError) -> [Tensor] {
    var tensors: [ValueID: Tensor] = [:]
    return try run(graph, inputs: inputs, keepsAll: false, &tensors, finished)
  }

  /// Everything that the graph computes from one set of inputs, the inputs themselves included.
  ///
  /// - Parameter finished: Called after each node.
  /// - Throws: `InterpreterError`.
  public static func allValues(
    of graph: Graph, inputs: [Tensor], finished: () -> Void = {}
  ) throws(InterpreterError) -> [ValueID: Tensor] {
    var tensors: [ValueID: Tensor] = [:]
    _ = try run(graph, inputs: inputs, keepsAll: true, &tensors, finished)
    return tensors
  }

  private static func run(
    _ graph: Graph, inputs: [Tensor], keepsAll: Bool, _ tensors: inout [ValueID: Tensor],
    _ finished: () -> Void
  ) throws(InterpreterError) -> [Tensor] {
    guard inputs.count == graph.inputs.count else {
      throw .inputCount(expected: graph.inputs.count, found: inputs.count)
    }
    for (value, tensor) in zip(graph.inputs, inputs) {
      guard tensor.type == graph.type(of: value) else {
        throw .input(graph[value].name, expected: graph.type(of: value), found: tensor.type)
      }
      tensors[value] = tensor
    }
    var readsLeft = readCounts(of: graph)
    for node in graph.nodes {
      try evaluate(node, in: graph, &tensors)
      finished()
      guard !keepsAll else { continue }
      for input in node.inputs {
        readsLeft[input, default: 0] -= 1
        if readsLeft[input] == 0 { tensors[input] = nil }
      }
    }
    return try graph.outputs.map { value throws(InterpreterError) in
      guard let tensor = tensors[value] ?? graph.constant(of: value) else {
        throw .undefined(graph[value].name)
      }
      return tensor
    }
  }

  private static func evaluate(
    _ node: Node, in graph: Graph, _ tensors: inout [ValueID: Tensor]
  ) throws(InterpreterError) {
    var inputs: [Tensor] = []
    for input in node.inputs {
      guard let tensor = tensors[input] ?? graph.constant(of: input) else {
        throw .undefined(graph[input].name)
      }
      inputs.append(tensor)
    }
    let outputs: [Tensor]
    do { outputs = try node.op.evaluate(inputs) } catch { throw .evaluation(error, node: node.name) }
    for (value, tensor) in zip(node.outputs, outputs) {
      guard tensor.type == graph.type(of: value) else {
        throw .outputType(node: node.name, expected: graph.type(of: value), found: tensor.type)
      }
      tensors[value] = tensor
    }
  }

  private static func readCounts(of graph: Graph) -> [ValueID: Int] {
    var counts: [ValueID: Int] = [:]
    for value in graph.nodes.flatMap(\.inputs) + graph.outputs { counts[value, default: 0] += 1 }
    return counts
  }
}

/// Why a graph cannot be run.
public enum InterpreterError: Error, Equatable, Sendable {
  case inputCount(expected: Int, found: Int)
  case input(String, expected: TensorType, found: TensorType)
  /// A value is read before anything computes it.
  case undefined(String)
  case evaluation(EvaluationError, node: String)
  /// An operator computed another type than it had announced.
  case outputType(node: String, expected: TensorType, found: TensorType)
}

extension InterpreterError: CustomStringConvertible {
  public var description: String {
    switch self {
    case .inputCount(let expected, let found): "the graph takes \(expected) inputs, but \(found) are given"
    case .input(let name, let expected, let found): "input '\(name)' must be \(expected), but is \(found)"
    case .undefined(let name): "'\(name)' is read before anything computes it"
    case .evaluation(let error, let node): "node '\(node)': \(error)"
    case .outputType(let node, let expected, let found):
      "node '\(node)' announced \(expected), but computed \(found)"
    }
  }
}
