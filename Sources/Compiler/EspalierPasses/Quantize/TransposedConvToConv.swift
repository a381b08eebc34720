public import EspalierGraph
internal import EspalierOperators

/// Makes plain convolutions of a transposed one, so that it is quantized as they are.
///
/// ## Before
///     y = ConvTranspose(x, W, b) {stride s}
/// ## After
///     y = DepthToSpace {block s} (Concat(Conv(x, W₀, b), Conv(x, W₁, b), …))
///
/// Output pixels whose row and column leave the same remainders when divided by the stride see the same taps: a
/// plain convolution each, all of them one where they see the same window (kernel and stride equal). Fires where
/// the stride is the same along both axes and divides the output, groups are 1, weights are constant, and every
/// such convolution has taps and reaches out of the image on no side by less than nothing.
public struct TransposedConvToConv: RewritePass {
  public static let name = "TransposedConvToConv"

  public init() {}

  public func rewrite(_ node: Node, in graph: Graph) -> GraphPatch? {
    guard let op = node.op as? ConvTranspose, op.groups == 1, graph.type(of: node.inputs[0]).rank == 4,
      op.strides[0] == op.strides[1], op.strides[0] > 1, let weights = graph.constant(of: node.inputs[1]),
      let windows = windows(op, node, weights, graph)
    else { return nil }
    let isOne = windows.allSatisfy { $0.kernel == windows[0].kernel && $0.pads == windows[0].pads }
    var patch = GraphPatch()
    let parts = (isOne ? [windows] : windows.map { [$0] }).enumerated().map { index, part in
      patch.add(
        conv(part[0], op), name: isOne ? node.name : "\(node.name)/\(index)",
        inputs: [.existing(node.inputs[0])] + constants(part, op, node, weights, graph, &patch))
    }
    let all =
      parts.count == 1
      ? parts[0] : patch.add(Concat(axis: 1), name: "\(node.name)/phases", inputs: parts)
    let pixels = patch.add(
      DepthToSpace(blockSize: op.strides[0]), name: "\(node.name)/pixels", inputs: [all])
    patch.replace(node.outputs[0], with: pixels)
    patch.remove(node.id)
    return patch
  }

  /// What the output pixels of one remainder see.
  private struct Phase {
    /// The taps of the transposed kernel, by ascending input row and column.
    var rows: [Int]
    var columns: [Int]
    var pads: [Int]

    var kernel: [Int] { [rows.count, columns.count] }
  }

  /// All phases, row by row; nil where one is no convolution with padding.
  private func windows(_ op: ConvTranspose, _ node: Node, _ weights: Tensor, _ graph: Graph) -> [Phase]? {
    let (input, output) = (graph.type(of: node.inputs[0]).shape, graph.type(of: node.outputs[0]).shape)
    func axis(_ axis: Int) -> [(taps: [Int], before: Int, behind: Int)]? {
      let window = Window(
        kernel: Array(weights.shape.dropFirst(2)), strides: op.strides, dilations: op.dilations, pads: op.pads
      )
      let phases = ConvTranspose.phases(window, axis: axis, output: output[axis + 2])
      var result: [(taps: [Int], before: Int, behind: Int)] = []
      for phase in phases {
        guard let first = phase.taps.first?.input, let last = phase.taps.last?.input,
          last - first == phase.taps.count - 1
        else { return nil }
        let (before, behind) = (-first, last + phase.count - input[axis + 2])
        guard before >= 0, behind >= 0 else { return nil }
        result.append((phase.taps.map(\.tap), before, behind))
      }
      return result
    }
    guard output[2] % op.strides[0] == 0, output[3] % op.strides[1] == 0, let rows = axis(0),
      let columns = axis(1)
    else { return nil }
    return rows.flatMap { row in
      columns.map { column in
        Phase(
          rows: row.taps, columns: column.taps, pads: [row.before, column.before, row.behind, column.behind])
      }
    }
  }

  private func conv(_ phase: Phase, _ op: ConvTranspose) -> Conv {
    Conv(
      strides: [1, 1], dilations: [1, 1], pads: phase.pads, groups: 1, activation: op.activation,
      hasBias: op.hasBias)
  }

  /// The filters of some phases, one phase after another, and as often the bias.
  private func constants(
    _ phases: [Phase], _ op: ConvTranspose, _ node: Node, _ weights: Tensor, _ graph: Graph,
    _ patch: inout GraphPatch
  ) -> [GraphPatch.Reference] {
    let (shape, values) = (weights.shape, weights.floats)
    var filters: [Float] = []
    for phase in phases {
      for m in 0..<shape[1] {
        for c in 0..<shape[0] {
          for row in phase.rows {
            filters += phase.columns.map { values[((c * shape[1] + m) * shape[2] + row) * shape[3] + $0] }
          }
        }
      }
    }
    let name = "\(node.name)/phase\(phases[0].rows[0])x\(phases[0].columns[0])"
    let own = [phases.count * shape[1], shape[0]] + phases[0].kernel
    var constants = [patch.constant(Tensor(shape: own, floats: filters), name: "\(name)/weights")]
    if op.hasBias, let bias = graph.constant(of: node.inputs[2])?.floats {
      let all = phases.flatMap { _ in bias }
      constants.append(patch.constant(Tensor(shape: [all.count], floats: all), name: "\(name)/bias"))
    }
    return constants
  }
}
