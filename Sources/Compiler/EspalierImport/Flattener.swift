import EspalierGraph

/// Turns nodes into flat ones: calls of the model's own functions become the functions' nodes.
struct Flattener {
  /// More nodes than any network has; functions that call each other twice could otherwise unfold forever.
  static let nodeLimit = 1 << 17
  /// Deeper than any exporter nests functions.
  static let depthLimit = 64

  private let functions: [FunctionKey: OnnxFunction]
  private let modelOpsets: [String: Int]
  private var names = UniqueNames()

  init(model: OnnxModel) {
    functions = Dictionary(
      model.functions.map { (FunctionKey(domain: $0.domain, name: $0.name, overload: $0.overload), $0) },
      uniquingKeysWith: { first, _ in first })
    modelOpsets = model.opsets
  }

  /// - Throws: `ImportError.malformed` where functions call themselves, or unfold to too many nodes.
  func checkSize(of graph: OnnxGraph) throws(ImportError) {
    var sizes: [FunctionKey: Int] = [:]
    _ = try size(of: graph.nodes, callers: [], &sizes)
  }

  /// How many nodes these are once every function is unfolded, those in all branches included.
  private func size(
    of nodes: [OnnxNode], callers: [FunctionKey], _ sizes: inout [FunctionKey: Int]
  ) throws(ImportError) -> Int {
    guard callers.count <= Self.depthLimit else {
      throw .malformed("its functions call each other more than \(Self.depthLimit) deep")
    }
    var total = 0
    for node in nodes {
      total += 1
      for case .graph(let graph) in node.attributes.values {
        total += try size(of: graph.nodes, callers: callers, &sizes)
      }
      let key = FunctionKey(domain: node.domain, name: node.type, overload: node.overload)
      if let function = functions[key] {
        guard !callers.contains(key) else {
          throw .malformed("function '\(key.name)' of domain '\(key.domain)' calls itself")
        }
        if sizes[key] == nil {
          sizes[key] = try size(of: function.nodes, callers: callers + [key], &sizes)
        }
        total += sizes[key] ?? 0
      }
      guard total <= Self.nodeLimit else {
        throw .malformed("its functions unfold to more than \(Self.nodeLimit) nodes")
      }
    }
    return total
  }

  /// - Precondition: `checkSize` accepted the graph that the nodes stand in.
  mutating func flatten(_ nodes: [OnnxNode], in scope: Scope) -> [FlatNode] {
    var flat: [FlatNode] = []
    for (index, node) in nodes.enumerated() {
      let name = uniqueName(scope.prefix + (node.name.isEmpty ? "\(node.type)_\(index)" : node.name))
      let key = FunctionKey(domain: node.domain, name: node.type, overload: node.overload)
      if let function = functions[key] {
        flat += unfold(function, called: node, name, in: scope)
      } else {
        flat.append(flatNode(node, name, in: scope))
      }
    }
    return flat
  }

  /// The name, or one made from it where an earlier node has it.
  mutating func uniqueName(_ name: String) -> String { names.take(name) }

  private func flatNode(_ node: OnnxNode, _ name: String, in scope: Scope) -> FlatNode {
    let attributes = resolved(node.attributes, in: scope)
    var captured: [String] = []
    for case .graph(let graph) in attributes.values { captured += graph.freeNames.map(scope.resolve) }
    var inputs = node.inputs.map(scope.resolve)
    while inputs.last == "" { inputs.removeLast() }
    return FlatNode(
      name: name, type: node.type, domain: node.domain,
      opset: scope.opsets[node.domain] ?? modelOpsets[node.domain] ?? 0, inputs: inputs,
      outputs: node.outputs.map(scope.resolve), attributes: attributes, captured: captured, scope: scope)
  }

  /// References replaced by the attributes that the function was called with; absent ones fall away.
  private func resolved(
    _ attributes: [String: OnnxAttribute], in scope: Scope
  ) -> [String: OnnxAttribute] {
    attributes.compactMapValues { attribute in
      if case .reference(let name) = attribute { scope.attributes[name] } else { attribute }
    }
  }

  private mutating func unfold(
    _ function: OnnxFunction, called node: OnnxNode, _ name: String, in scope: Scope
  ) -> [FlatNode] {
    var bound: [String: String] = [:]
    for (index, formal) in function.inputs.enumerated() {
      bound[formal] = index < node.inputs.count ? scope.resolve(node.inputs[index]) : ""
    }
    var aliases: [(from: String, to: String)] = []
    for (formal, actual) in zip(function.outputs, node.outputs) where !actual.isEmpty {
      if bound[formal] == nil {
        bound[formal] = scope.resolve(actual)
      } else {
        aliases.append((formal, scope.resolve(actual)))
      }
    }
    let inner = Scope(
      bound: bound, prefix: name + "/", opsets: function.opsets.merging(modelOpsets) { own, _ in own },
      attributes: function.defaults.merging(resolved(node.attributes, in: scope)) { _, given in given },
      reserved: scope.reserved)
    var flat = flatten(function.nodes, in: inner)
    for alias in aliases {
      let identity = OnnxNode(
        name: "", type: "Identity", domain: "", overload: "", inputs: [alias.from], outputs: [],
        attributes: [:])
      var copy = flatNode(identity, uniqueName(inner.prefix + "Identity"), in: inner)
      copy.outputs = [alias.to]
      flat.append(copy)
    }
    return flat
  }
}

extension OnnxGraph {
  /// The names that are defined here: initializers and what nodes compute.
  var definedNames: Set<String> {
    var names = Set(initializers.map(\.name))
    for node in nodes { names.formUnion(node.outputs) }
    names.formUnion(inputs.map(\.name))
    names.remove("")
    return names
  }

  /// The names that are read here, in graphs inside too, but defined outside.
  var freeNames: Set<String> {
    var names = Set(outputs.map(\.name))
    for node in nodes {
      names.formUnion(node.inputs)
      for case .graph(let graph) in node.attributes.values { names.formUnion(graph.freeNames) }
    }
    names.remove("")
    return names.subtracting(definedNames)
  }
}
