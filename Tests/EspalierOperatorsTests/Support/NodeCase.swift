import EspalierGraph
import EspalierOperators
import Testing

/// One ONNX node whose outputs are known: the definition and the kernels are held against them.
struct NodeCase {
  var type: String
  var opset = 13
  var attributes: [String: AttributeValue] = [:]
  /// Nil where an optional input is left out.
  var inputs: [Tensor?]
  /// The inputs that are known at import; all others come from the frame.
  var known: Set<Int> = []
  var outputCount = 1

  /// The graph that the node is imported into.
  func graph() throws -> Graph {
    let inputs = inputs.enumerated().map { index, tensor in
      tensor.map { known.contains(index) ? ImportCase.Input.known($0) : .frame($0) } ?? .absent
    }
    return try ImportCase(type, opset: opset, attributes, inputs, outputCount: outputCount).graph()
  }

  /// The inputs that come from the frame.
  var frame: [Tensor] { inputs.indices.filter { !known.contains($0) }.compactMap { inputs[$0] } }

  /// The outputs by the definitions of the operators that the node becomes.
  func evaluate() throws -> [Tensor] {
    try Interpreter.run(graph(), inputs: frame)
  }

  /// The outputs as the kernels compute them.
  func lowered() throws -> [Tensor] {
    var executor = try LoweredExecutor(graph())
    return try executor.run(frame)
  }

  /// Holds the definition and the kernels against known outputs.
  func expect(
    _ expected: Tensor..., tolerance: Float = 1e-5, lowers: Bool = true,
    sourceLocation: SourceLocation = #_sourceLocation
  ) throws {
    let evaluated = try evaluate()
    #expect(evaluated.count == expected.count, sourceLocation: sourceLocation)
    for (found, expected) in zip(evaluated, expected) {
      expectClose(found, expected, tolerance: tolerance, sourceLocation: sourceLocation)
    }
    guard lowers else {
      _ = #expect(throws: LoweringError.self, sourceLocation: sourceLocation) { try lowered() }
      return
    }
    for (found, expected) in try zip(lowered(), expected) {
      expectClose(found, expected, tolerance: tolerance, sourceLocation: sourceLocation)
    }
  }
}

extension Tensor {
  /// A float tensor; a vector where no shape is given.
  static func floats(_ elements: [Float], shape: Shape? = nil) -> Tensor {
    Tensor(shape: shape ?? [elements.count], floats: elements)
  }

  /// An integer tensor; a vector where no shape is given.
  static func integers(
    _ elements: [Int64], _ element: ElementType = .int64, shape: Shape? = nil
  ) -> Tensor {
    Tensor(shape: shape ?? [elements.count], element: element, integers: elements)
  }

  /// A tensor of truth values; a vector where no shape is given.
  static func booleans(_ elements: [Bool], shape: Shape? = nil) -> Tensor {
    Tensor(shape: shape ?? [elements.count], booleans: elements)
  }
}
