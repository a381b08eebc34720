/// Hands out names, each only once.
public struct UniqueNames: Sendable {
  private var used: Set<String> = []

  public init() {}

  /// The name itself, or the name with a number behind it where it is taken.
  public mutating func take(_ name: String) -> String {
    var candidate = name
    var number = 1
    while !used.insert(candidate).inserted {
      number += 1
      candidate = "\(name):\(number)"
    }
    return candidate
  }
}

extension Graph {
  /// Gives every node and every value that is in use a name that no other has.
  ///
  /// Inputs keep their names, then the values in `first`, then whatever stands first.
  public mutating func makeNamesUnique(keeping first: [ValueID] = []) {
    var nodeNames = UniqueNames()
    for position in nodes.indices { nodes[position].name = nodeNames.take(nodes[position].name) }
    var valueNames = UniqueNames()
    var named: Set<ValueID> = []
    for value in inputs + first + valuesInUse where named.insert(value).inserted {
      values[value.index].name = valueNames.take(values[value.index].name)
    }
  }

  /// Inputs, what nodes compute, and constants that something reads, in order of appearance.
  public var valuesInUse: [ValueID] {
    var seen: Set<ValueID> = []
    return (inputs + nodes.flatMap { $0.inputs + $0.outputs } + outputs).filter { seen.insert($0).inserted }
  }
}
