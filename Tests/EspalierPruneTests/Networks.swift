import EspalierGraph
import EspalierObserve
import EspalierOperators
import EspalierPasses

@testable import EspalierPrune

/// A small network, layer by layer.
struct Network {
  private(set) var graph = Graph()

  init() {}

  mutating func input(_ shape: Shape) -> ValueID {
    graph.appendInput(name: "x", type: TensorType(.float32, shape))
  }

  mutating func output(_ value: ValueID) { graph.appendOutput(value, name: graph[value].name) }

  mutating func append(_ op: any Operator, _ name: String, _ inputs: ValueID...) throws -> ValueID {
    try graph.append(op, name: name, inputs: inputs)[0]
  }

  /// - Parameters:
  ///   - shape: Of the weights, `[M, C / groups, KH, KW]`.
  ///   - copies: How often the first filters of each group are repeated until there are M.
  mutating func conv(
    _ name: String, _ x: ValueID, _ shape: Shape, stride: Int = 1, dilation: Int = 1, groups: Int = 1,
    copies: Int = 1, relu: Bool = true, residual: ValueID? = nil, seed: UInt64
  ) throws -> ValueID {
    let pad = shape[2] / 2 * dilation
    let conv = Conv(
      strides: [stride, stride], dilations: [dilation, dilation], pads: [pad, pad, pad, pad],
      groups: groups, activation: relu ? .relu : .identity, hasBias: true, hasResidual: residual != nil)
    // With one filter per channel the channels are what is repeated.
    let apart = groups == shape[0] ? 1 : groups
    let weights = Tensor.repeating(shape, groups: apart, copies: copies, seed: seed)
    let bias = Tensor.repeating([shape[0]], groups: apart, copies: copies, seed: seed + 1)
    let inputs =
      [x, graph.appendConstant(name: "\(name).w", weights)]
      + [graph.appendConstant(name: "\(name).b", bias)] + (residual.map { [$0] } ?? [])
    return try graph.append(conv, name: name, inputs: inputs)[0]
  }

  mutating func constant(_ name: String, _ tensor: Tensor) -> ValueID {
    graph.appendConstant(name: name, tensor)
  }
}

extension Tensor {
  /// Noise whose first axis holds the same entries `copies` times in each group.
  static func repeating(_ shape: Shape, groups: Int = 1, copies: Int, seed: UInt64) -> Tensor {
    let inner = shape.dropFirst().reduce(1, *)
    let own = shape[0] / groups
    let noise = Tensor.random(TensorType(.float32, shape), seed: seed).floats
    let floats = noise.indices.map { position in
      let (row, rest) = (position / inner, position % inner)
      let source = row / own * own + row % own % (own / copies)
      return noise[source * inner + rest]
    }
    return Tensor(shape: shape, floats: floats)
  }
}

/// Runs graphs by the definition of their operators.
@Sendable func interpreting(_ graph: Graph) -> Observer.Execute {
  { inputs in
    let tensors = zip(graph.inputs, inputs).map { Tensor(shape: graph.type(of: $0).shape, floats: $1) }
    return try Interpreter.run(graph, inputs: tensors).map(\.asFloats)
  }
}

/// Seeded noise for all inputs of a graph.
func frames(_ graph: Graph, count: Int, seed: UInt64 = 100) -> [FrameGroup] {
  [
    FrameGroup(name: "noise", frames: (0..<count).map { "\($0)" }) { frame in
      graph.inputs.enumerated().map { index, input in
        Tensor.random(graph.type(of: input), seed: seed + UInt64(frame * 10 + index)).floats
      }
    }
  ]
}

/// The units that a layer's output channels belong to.
func units(_ name: String, _ graph: Graph, _ map: ChannelMap) -> [Int] {
  graph.nodes.first { $0.name == name }.flatMap { map.units[$0.outputs[0]] } ?? []
}

/// What was cut, and what is left.
struct CutNetwork {
  let teacher: Graph
  let map: ChannelMap
  let student: Graph
  let kept: KeptChannels

  init(_ teacher: Graph, cutting cut: Set<Int>) throws {
    self.teacher = teacher
    map = ChannelMap(teacher)
    student = try ChannelCut.apply(cut, map, to: teacher)
    kept = KeptChannels(teacher, map, cutting: cut)
  }
}

/// The greatest difference of two networks' outputs, relative to the greatest output.
func difference(_ a: Graph, _ b: Graph, _ frames: [FrameGroup]) throws -> Float {
  let (first, second) = (interpreting(a), interpreting(b))
  var (gap, size): (Float, Float) = (0, 0)
  for group in frames {
    for frame in group.frames.indices {
      let (x, y) = (try first(group.elements(frame)), try second(group.elements(frame)))
      for (x, y) in zip(x.joined(), y.joined()) { (gap, size) = (max(gap, abs(x - y)), max(size, abs(x))) }
    }
  }
  return gap / size
}
