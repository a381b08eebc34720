import CEspalierKernels
import EspalierGraph
import EspalierOperators
import Testing

/// One use of an operator: which inputs come from the frame and which are known.
struct OperatorCase {
  var op: any LowerableOperator
  var inputs: [Tensor]
  /// The inputs that are constants of the graph.
  var constants: Set<Int>

  init(_ op: any LowerableOperator, _ inputs: [Tensor], constants: Set<Int> = []) {
    self.op = op
    self.inputs = inputs
    self.constants = constants
  }

  /// A graph of this one node; all its outputs are the graph's.
  func graph() throws -> Graph {
    var graph = Graph()
    let values = inputs.enumerated().map { index, tensor in
      constants.contains(index)
        ? graph.appendConstant(name: "c\(index)", tensor)
        : graph.appendInput(name: "x\(index)", type: tensor.type)
    }
    let outputs = try graph.append(op, name: "node", inputs: values)
    for (index, output) in outputs.enumerated() { graph.appendOutput(output, name: "y\(index)") }
    return graph
  }

  var frame: [Tensor] { inputs.indices.filter { !constants.contains($0) }.map { inputs[$0] } }

  /// What the kernels of an instruction set make of the node.
  func lowered(isa: espalier_isa = espalier_isa_scalar) throws -> [Tensor] {
    var executor = try LoweredExecutor(graph(), isa: isa)
    return try executor.run(frame)
  }

  /// Holds what the portable kernels and this processor's best ones compute against the operator's own reference.
  ///
  /// - Parameter tolerance: Of each element, relative to the largest magnitude in the output; sums may be
  ///   taken in any order.
  func expectKernelsAgree(
    tolerance: Float = 1e-5, sourceLocation: SourceLocation = #_sourceLocation
  ) throws {
    let expected = try op.evaluate(inputs)
    for isa in [espalier_isa_scalar, espalier_isa_best()] {
      let found = try lowered(isa: isa)
      try #require(expected.count == found.count, sourceLocation: sourceLocation)
      for (expected, found) in zip(expected, found) {
        expectClose(found, expected, tolerance: tolerance, sourceLocation: sourceLocation)
      }
    }
  }
}

/// Holds a tensor against another: same type, elements within `tolerance` of the largest magnitude.
func expectClose(
  _ found: Tensor, _ expected: Tensor, tolerance: Float = 1e-5,
  sourceLocation: SourceLocation = #_sourceLocation
) {
  #expect(found.type == expected.type, sourceLocation: sourceLocation)
  guard found.type == expected.type else { return }
  let (a, b) = (found.asFloats, expected.asFloats)
  let scale = b.lazy.filter(\.isFinite).map(\.magnitude).max() ?? 0
  let worst = a.indices.first { index in
    if b[index].isNaN { return !a[index].isNaN }
    return a[index] != b[index] && !((a[index] - b[index]).magnitude <= tolerance * max(scale, 1e-3))
  }
  if let worst {
    Issue.record(
      "element \(worst) of \(found.type) is \(a[worst]), expected \(b[worst])",
      sourceLocation: sourceLocation)
  }
}

/// Reproducible numbers for tests: xorshift64*.
struct SeededGenerator: RandomNumberGenerator {
  private var state: UInt64

  init(seed: UInt64) { state = seed | 1 }

  mutating func next() -> UInt64 {
    state ^= state >> 12
    state ^= state << 25
    state ^= state >> 27
    return state &* 2_685_821_657_736_338_717
  }

  /// Floats in -1 ..< 1.
  mutating func tensor(_ shape: Shape) -> Tensor {
    Tensor(
      shape: shape, floats: (0..<shape.elementCount).map { _ in Float.random(in: -1..<1, using: &self) })
  }
}
