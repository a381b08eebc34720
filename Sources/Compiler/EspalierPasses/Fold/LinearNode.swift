internal import EspalierGraph
internal import EspalierOperators

/// A convolution, a transposed convolution or a matrix product with its constant weights at hand, to be
/// rewritten with others.
struct LinearNode {
  private enum Kind {
    case conv(Conv)
    case transposed(ConvTranspose)
    /// With `alpha` and `beta` already part of the weights and the bias.
    case gemm(Gemm)
  }

  private var kind: Kind
  var input: ValueID
  private(set) var weights: Tensor
  /// One addend per output channel.
  private(set) var bias: [Float]
  private let residual: ValueID?

  /// Nil where the node is none, or its weights or its bias are computed from the frame.
  init?(_ node: Node, in graph: Graph) {
    guard node.inputs.count > 1, let weights = graph.constant(of: node.inputs[1]),
      weights.type.element == .float32
    else { return nil }
    self.weights = weights
    input = node.inputs[0]
    let addend: Tensor?
    switch node.op {
    case let conv as Conv:
      kind = .conv(conv)
      residual = conv.residualIndex.map { node.inputs[$0] }
      addend = conv.hasBias ? graph.constant(of: node.inputs[2]) : nil
      guard !conv.hasBias || addend != nil else { return nil }
    case let conv as ConvTranspose:
      kind = .transposed(conv)
      residual = nil
      addend = conv.hasBias ? graph.constant(of: node.inputs[2]) : nil
      guard !conv.hasBias || addend != nil else { return nil }
    case var gemm as Gemm where !gemm.transposesA:
      addend = gemm.hasAddend ? graph.constant(of: node.inputs[2]) : nil
      guard !gemm.hasAddend || addend != nil else { return nil }
      let (alpha, beta) = (gemm.alpha, gemm.beta)
      (gemm.alpha, gemm.beta, residual) = (1, 1, nil)
      kind = .gemm(gemm)
      if alpha != 1 { self.weights = Tensor(shape: weights.shape, floats: weights.floats.map { $0 * alpha }) }
      bias = addend?.floats.map { $0 * beta } ?? []
      guard let whole = Self.perColumn(bias, count: weights.shape[gemm.transposesB ? 0 : 1]) else {
        return nil
      }
      bias = whole
      return
    default: return nil
    }
    bias = addend?.floats ?? []
    if addend == nil { bias = [Float](repeating: 0, count: outputCount) }
  }

  /// An addend as one number per column; nil where rows differ.
  private static func perColumn(_ addend: [Float], count: Int) -> [Float]? {
    switch addend.count {
    case 0: [Float](repeating: 0, count: count)
    case 1: [Float](repeating: addend[0], count: count)
    case count: addend
    default: nil
    }
  }

  private var outputCount: Int {
    switch kind {
    case .conv: weights.shape[0]
    case .transposed(let conv): weights.shape[1] * conv.groups
    case .gemm(let gemm): weights.shape[gemm.transposesB ? 0 : 1]
    }
  }

  /// Whether the output is still a plain weighted sum, to be scaled and shifted.
  var isFoldable: Bool {
    switch kind {
    case .conv(let conv): conv.activation == .identity && !conv.hasResidual
    case .transposed(let conv): conv.activation == .identity
    case .gemm(let gemm): gemm.activation == .identity
    }
  }

  /// Whether every output sums over all taps, so that a shift of the input is a shift of the output.
  var takesShiftedInput: Bool {
    switch kind {
    case .conv(let conv): conv.pads.allSatisfy { $0 == 0 }
    case .transposed: false
    case .gemm: true
    }
  }

  /// Lets every output channel m be `scale[m] · y[m] + shift[m]`.
  mutating func scaleOutputs(by scale: [Float], shift: [Float]) {
    var scaled = weights.floats
    forEachPair { output, _, range in
      for index in range { scaled[index] *= scale[output] }
    }
    weights = Tensor(shape: weights.shape, floats: scaled)
    bias = bias.indices.map { Float(Double(bias[$0]) * Double(scale[$0]) + Double(shift[$0])) }
  }

  /// Takes `scale[c] · x[c] + shift[c]` of the input over.
  ///
  /// - Precondition: `takesShiftedInput`, or no shift.
  mutating func absorbInput(scale: [Float], shift: [Float]) {
    var scaled = weights.floats
    var sums = bias.map(Double.init)
    forEachPair { output, input, range in
      for index in range {
        sums[output] += Double(scaled[index]) * Double(shift[input])
        scaled[index] *= scale[input]
      }
    }
    weights = Tensor(shape: weights.shape, floats: scaled)
    bias = sums.map(Float.init)
  }

  /// Calls `body` with every pair of channels that weights connect, and where these weights stand.
  private func forEachPair(_ body: (_ output: Int, _ input: Int, _ range: Range<Int>) -> Void) {
    let (rows, columns) = (weights.shape[0], weights.shape[1])
    let taps = weights.shape.dropFirst(2).reduce(1, *)
    for row in 0..<rows {
      for column in 0..<columns {
        let start = (row * columns + column) * taps
        let (output, input) = channels(row, column)
        body(output, input, start..<start + taps)
      }
    }
  }

  /// The output and the input channel of the first two indices of a weight.
  private func channels(_ row: Int, _ column: Int) -> (output: Int, input: Int) {
    let (rows, columns) = (weights.shape[0], weights.shape[1])
    switch kind {
    case .conv(let conv): return (row, row / (rows / conv.groups) * columns + column)
    case .transposed(let conv): return (row / (rows / conv.groups) * columns + column, row)
    case .gemm(let gemm): return gemm.transposesB ? (row, column) : (column, row)
    }
  }

  /// Puts the node with the weights as they are now into a patch.
  func add(to patch: inout GraphPatch, name: String) -> GraphPatch.Reference {
    let op: any Operator
    switch kind {
    case .conv(var conv):
      conv.hasBias = true
      op = conv
    case .transposed(var conv):
      conv.hasBias = true
      op = conv
    case .gemm(var gemm):
      gemm.hasAddend = true
      op = gemm
    }
    let inputs: [GraphPatch.Reference] =
      [
        .existing(input), patch.constant(weights, name: name + "/weights"),
        patch.constant(Tensor(shape: [bias.count], floats: bias), name: name + "/bias"),
      ] + (residual.map { [.existing($0)] } ?? [])
    return patch.add(op, name: name, inputs: inputs)
  }
}
