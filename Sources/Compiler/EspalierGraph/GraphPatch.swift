/// A change to a graph, made as a value: nodes to add, values to read in place of others, nodes to drop.
///
/// A rewrite returns a patch and never edits. `Graph.apply` puts the new nodes where the first node that they
/// replace stood, so the order stays an execution order as long as the new nodes read nothing that is computed
/// after that place.
public struct GraphPatch: Sendable {
  /// A value named in a patch: one of the graph's, or one that the patch itself makes.
  public enum Reference: Hashable, Sendable {
    case existing(ValueID)
    /// Output `output` of the patch's new node number `node`.
    case new(node: Int, output: Int = 0)
    /// The patch's constant number `index`.
    case constant(Int)
  }

  struct NewNode: Sendable {
    var op: any Operator
    var name: String
    var inputs: [Reference]
  }

  var nodes: [NewNode] = []
  var constants: [(name: String, tensor: Tensor)] = []
  var replacements: [(old: ValueID, new: Reference)] = []
  var removals: Set<NodeID> = []

  public init() {}

  /// Adds a constant.
  public mutating func constant(_ tensor: Tensor, name: String) -> Reference {
    constants.append((name, tensor))
    return .constant(constants.count - 1)
  }

  /// Adds a node; the result names its first output.
  public mutating func add(_ op: any Operator, name: String, inputs: [Reference]) -> Reference {
    nodes.append(NewNode(op: op, name: name, inputs: inputs))
    return .new(node: nodes.count - 1)
  }

  /// Lets everything that reads `old` (the graph's outputs too) read `new`.
  public mutating func replace(_ old: ValueID, with new: Reference) { replacements.append((old, new)) }

  /// Takes a node out. Its outputs must have been replaced, or be read by nothing.
  public mutating func remove(_ node: NodeID) { removals.insert(node) }
}

extension Graph {
  /// The graph with the patch in it.
  ///
  /// - Precondition: What the patch leaves in place reads nothing that it removes (the verifier checks).
  /// - Throws: `ShapeError` where a new operator does not take its inputs.
  public mutating func apply(_ patch: GraphPatch) throws(ShapeError) {
    let constants = patch.constants.map { appendConstant(name: $0.name, $0.tensor) }
    var made: [Node] = []
    func resolve(_ reference: GraphPatch.Reference) -> ValueID {
      switch reference {
      case .existing(let value): value
      case .new(let node, let output): made[node].outputs[output]
      case .constant(let index): constants[index]
      }
    }
    for new in patch.nodes {
      let inputs = new.inputs.map(resolve)
      let types = try new.op.inferOutputs(inputs.map { type(of: $0) })
      var outputs: [ValueID] = []
      for (position, type) in types.enumerated() {
        outputs.append(appendValue(name: position == 0 ? new.name : "\(new.name):\(position)", type: type))
      }
      made.append(Node(id: NodeID(nextNode), name: new.name, op: new.op, inputs: inputs, outputs: outputs))
      nextNode += 1
    }
    insert(made, replacing: patch.removals)
    var renames: [ValueID: ValueID] = [:]
    for (old, new) in patch.replacements { renames[old] = resolve(new) }
    rename(renames, keeping: Set(made.map(\.id)))
    reindex()
  }

  /// New nodes stand where the last removed node stood, or behind the producers of their inputs.
  private mutating func insert(_ made: [Node], replacing removals: Set<NodeID>) {
    var place = nodes.lastIndex { removals.contains($0.id) }.map { $0 + 1 } ?? 0
    let own = Set(made.flatMap(\.outputs))
    for input in made.flatMap(\.inputs) where !own.contains(input) {
      if let producer = producerIndex[input] { place = max(place, producer + 1) }
    }
    nodes.insert(contentsOf: made, at: place)
    nodes.removeAll { removals.contains($0.id) }
  }

  private mutating func rename(_ renames: [ValueID: ValueID], keeping kept: Set<NodeID>) {
    guard !renames.isEmpty else { return }
    for position in nodes.indices where !kept.contains(nodes[position].id) {
      nodes[position].inputs = nodes[position].inputs.map { renames[$0] ?? $0 }
    }
    outputs = outputs.map { renames[$0] ?? $0 }
  }
}
