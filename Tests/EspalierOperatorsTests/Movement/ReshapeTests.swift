import EspalierGraph
import EspalierOperators
import Testing

@Suite("Reshape, Flatten, Squeeze and Unsqueeze") struct ReshapeTests {
  private func shape(_ op: any LowerableOperator, of input: Shape) throws -> Shape {
    try op.inferOutputs([TensorType(.float32, input)])[0].shape
  }

  @Test func `copies the extents that are 0 and fills in -1`() throws {
    #expect(try shape(Reshape(shape: [0, -1, 4]), of: [2, 6, 4]) == [2, 6, 4])
    #expect(try shape(Reshape(shape: [-1]), of: []) == [1])
    #expect(try shape(Reshape(shape: [0, 0, -1]), of: [1, 85, 8, 8]) == [1, 85, 64])
    #expect(try shape(Reshape(shape: []), of: [1, 1]) == [])
  }

  @Test func `keeps a 0 with allowzero`() throws {
    #expect(try shape(Reshape(shape: [3, 0], allowsZero: true), of: [0, 5]) == [3, 0])
    let node = ImportCase(
      "Reshape", ["allowzero": .int(1)],
      [.frame(Tensor(shape: [0, 3, 4], floats: [])), .known(.integers([3, 4, 0]))])
    #expect(try node.graph().type(of: node.graph().outputs[0]).shape == [3, 4, 0])
  }

  @Test(arguments: [[5], [-1, -1], [7, -1], [0, 0, 0], [-2, 6], [Int.max, 2], [0, -1, 5]])
  func `refuses a shape that does not hold the elements`(target: [Int]) {
    #expect(throws: ShapeError.self) { try shape(Reshape(shape: target), of: [2, 6]) }
  }

  @Test func `refuses a shape that is computed from the frame`() {
    let node = ImportCase("Reshape", [:], [.frame(.counting([4])), .frame(.integers([2, 2]))])
    #expect(throws: ImportError.notConstant(input: 1, node: "node", type: "Reshape")) { try node.graph() }
  }

  @Test func `folds the shape subgraph that exporters write`() throws {
    // Shape -> Gather -> Unsqueeze -> Concat -> Reshape, as PyTorch exports x.view(x.size(0), -1).
    var builder = GraphBuilder()
    let x = builder.input(name: "x", type: TensorType(.float32, [2, 3, 4]))
    func add(
      _ type: String, _ attributes: [String: AttributeValue], _ inputs: [ValueID]
    ) throws -> ValueID {
      let importer = try #require(OperatorRegistry.importer(for: type, domain: ""))
      let node = ImportedNode(
        name: type, type: type, domain: "", opset: 11, attributes: attributes,
        inputs: inputs.map {
          ImportedNode.Input(value: $0, type: builder.type(of: $0), constant: builder.constant(of: $0))
        }, outputNames: ["\(type)_out"])
      return try importer.importNode(node, into: &builder)[0]
    }
    let extents = try add("Shape", [:], [x])
    let zero = builder.constant(Tensor(shape: [], integers: [0]))
    let batch = try add("Gather", ["axis": .int(0)], [extents, zero])
    let vector = try add("Unsqueeze", ["axes": .ints([0])], [batch])
    let rest = builder.constant(.integers([-1]))
    let target = try add("Concat", ["axis": .int(0)], [vector, rest])
    let y = try add("Reshape", [:], [x, target])
    #expect(builder.type(of: y).shape == [2, 12])
    #expect(builder.graph.nodes.count == 1)
  }

  @Test func `flattens at every axis, 0, the rank and negative ones included`() throws {
    let input = [2, 3, 4, 5]
    #expect(try shape(Flatten(axis: 0), of: input) == [1, 120])
    #expect(try shape(Flatten(), of: input) == [2, 60])
    #expect(try shape(Flatten(axis: 4), of: input) == [120, 1])
    #expect(try shape(Flatten(axis: -1), of: input) == [24, 5])
    #expect(throws: ShapeError.self) { try shape(Flatten(axis: 5), of: input) }
  }

  @Test func `squeezes the named axes, or all of extent 1`() throws {
    #expect(try shape(Squeeze(axes: [-3, 0]), of: [1, 1, 3, 1]) == [3, 1])
    #expect(try shape(Squeeze(), of: [1, 1, 3, 1]) == [3])
    #expect(
      throws: ShapeError.extent(input: 0, axis: 2, expected: 1, found: TensorType(.float32, [1, 1, 3]))
    ) { try shape(Squeeze(axes: [2]), of: [1, 1, 3]) }
  }

  @Test func `reads the axes of Squeeze and Unsqueeze from an attribute before opset 13`() throws {
    let squeeze = ImportCase("Squeeze", opset: 11, ["axes": .ints([0])], [.frame(.counting([1, 1, 2]))])
    #expect(try squeeze.evaluated() == [.counting([1, 2])])
    let unsqueeze = ImportCase("Unsqueeze", opset: 11, ["axes": .ints([1, 2])], [.frame(.counting([3]))])
    #expect(try unsqueeze.evaluated() == [.counting([3, 1, 1])])
  }

  @Test func `unsqueezes at axes in any order`() throws {
    #expect(try shape(Unsqueeze(axes: [4, 0, -3]), of: [3, 4]) == [1, 3, 1, 4, 1])
    #expect(throws: ShapeError.self) { try shape(Unsqueeze(axes: [0, -4]), of: [3, 4]) }
  }

  @Test func `of a feature map agrees with the kernels`() throws {
    var generator = SeededGenerator(seed: 1)
    for shape in [[2, 12, 3, 5], [1, 3, 4, 4]] {
      let x = generator.tensor(shape)
      for op: any LowerableOperator in [
        Flatten(), Flatten(axis: 3), Reshape(shape: [0, 3, -1]), Reshape(shape: [-1, 5, 3]),
        Reshape(shape: [4, -1, 1, 3]), Unsqueeze(axes: [2]), Reshape(shape: [1, -1]),
      ] where (try? op.inferOutputs([x.type])) != nil {
        try OperatorCase(op, [x]).expectKernelsAgree(tolerance: 0)
      }
    }
  }

  @Test func `says what happens to channels`() {
    let map = [TensorType(.float32, [2, 8, 3, 5])]
    #expect(Flatten().channelRule(map) == .expanded(by: 15))
    #expect(Reshape(shape: [0, 8, -1]).channelRule(map) == .passThrough)
    #expect(Reshape(shape: [2, 120]).channelRule(map) == .expanded(by: 15))
    #expect(
      Reshape(shape: [2, 2, 4, 3, 5]).channelRule(map) == .barrier(reason: "Reshape regroups channels"))
    #expect(Squeeze().channelRule([TensorType(.float32, [2, 8, 1, 1])]) == .passThrough)
    #expect(
      Squeeze().channelRule([TensorType(.float32, [1, 8, 1, 1])])
        == .barrier(reason: "Squeeze moves the channel axis"))
  }
}
