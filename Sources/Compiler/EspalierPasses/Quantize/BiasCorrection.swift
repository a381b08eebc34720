internal import EspalierGraph
internal import EspalierObserve
internal import EspalierOperators

/// Moves the bias of every quantized convolution and product so that on frames each output channel has the
/// mean that it has in float32.
///
/// One layer after another, behind the layers that are corrected already: what is left of their shift is
/// corrected too, which what the weights alone tell cannot do.
///
/// Source: Nagel et al. 2019, appendix D.
struct BiasCorrection {
  let graph: Graph
  let plan: QuantizationPlan
  let groups: [FrameGroup]
  let engine: PostTrainingQuantization.Engine

  /// - Parameter finished: Gets how many of the plan's convolutions and products are done.
  func corrected(
    _ products: [NodeID: QuantizedProduct], finished: (_ done: Int, _ total: Int) -> Void
  ) throws -> [NodeID: QuantizedProduct] {
    let nodes = graph.nodes.filter { plan.nodes.contains($0.id) && products[$0.id] != nil }
    let expected = try floatMeans(nodes)
    var products = products
    for (index, node) in nodes.enumerated() {
      let means = try quantizedMeans(node, products)
      guard let wanted = expected[node.id], var product = products[node.id] else { continue }
      for channel in product.bias.indices { product.bias[channel] += Float(wanted[channel] - means[channel]) }
      products[node.id] = product
      finished(index + 1, nodes.count)
    }
    return products
  }

  /// Per output channel the mean before the activation.
  private func floatMeans(_ nodes: [Node]) throws -> [NodeID: [Double]] {
    var opened = graph
    var sums: [ValueID] = []
    for node in nodes {
      sums += try opened.append(bare(node.op), name: "\(node.name)/unclamped", inputs: node.inputs)
    }
    let means = try means(of: sums, in: opened)
    return Dictionary(uniqueKeysWithValues: zip(nodes.map(\.id), means))
  }

  private func quantizedMeans(
    _ node: Node, _ products: [NodeID: QuantizedProduct]
  ) throws -> [Double] {
    var quantized = try Quantizer.quantize(graph, plan, products)
    guard let own = quantized.nodes.first(where: { $0.name == node.name && $0.op is QuantizedConv }),
      let op = own.op as? QuantizedConv
    else { preconditionFailure("'\(node.name)' is in the plan, but not in the quantized network") }
    let sum = try quantized.append(op.floatSum, name: "\(node.name)/unclamped", inputs: own.inputs)
    return try means(of: sum, in: quantized)[0]
  }

  private func bare(_ op: any Operator) -> any Operator {
    if let conv = op as? Conv { return conv.withActivation(.identity) }
    guard var gemm = op as? Gemm else { return op }
    gemm.activation = .identity
    return gemm
  }

  /// The mean of every index of axis 1 over all frames.
  private func means(of values: [ValueID], in graph: Graph) throws -> [[Double]] {
    let execute = try engine(graph.observing(values))
    var means = values.map { [Double](repeating: 0, count: graph.type(of: $0).shape[1]) }
    for group in groups {
      for frame in group.frames.indices {
        for (index, elements) in try execute(group.elements(frame)).enumerated() {
          add(elements, to: &means[index], share: 1 / Double(groups.frameCount))
        }
      }
    }
    return means
  }

  /// - Precondition: The first axis of what the elements stand for has the extent 1.
  private func add(_ elements: [Float], to means: inout [Double], share: Double) {
    let inner = elements.count / max(means.count, 1)
    elements.withUnsafeBufferPointer { elements in
      for channel in means.indices {
        var sum: Float = 0
        for index in channel * inner..<(channel + 1) * inner { sum += elements[index] }
        means[channel] += Double(sum) / Double(max(inner, 1)) * share
      }
    }
  }
}

extension QuantizedConv {
  /// The same sums, as float32 and before the activation.
  var floatSum: QuantizedConv {
    QuantizedConv(
      strides: strides, dilations: dilations, pads: pads, groups: groups, input: input,
      inputElement: inputElement, weightScales: weightScales, sum: nil, residual: residual,
      hasBias: hasBias)
  }
}
