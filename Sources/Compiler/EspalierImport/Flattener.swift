import EspalierGraph

/// Turns nodes into flat ones: calls of the model's own functions become the functions' nodes.
struct Flattener {
  /// More nodes than any network has; functions that call each other twice could otherwise unfold forever.
  static let nodeLimit = 1 << 20

  private let functions: [FunctionKey: OnnxFunction]
  private let modelOpsets: [String: Int]
  private var names = UniqueNames()
  private var count = 0

  init(model: OnnxModel) {
    functions = Dictionary(
      model.functions.map { (FunctionKey(domain: $0.domain, name: $0.name, overload: $0.overload), $0) },
      uniquingKeysWith: { first, _ in first })
    modelOpsets = model.opsets
  }

  /// - Throws: `ImportError.malformed` where functions call themselves, or unfold to too many nodes.
  mutating func flatten(_ nodes: [OnnxNode], in scope: Scope) throws(ImportError) -> [FlatNode] {
    var flat: [FlatNode] = []
    for (index, node) in nodes.enumerated() {
      let name = uniqueName(scope.prefix + (node.name.isEmpty ? "\(node.type)_\(index)" : node.name))
      let key = FunctionKey(domain: node.domain, name: node.type, overload: node.overload)
      if let function = functions[key] {
        try flat += unfold(function, key, called: node, name, in: scope)
      } else {
        flat.append(try flatNode(node, name, in: scope))
      }
    }
    return flat
  }

  /// The name, or one made from it where an earlier node has it.
  mutating func uniqueName(_ name: String) -> String { names.take(name) }

  private mutating func flatNode(
    _ node: OnnxNode, _ name: String, in scope: Scope
  ) throws(ImportError) -> FlatNode {
    count += 1
    guard count <= Self.nodeLimit else {
      throw .malformed("its functions unfold to more than \(Self.nodeLimit) nodes")
    }
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
    _ function: OnnxFunction, _ key: FunctionKey, called node: OnnxNode, _ name: String, in scope: Scope
  ) throws(ImportError) -> [FlatNode] {
    guard !scope.callers.contains(key) else {
      throw .malformed("function '\(key.name)' of domain '\(key.domain)' calls itself")
    }
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
      callers: scope.callers + [key], reserved: scope.reserved)
    var flat = try flatten(function.nodes, in: inner)
    for alias in aliases {
      let identity = OnnxNode(
        name: "", type: "Identity", domain: "", overload: "", inputs: [alias.from], outputs: [],
        attributes: [:])
      var copy = try flatNode(identity, uniqueName(inner.prefix + "Identity"), in: inner)
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
