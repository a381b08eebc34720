import EspalierGraph
import EspalierOperators
import Testing

/// How many copies (kernel family 7) the patterns of real networks cost.
@Suite("Movement in real networks") struct PlacementTests {
  private static let copyFamily: UInt16 = 7

  /// A graph in the making, with an input and a rectifier that stands for any layer.
  private struct Sketch {
    var graph = Graph()

    mutating func input(_ shape: Shape) -> ValueID {
      graph.appendInput(name: "x\(graph.inputs.count)", type: TensorType(.float32, shape))
    }

    mutating func add(_ op: any Operator, _ inputs: ValueID...) throws -> ValueID {
      try graph.append(op, name: "\(op.name)\(graph.nodes.count)", inputs: inputs)[0]
    }

    mutating func layer(_ input: ValueID) throws -> ValueID {
      try add(Unary(.relu), input)
    }

    mutating func output(_ value: ValueID) { graph.appendOutput(value, name: "y\(graph.outputs.count)") }

    /// The copies that the graph costs, after its result was held against the reference.
    func copies() throws -> Int {
      var generator = SeededGenerator(seed: 12)
      let frame = graph.inputs.map { generator.tensor(graph.type(of: $0).shape) }
      var executor = try LoweredExecutor(graph)
      let (found, expected) = (try executor.run(frame), try evaluate(graph, frame))
      for (found, expected) in zip(found, expected) { expectClose(found, expected, tolerance: 0) }
      return executor.families.filter { $0 == copyFamily }.count
    }
  }

  @Test func `a channel shuffle costs one copy`() throws {
    var net = Sketch()
    let x = try net.layer(net.input([1, 24, 5, 6]))
    let split = try net.add(Reshape(shape: [1, 2, 12, 5, 6]), x)
    let turned = try net.add(Transpose(permutation: [0, 2, 1, 3, 4]), split)
    let joined = try net.add(Reshape(shape: [1, 24, 5, 6]), turned)
    let y = try net.layer(joined)
    net.output(try net.add(Flatten(axis: 0), y))
    // The rectifier's NHWC result cannot be flattened in place: the second copy is the output's.
    #expect(try net.copies() == 2)
  }

  /// YOLOX: three scales of [1, 85, H, W], flattened, joined, turned.
  @Test func `heads that end as [N, places, features] cost no copy`() throws {
    var net = Sketch()
    var parts: [ValueID] = []
    for edge in [4, 2, 1] {
      let box = try net.layer(net.input([1, 4, edge, edge]))
      let score = try net.layer(net.input([1, 3, edge, edge]))
      let head = try net.add(Concat(axis: 1), box, score)
      parts.append(try net.add(Reshape(shape: [1, 7, -1]), head))
    }
    let all = try net.add(Concat(axis: 2), parts[0], parts[1], parts[2])
    net.output(try net.add(Transpose(permutation: [0, 2, 1]), all))
    #expect(try net.copies() == 0)
  }

  /// YOLOv8: the joined heads stay [N, features, places].
  @Test func `heads that end as [N, features, places] cost one copy each`() throws {
    var net = Sketch()
    var parts: [ValueID] = []
    for edge in [4, 2] {
      let head = try net.layer(net.input([1, 7, edge, edge]))
      parts.append(try net.add(Reshape(shape: [1, 7, -1]), head))
    }
    net.output(try net.add(Concat(axis: 2), parts[0], parts[1]))
    #expect(try net.copies() == 2)
  }

  /// SSD: [N, C, H, W] turned to NHWC, flattened and joined.
  @Test func `heads that are turned before they are joined cost no copy`() throws {
    var net = Sketch()
    var parts: [ValueID] = []
    for edge in [4, 2] {
      let head = try net.layer(net.input([1, 8, edge, edge]))
      let turned = try net.add(Transpose(permutation: [0, 2, 3, 1]), head)
      parts.append(try net.add(Reshape(shape: [1, -1, 4]), turned))
    }
    net.output(try net.add(Concat(axis: 1), parts[0], parts[1]))
    #expect(try net.copies() == 0)
  }

  @Test func `an output in NHWC is written in place`() throws {
    var net = Sketch()
    let x = try net.layer(net.input([2, 5, 3, 4]))
    net.output(try net.add(Transpose(permutation: [0, 2, 3, 1]), x))
    #expect(try net.copies() == 0)
  }

  @Test func `a flattened map before a matrix costs one copy, a pooled one none`() throws {
    var net = Sketch()
    let map = try net.layer(net.input([1, 6, 3, 3]))
    net.output(try net.layer(net.add(Flatten(), map)))
    let pooled = try net.layer(net.input([1, 6, 1, 1]))
    net.output(try net.layer(net.add(Flatten(), pooled)))
    #expect(try net.copies() <= 1)
  }

  @Test func `parts of a concatenation are written in place, whoever else reads them`() throws {
    var net = Sketch()
    let a = try net.layer(net.input([1, 8, 4, 4]))
    let b = try net.layer(a)
    let c = try net.layer(net.add(Concat(axis: 1), a, b))
    net.output(try net.add(Transpose(permutation: [0, 2, 3, 1]), c))
    #expect(try net.copies() == 0)
  }

  /// One value as two outputs, an output that another node reads, and an input that is an output.
  @Test func `outputs that share values are all written`() throws {
    var net = Sketch()
    let x = net.input([2, 3])
    let y = try net.layer(x)
    let turned = try net.add(Transpose(permutation: [1, 0]), y)
    for value in [y, turned, y, x, turned] { net.output(value) }
    #expect(try net.copies() == 4)
  }

  @Test func `an output that a concatenation reads too is written to both`() throws {
    var net = Sketch()
    let a = try net.layer(net.input([2, 3]))
    let both = try net.add(Concat(axis: 1), a, net.layer(a))
    net.output(a)
    net.output(try net.add(Transpose(permutation: [1, 0]), both))
    #expect(try net.copies() >= 1)
  }
}
