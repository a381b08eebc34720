import EspalierGraph
import EspalierOperators
import Testing

@Suite("Operators that only make constants") struct ConstantTests {
  private func value(_ node: ImportCase) throws -> Tensor {
    let graph = try node.graph()
    #expect(graph.nodes.isEmpty)
    return try #require(graph.constant(of: graph.outputs[0]))
  }

  @Test func `Constant reads every numeric form`() throws {
    let tensor = Tensor(shape: [2], element: .int32, integers: [3, 4])
    #expect(try value(ImportCase("Constant", ["value": .tensor(tensor)], [])) == tensor)
    #expect(try value(ImportCase("Constant", ["value_float": .float(2)], [])) == Tensor(scalar: 2))
    #expect(
      try value(ImportCase("Constant", ["value_floats": .floats([1, 2])], []))
        == Tensor(shape: [2], floats: [1, 2]))
    #expect(
      try value(ImportCase("Constant", ["value_int": .int(7)], [])) == Tensor(shape: [], integers: [7]))
    #expect(try value(ImportCase("Constant", ["value_ints": .ints([7])], [])) == .integers([7]))
  }

  @Test func `Constant refuses strings and sparse values`() {
    #expect(throws: ImportError.self) {
      try ImportCase("Constant", ["value_string": .string("a")], []).graph()
    }
    #expect(throws: ImportError.self) {
      try ImportCase("Constant", ["sparse_value": .unsupported(kind: "sparse tensor")], []).graph()
    }
  }

  @Test func `ConstantOfShape repeats its value, 0 by default`() throws {
    let shape = ImportCase.Input.known(.integers([2, 1]))
    #expect(try value(ImportCase("ConstantOfShape", [:], [shape])) == Tensor(shape: [2, 1], floats: [0, 0]))
    let seven = Tensor(shape: [1], element: .int32, integers: [7])
    #expect(
      try value(ImportCase("ConstantOfShape", ["value": .tensor(seven)], [shape]))
        == Tensor(shape: [2, 1], element: .int32, integers: [7, 7]))
  }

  @Test(arguments: [[1 << 40, 1 << 40], [-1], [1 << 29]])
  func `ConstantOfShape refuses a damaged shape`(shape: [Int]) {
    let extents = Tensor.integers(shape.map(Int64.init))
    #expect(throws: ImportError.self) { try ImportCase("ConstantOfShape", [:], [.known(extents)]).graph() }
  }

  @Test(
    arguments: [
      (nil, nil, [2, 3, 4]), (1, nil, [3, 4]), (nil, -1, [2, 3]), (-2, 2, [3]), (-9, 9, [2, 3, 4]),
      (2, 1, []),
    ] as [(Int64?, Int64?, [Int64])])
  func `Shape clamps start and end`(start: Int64?, end: Int64?, expected: [Int64]) throws {
    var attributes: [String: AttributeValue] = [:]
    attributes["start"] = start.map { .int($0) }
    attributes["end"] = end.map { .int($0) }
    #expect(
      try value(ImportCase("Shape", attributes, [.frame(.counting([2, 3, 4]))])) == .integers(expected))
  }

  @Test func `Size counts elements`() throws {
    #expect(
      try value(ImportCase("Size", [:], [.frame(.counting([2, 3]))])) == Tensor(shape: [], integers: [6]))
  }
}
