import EspalierGraph
import EspalierOperators
import Testing

@testable import EspalierPasses

/// The compiler's operators, by the names that the text form uses.
let knownOperators: [String: any Operator.Type] = Dictionary(
  OperatorRegistry.operators.map { ($0.name, $0 as any Operator.Type) }, uniquingKeysWith: { a, _ in a })

func graph(_ text: String) throws -> Graph { try Graph(text: text, operators: knownOperators) }

extension Graph {
  /// The operators' names in execution order.
  var operatorNames: [String] { nodes.map { $0.op.name } }
}

/// Applies a pass and holds the result against the original on a seeded input.
///
/// - Parameter tolerance: Largest difference allowed, relative to the largest output.
/// - Returns: The graph behind the pass, dead nodes removed, and how often the pass fired.
@discardableResult
func check(
  _ passes: any RewritePass..., on text: String, tolerance: Float = 1e-5,
  sourceLocation: SourceLocation = #_sourceLocation
) throws -> (graph: Graph, fired: Int) {
  let original = try graph(text)
  var rewritten = original
  var fired = 0
  for pass in passes {
    fired += try pass.run(on: &rewritten)
    rewritten.removeDeadNodes()
    try Verifier.verify(rewritten)
  }
  let inputs = original.inputs.enumerated().map { index, value in
    Tensor.random(original.type(of: value), seed: UInt64(index + 1))
  }
  let expected = try Interpreter.run(original, inputs: inputs)
  let found = try Interpreter.run(rewritten, inputs: inputs)
  for (a, b) in zip(expected, found) {
    #expect(a.type == b.type, sourceLocation: sourceLocation)
    let largest = a.asFloats.map(abs).max() ?? 0
    let difference = zip(a.asFloats, b.asFloats).map { abs($0 - $1) }.max() ?? 0
    #expect(difference <= tolerance * max(largest, 1), sourceLocation: sourceLocation)
  }
  return (rewritten, fired)
}
