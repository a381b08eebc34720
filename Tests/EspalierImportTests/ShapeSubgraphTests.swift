import EspalierGraph
import Testing

@Suite("Shape subgraphs") struct ShapeSubgraphTests {
  private static func constant(_ name: String, _ integers: [Int64]) -> OnnxFile.TensorFile {
    .init(name: name, type: 7, shape: integers.count == 1 ? [] : [Int64(integers.count)], int64s: integers)
  }

  /// As PyTorch writes `x.view(x.size(0), -1)`: Shape, Gather, Unsqueeze, Concat, Reshape.
  @Test func `leave nothing but the reshape`() throws {
    var file = OnnxFile(
      nodes: [
        .init("Shape", ["x"], ["shape"]), .init("Gather", ["shape", "zero"], ["batch"]),
        .init("Unsqueeze", ["batch", "axes"], ["first"]),
        .init(
          "Concat", ["first", "rest"], ["target"], attributes: [.init(name: "axis", value: .int(0))]),
        .init("Reshape", ["x", "target"], ["y"]),
      ], outputs: ["y"])
    file.graph.inputs = [.input("x", [2, 3, 4])]
    file.graph.initializers = [
      Self.constant("zero", [0]), .init(name: "axes", type: 7, shape: [1], int64s: [0]),
      .init(name: "rest", type: 7, shape: [1], int64s: [-1]),
    ]
    let graph = try file.graph()
    #expect(graph.nodes.map(\.op.name) == ["Reshape"])
    #expect(graph.type(of: graph.outputs[0]).shape == [2, 12])
  }

  /// As PyTorch writes `interpolate(x, size=(2·h, 2·w))`: arithmetic on extents, cast and cut.
  @Test func `compute sizes by arithmetic, casts and slices`() throws {
    var file = OnnxFile(
      nodes: [
        .init("Shape", ["x"], ["shape"]), .init("Slice", ["shape", "from", "to"], ["spatial"]),
        .init("Cast", ["spatial"], ["real"], attributes: [.init(name: "to", value: .int(1))]),
        .init("Mul", ["real", "scale"], ["scaled"]),
        .init("Floor", ["scaled"], ["whole"]),
        .init("Cast", ["whole"], ["extents"], attributes: [.init(name: "to", value: .int(7))]),
        .init("Slice", ["shape", "start", "from"], ["lead"]),
        .init(
          "Concat", ["lead", "extents"], ["sizes"], attributes: [.init(name: "axis", value: .int(0))]),
        .init("Resize", ["x", "", "", "sizes"], ["y"]),
      ], outputs: ["y"])
    file.graph.inputs = [.input("x", [1, 2, 3, 5])]
    file.graph.initializers = [
      .init(name: "from", type: 7, shape: [1], int64s: [2]),
      .init(name: "to", type: 7, shape: [1], int64s: [4]),
      .init(name: "start", type: 7, shape: [1], int64s: [0]),
      .init(name: "scale", shape: [], floats: [1.5]),
    ]
    let graph = try file.graph()
    #expect(graph.nodes.map(\.op.name) == ["Resize"])
    #expect(graph.type(of: graph.outputs[0]).shape == [1, 2, 4, 7])
  }
}
