import EspalierGraph
import EspalierOperators
import Testing

/// Graphs of random movements, joins and layers: wherever values are placed, the kernels must compute what
/// the references compute.
@Suite("A random graph of movements") struct RandomGraphTests {
  private struct Grower {
    var graph = Graph()
    var values: [ValueID] = []
    var generator: SeededGenerator

    mutating func grow(nodes: Int) throws {
      for _ in 0..<2 {
        let channels = Int.random(in: 1...4, using: &generator) * 2
        values.append(
          graph.appendInput(name: "x\(values.count)", type: TensorType(.float32, [1, channels, 4, 6])))
      }
      for _ in 0..<nodes { try addNode() }
      for value in values.shuffled(using: &generator).prefix(4) {
        graph.appendOutput(value, name: "y\(graph.outputs.count)")
      }
    }

    private mutating func addNode() throws {
      // Young values are preferred, so that chains grow.
      let young = values.suffix(4)
      guard let value = young.randomElement(using: &generator) else { return }
      let (op, inputs) = choose(value)
      values += try graph.append(op, name: "\(op.name)\(graph.nodes.count)", inputs: inputs)
    }

    private mutating func choose(_ value: ValueID) -> (any Operator, [ValueID]) {
      let shape = graph.type(of: value).shape
      let axis = Int.random(in: shape.indices, using: &generator)
      switch Int.random(in: 0..<10, using: &generator) {
      case 0: return (Transpose(permutation: Array(shape.indices).shuffled(using: &generator)), [value])
      case 1: return (Reshape(shape: regrouped(shape)), [value])
      case 2 where shape[axis] > 1:
        let cut = Int.random(in: 1..<shape[axis], using: &generator)
        return (Split(axis: axis, sizes: [cut, shape[axis] - cut]), [value])
      case 3:
        return (Slice([Slice.AxisRange(axis: axis, start: .max, end: .min, step: -1)]), [value])
      case 4, 5: return (Concat(axis: axis), joined(with: value, axis: axis))
      case 6 where shape.count == 4 && shape.elementCount < 2000:
        return (Pad(value: 2, before: [0, 0, 1, 0], after: [0, 0, 0, 1]), [value])
      case 7 where shape[axis] > 2:
        let table = Gather.Table(shape: [3], indices: [2, 0, 1])
        return (Gather(axis: axis, table: table), [value])
      case 8: return (Identity(), [value])
      default: return (Unary(.relu), [value])
      }
    }

    /// The value between others that agree with it along every other axis.
    private mutating func joined(with value: ValueID, axis: Int) -> [ValueID] {
      let shape = graph.type(of: value).shape
      let partners = values.filter { other in
        let candidate = graph.type(of: other).shape
        return candidate.count == shape.count && candidate[axis] <= 24
          && shape.indices.allSatisfy { $0 == axis || candidate[$0] == shape[$0] }
      }
      let chosen = partners.randomElement(using: &generator) ?? value
      return shape.elementCount > 4000 ? [value] : [value, chosen].shuffled(using: &generator)
    }

    /// Neighboring axes joined, or one split, or a map made of anything.
    private mutating func regrouped(_ shape: Shape) -> Shape {
      var result = shape
      if result.count > 1, Bool.random(using: &generator) {
        let axis = Int.random(in: 1..<result.count, using: &generator)
        result[axis - 1] *= result.remove(at: axis)
      }
      if let axis = result.indices.first(where: { result[$0] % 2 == 0 }), result.count < 6 {
        result[axis] /= 2
        result.insert(2, at: axis + (Bool.random(using: &generator) ? 0 : 1))
      }
      return result
    }
  }

  @Test(arguments: UInt64(1)...150)
  func `lowers to what the references compute`(seed: UInt64) throws {
    var grower = Grower(generator: SeededGenerator(seed: seed * 7919))
    try grower.grow(nodes: 12)
    let graph = grower.graph
    let frame = graph.inputs.map { grower.generator.tensor(graph.type(of: $0).shape) }
    var executor = try LoweredExecutor(graph)
    let found = try executor.run(frame)
    for (found, expected) in zip(found, try evaluate(graph, frame)) {
      expectClose(found, expected, tolerance: 0)
    }
  }
}
