internal import EspalierGraph

/// What a network made of every frame up to some of its values: from there the rest can be run without what lies
/// before.
struct Frontier {
  /// Of the values.
  let names: [String]
  /// By frame the elements of each value.
  private(set) var frames: [[[Float]]] = []

  /// Numbers that are kept at most.
  private static let limit = 1 << 27

  /// Nil where so many frames of these values take too much memory.
  init?(_ values: [ValueID], of graph: Graph, frameCount: Int) {
    let types = values.map { graph.type(of: $0) }
    let size = types.reduce(0) { $0 + $1.elementCount }
    guard types.allSatisfy({ $0.element == .float32 }), size * frameCount <= Self.limit else { return nil }
    names = values.map { graph[$0].name }
    frames.reserveCapacity(frameCount)
  }

  mutating func append(_ elements: [[Float]]) { frames.append(elements) }
}

extension Graph {
  /// The values that some layers, and all that hangs on them, read from the rest of the network.
  ///
  /// - Parameter layers: Names of nodes.
  func frontier(before layers: Set<String>) -> [ValueID] {
    var open: Set<ValueID> = []
    var result: [ValueID] = []
    for node in nodes where layers.contains(node.name) || !open.isDisjoint(with: node.inputs) {
      open.formUnion(node.outputs)
      for input in node.inputs where constant(of: input) == nil && !open.contains(input) {
        if !result.contains(input) { result.append(input) }
      }
    }
    return result
  }

  /// The part of the network between some values, which become its inputs where they are read, and others, which
  /// become its outputs.
  ///
  /// - Parameter names: Of the first; none of the others is one of them.
  func part(from names: [String], to outputs: [ValueID]) throws(ShapeError) -> Graph {
    let starts = Set(names)
    var needed = Set(outputs)
    for node in nodes.reversed() where !needed.isDisjoint(with: node.outputs) {
      needed.formUnion(node.inputs.filter { !starts.contains(self[$0].name) })
    }
    var (result, places): (Graph, [ValueID: ValueID]) = (Graph(), [:])
    for node in nodes where !needed.isDisjoint(with: node.outputs) {
      var inputs: [ValueID] = []
      for old in node.inputs {
        let name = self[old].name
        let new =
          places[old] ?? constant(of: old).map { result.appendConstant(name: name, $0) }
          ?? result.appendInput(name: name, type: type(of: old))
        places[old] = new
        inputs.append(new)
      }
      let made = try result.append(
        node.op, name: node.name, inputs: inputs, outputNames: node.outputs.map { self[$0].name })
      for (old, new) in zip(node.outputs, made) { places[old] = new }
    }
    for output in outputs {
      let place = places[output] ?? result.appendInput(name: self[output].name, type: type(of: output))
      result.appendOutput(place, name: self[output].name)
    }
    return result
  }
}
