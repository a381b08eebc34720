extension Graph {
  /// Takes out every node whose outputs nothing reads.
  ///
  /// - Returns: How many nodes went.
  @discardableResult
  public mutating func removeDeadNodes() -> Int {
    var needed = Set(outputs)
    var kept: [Node] = []
    for node in nodes.reversed() where node.outputs.contains(where: needed.contains) {
      needed.formUnion(node.inputs)
      kept.append(node)
    }
    let removed = nodes.count - kept.count
    nodes = kept.reversed()
    reindex()
    return removed
  }
}
