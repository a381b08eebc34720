import EspalierGraph
import EspalierOperators
import Testing

extension Tensor {
  /// Small whole numbers of both signs that no sliding window sees twice in the same order.
  static func pattern(_ shape: Shape, _ seed: Int = 0, modulus: Int = 11) -> Tensor {
    Tensor(
      shape: shape,
      floats: (0..<shape.elementCount).map { Float(($0 * 7 + seed * 3 + $0 / 5 * 2) % modulus - modulus / 2) }
    )
  }
}

/// Holds a node's reference and its kernels against known outputs.
///
/// - Parameter lowers: Whether the node runs through kernels; otherwise the lowering must refuse it.
func expect(
  _ node: ImportCase, gives expected: [Tensor], lowers: Bool = true,
  sourceLocation: SourceLocation = #_sourceLocation
) throws {
  let evaluated = try node.evaluated()
  try #require(evaluated.count == expected.count, sourceLocation: sourceLocation)
  for (found, expected) in zip(evaluated, expected) {
    expectClose(found, expected, sourceLocation: sourceLocation)
  }
  guard lowers else {
    #expect(throws: LoweringError.self, sourceLocation: sourceLocation) { try node.lowered() }
    return
  }
  for (found, expected) in zip(try node.lowered(), expected) {
    expectClose(found, expected, sourceLocation: sourceLocation)
  }
}
