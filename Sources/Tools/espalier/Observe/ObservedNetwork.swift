internal import EspalierGraph
internal import EspalierObserve
internal import EspalierOperators

/// Which tensors of a network belong to which collection.
struct ObservedNetwork {
  let graph: Graph
  let patterns: NamePatterns

  /// Weights and biases: what nodes read as constants, each under its ONNX name.
  func constants(_ collection: TensorCollection) -> [(tensor: ObservedTensor, elements: [Float])] {
    var seen: Set<ValueID> = []
    return graph.nodes.flatMap { node in
      node.inputs.enumerated().compactMap { index, input -> (ObservedTensor, [Float])? in
        guard let constant = graph.constant(of: input), constant.type.element == .float32,
          index > 0, (index == 1) == (collection == .weights), seen.insert(input).inserted,
          patterns.matches(graph[input].name)
        else { return nil }
        let tensor = ObservedTensor(name: graph[input].name, collection: collection, shape: constant.shape)
        return (tensor, constant.floats)
      }
    }
  }

  /// What nodes compute in float32 and pass on, in execution order.
  var activations: [ValueID] {
    graph.nodes.flatMap(\.outputs).filter {
      graph.type(of: $0).element == .float32 && !graph.outputs.contains($0)
        && patterns.matches(graph[$0].name)
    }
  }

  /// Everything that a loss may depend on: inputs, weights, biases, and what nodes compute.
  var differentiated: [ValueID] {
    let constants = graph.nodes.flatMap { $0.inputs.dropFirst() }.filter { graph.constant(of: $0) != nil }
    var seen: Set<ValueID> = []
    return (graph.inputs + constants + graph.nodes.flatMap(\.outputs)).filter {
      graph.type(of: $0).element == .float32 && seen.insert($0).inserted && patterns.matches(graph[$0].name)
    }
  }

  var outputs: [ValueID] {
    graph.outputs.filter { graph.type(of: $0).element == .float32 && patterns.matches(graph[$0].name) }
  }

  func tensor(_ value: ValueID, _ collection: TensorCollection) -> ObservedTensor {
    ObservedTensor(
      name: graph[value].name, collection: collection, shape: graph.type(of: value).shape,
      bound: collection == .gradients ? nil : bound(of: value))
  }

  /// The largest number that the activation before a tensor lets through.
  private func bound(of value: ValueID) -> Float? {
    let function: ElementFunction? =
      switch graph.producer(of: value)?.op {
      case let conv as Conv: conv.activation
      case let gemm as Gemm: gemm.activation
      case let binary as Binary: binary.activation
      case let unary as Unary: unary.function
      default: nil
      }
    return switch function?.kind {
    case .clip: function?.beta
    case .sigmoid, .tanh, .hardSigmoid: 1
    default: nil
    }
  }
}
