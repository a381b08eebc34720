internal import EspalierGraph

extension BlockTable {
  /// `data` with block `blocks[i]` met by block i of `updates`.
  func scattered(_ updates: Tensor, over data: Tensor, _ reduction: ScatterReduction) -> Tensor {
    switch data.storage {
    case .floats(var elements):
      let new = updates.floats
      write { elements[$0] = reduction(elements[$0], new[$1]) }
      return Tensor(shape: data.shape, element: data.type.element, floats: elements)
    case .integers(var elements):
      let new = updates.integers
      write { elements[$0] = data.type.element.wrapped(reduction(elements[$0], new[$1])) }
      return Tensor(shape: data.shape, element: data.type.element, integers: elements)
    }
  }

  private func write(_ body: (_ target: Int, _ source: Int) -> Void) {
    for (number, block) in blocks.enumerated() {
      for offset in 0..<length { body(block * length + offset, number * length + offset) }
    }
  }
}

extension Lowering {
  /// Data and updates one behind the other, and from both the blocks of the output gathered.
  mutating func scatter(
    _ table: BlockTable?, _ reduction: ScatterReduction, _ node: Node
  ) throws(LoweringError) {
    guard let table else { throw noScatter(node, "its indices are computed from the frame") }
    guard reduction == .none else { throw noScatter(node, "no kernel adds up in place") }
    let data = view(of: node.inputs[0])
    let updates = view(of: node.inputs[1])
    let output = allocate(node.outputs[0])
    guard data.shape.elementCount > 0 else { return }
    let count = data.shape.elementCount / table.length
    let both = newBuffer(shape: [count + table.blocks.count, table.length])
    try copy(from: data, reshapedTo: both.sliced(axis: 0, start: 0, count: count))
    if !table.blocks.isEmpty {
      try copy(
        from: updates, reshapedTo: both.sliced(axis: 0, start: count, count: table.blocks.count))
    }
    var sources = Array(0..<count)
    for (number, block) in table.blocks.enumerated() { sources[block] = count + number }
    let gathered = BlockTable(blocks: sources, length: table.length)
    try gatherBlocks(gathered, from: both, to: output)
  }

  private func noScatter(_ node: Node, _ reason: String) -> LoweringError {
    .noKernel(node: node.name, type: node.op.name, reason: reason)
  }
}
