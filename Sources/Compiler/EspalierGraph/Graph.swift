/// Names one tensor of a graph.
public struct ValueID: Hashable, Sendable, Comparable {
  public let index: Int
  public init(_ index: Int) { self.index = index }
  public static func < (a: ValueID, b: ValueID) -> Bool { a.index < b.index }
}

/// Names one node of a graph; it stays the node's name whatever passes do around it.
public struct NodeID: Hashable, Sendable {
  public let index: Int
  public init(_ index: Int) { self.index = index }
}

/// A tensor of a graph: an input, a constant, or what a node computes.
public struct Value: Sendable {
  /// ONNX's name where it has one; unique within the graph.
  public var name: String
  public var type: TensorType
  /// The elements, where they are known at compile time.
  public var constant: Tensor?
}

/// One use of an operator.
public struct Node: Sendable {
  public let id: NodeID
  /// ONNX's node name, or one made from the operator and its position.
  public var name: String
  public var op: any Operator
  public var inputs: [ValueID]
  public var outputs: [ValueID]
}

/// A network: nodes in an order in which every input is known before it is read.
///
/// Constants are values without a producer. Editing happens through `append` while a graph is built, and
/// through `GraphPatch` afterwards.
public struct Graph: Sendable {
  public internal(set) var values: [Value] = []
  public internal(set) var nodes: [Node] = []
  public internal(set) var inputs: [ValueID] = []
  public internal(set) var outputs: [ValueID] = []
  /// The name under which each output is known outside; parallel to `outputs`.
  public internal(set) var outputNames: [String] = []

  var producerIndex: [ValueID: Int] = [:]
  var readerIndices: [ValueID: [Int]] = [:]
  var nextNode = 0

  public init() {}

  public subscript(_ value: ValueID) -> Value { values[value.index] }

  public func type(of value: ValueID) -> TensorType { values[value.index].type }

  public func constant(of value: ValueID) -> Tensor? { values[value.index].constant }

  /// The node that computes a value; nil for inputs and constants.
  public func producer(of value: ValueID) -> Node? { producerIndex[value].map { nodes[$0] } }

  /// The nodes that read a value, in execution order; a node that reads it twice stands once.
  public func consumers(of value: ValueID) -> [Node] { (readerIndices[value] ?? []).map { nodes[$0] } }

  /// How many readers a value has, the graph's own outputs included.
  public func readerCount(of value: ValueID) -> Int {
    (readerIndices[value]?.count ?? 0) + outputs.filter { $0 == value }.count
  }

  /// Where a node stands in the execution order.
  public func position(of node: NodeID) -> Int? { nodes.firstIndex { $0.id == node } }

  public func node(_ id: NodeID) -> Node? { nodes.first { $0.id == id } }

  /// The types of a node's inputs, in order.
  public func inputTypes(of node: Node) -> [TensorType] { node.inputs.map { type(of: $0) } }
}

// MARK: - Building

extension Graph {
  /// Adds a tensor that nothing computes yet.
  public mutating func appendValue(name: String, type: TensorType, constant: Tensor? = nil) -> ValueID {
    values.append(Value(name: name, type: type, constant: constant))
    return ValueID(values.count - 1)
  }

  public mutating func appendInput(name: String, type: TensorType) -> ValueID {
    let value = appendValue(name: name, type: type)
    inputs.append(value)
    return value
  }

  public mutating func appendConstant(name: String, _ tensor: Tensor) -> ValueID {
    appendValue(name: name, type: tensor.type, constant: tensor)
  }

  public mutating func appendOutput(_ value: ValueID, name: String) {
    outputs.append(value)
    outputNames.append(name)
  }

  /// Adds a node behind all others and the values that it computes.
  ///
  /// - Parameter outputNames: Names of the outputs; missing ones are made from the node's.
  /// - Throws: `ShapeError` where the operator does not take these inputs.
  public mutating func append(
    _ op: any Operator, name: String, inputs: [ValueID], outputNames: [String] = []
  ) throws(ShapeError) -> [ValueID] {
    let types = try op.inferOutputs(inputs.map { type(of: $0) })
    let outputs = types.enumerated().map { position, type in
      let given = position < outputNames.count ? outputNames[position] : ""
      let fallback = position == 0 ? name : "\(name):\(position)"
      return appendValue(name: given.isEmpty ? fallback : given, type: type)
    }
    insert(Node(id: NodeID(nextNode), name: name, op: op, inputs: inputs, outputs: outputs))
    nextNode += 1
    return outputs
  }

  /// The same network with other outputs: these values, under their own names.
  public func observing(_ values: [ValueID]) -> Graph {
    var graph = self
    graph.outputs = values
    graph.outputNames = values.map { self[$0].name }
    graph.removeDeadNodes()
    return graph
  }

  /// Lets a node read a constant of its own in place of an input.
  ///
  /// - Precondition: The node is in the graph, and takes a constant of this type.
  public mutating func setConstant(_ tensor: Tensor, input index: Int, of node: NodeID) {
    guard let position = position(of: node) else { preconditionFailure("the node is not in the graph") }
    let old = nodes[position].inputs[index]
    nodes[position].inputs[index] = appendConstant(name: "\(self[old].name)/\(nodes[position].name)", tensor)
    reindex()
  }

  /// Gives a constant other elements, for everything that reads it.
  ///
  /// - Precondition: The value is a constant of the tensor's type.
  public mutating func replaceConstant(_ value: ValueID, with tensor: Tensor) {
    precondition(values[value.index].constant != nil && values[value.index].type == tensor.type)
    values[value.index].constant = tensor
  }

  private mutating func insert(_ node: Node) {
    nodes.append(node)
    index(node, at: nodes.count - 1)
  }

  private mutating func index(_ node: Node, at position: Int) {
    for output in node.outputs { producerIndex[output] = position }
    for input in Set(node.inputs) { readerIndices[input, default: []].append(position) }
  }

  /// Rebuilds who produces and who reads what, after `nodes` changed.
  mutating func reindex() {
    producerIndex.removeAll(keepingCapacity: true)
    readerIndices.removeAll(keepingCapacity: true)
    for (position, node) in nodes.enumerated() { index(node, at: position) }
  }
}
