internal import EspalierGraph
internal import EspalierOperators

/// Which layers of a smaller network compute something else than the original's, and in which order they can
/// be fitted.
struct RecoverySchedule {
  /// A layer to be fitted.
  struct Layer {
    var name: String
    /// The original's channels that the layer's outputs stand for.
    var kept: [Int]
    /// Channels of the original's output.
    var originalOutputs: Int
  }

  /// Layers of one round need those of earlier rounds alone.
  let rounds: [[Layer]]

  /// A layer that reads what the original reads, all of it, with the original's weights needs no fitting.
  ///
  /// - Parameter inputLimit: Layers whose filters have more inputs are not fitted.
  init(
    teacher: Graph, student: Graph, kept: KeptChannels, inputLimit: Int
  ) throws(RecoveryError) {
    let originals = Dictionary(teacher.nodes.map { ($0.name, $0) }) { first, _ in first }
    /// By value in how many rounds it is final; values without an entry are the original's.
    var levels: [ValueID: Int] = [:]
    var rounds: [[Layer]] = []
    for node in student.nodes {
      var level = node.inputs.compactMap { levels[$0] }.max()
      if let original = originals[node.name].flatMap({ LinearLayer($0, in: teacher) }),
        let own = LinearLayer(node, in: student)
      {
        let channels = kept[node.name] ?? Array(0..<original.outputs)
        guard channels.count == own.outputs else {
          throw .channelCount(layer: node.name, expected: channels.count, found: own.outputs)
        }
        if own.inputsPerGroup > inputLimit {
          level = level ?? (Self.computesTheSame(own, original, channels) ? nil : 0)
        } else if level != nil || !Self.computesTheSame(own, original, channels) {
          let round = level ?? 0
          if rounds.count == round { rounds.append([]) }
          rounds[round].append(
            Layer(name: node.name, kept: channels, originalOutputs: original.outputs))
          level = round + 1
        }
      }
      if let level { for output in node.outputs { levels[output] = level } }
    }
    self.rounds = rounds
  }

  private static func computesTheSame(
    _ own: LinearLayer, _ original: LinearLayer, _ kept: [Int]
  ) -> Bool {
    let size = own.inputsPerGroup
    guard size == original.inputsPerGroup else { return false }
    return kept.enumerated().allSatisfy { index, channel in
      own.bias[index] == original.bias[channel]
        && own.weights[index * size..<(index + 1) * size]
          == original.weights[channel * size..<(channel + 1) * size]
    }
  }
}

extension Graph {
  /// The same network with the activations of some layers as nodes of their own, and the value in front of
  /// each: the layer's sum, residual included.
  func opened(at names: Set<String>) throws(ShapeError) -> (graph: Graph, sums: [String: ValueID]) {
    let graph = try rebuilt { node, inputs, result throws(ShapeError) in
      guard names.contains(node.name), let (bare, activation) = node.op.withoutActivation else {
        return (node.op, inputs)
      }
      let sum = try result.append(bare, name: Self.sumName(node.name), inputs: inputs)[0]
      return (Unary(activation), [sum])
    }
    var sums: [String: ValueID] = [:]
    for node in graph.nodes where names.contains(node.name) {
      let producer = node.op is Unary ? graph.producer(of: node.inputs[0]) : nil
      let isOpened = producer?.name == Self.sumName(node.name)
      sums[node.name] = isOpened ? node.inputs[0] : node.outputs[0]
    }
    return (graph, sums)
  }

  private static func sumName(_ name: String) -> String { "\(name)/before activation" }
}

extension Operator {
  /// The operator without the activation that it computes on the way, and that; nil where there is none.
  fileprivate var withoutActivation: (any Operator, ElementFunction)? {
    let (bare, activation): (any Operator, ElementFunction)
    switch self {
    case let conv as Conv: (bare, activation) = (conv.withActivation(.identity), conv.activation)
    case var conv as ConvTranspose:
      activation = conv.activation
      conv.activation = .identity
      bare = conv
    case var gemm as Gemm:
      activation = gemm.activation
      gemm.activation = .identity
      bare = gemm
    default: return nil
    }
    return activation == .identity ? nil : (bare, activation)
  }
}
