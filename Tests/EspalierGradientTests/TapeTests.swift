import EspalierGradient
import EspalierGraph
import EspalierOperators
import Testing

/// Small networks of one input.
enum SmallNetworks {
  /// Random weights of about the size that keeps activations as large as they are.
  static func weights(_ shape: Shape, _ seed: UInt64) -> Tensor {
    var numbers = Numbers(seed)
    let fan = Float(shape.dropFirst().reduce(1, *))
    return numbers.tensor(shape, scale: (3 / fan).squareRoot())
  }

  /// A classifier: stem, two residual blocks of `inner` channels inside, one inverted residual with squeeze and
  /// excitation, mean, Gemm.
  static func classifier(inner: Int = 6, seed: UInt64 = 0) throws -> Graph {
    var graph = Graph()
    let x = graph.appendInput(name: "x", type: TensorType(.float32, [1, 3, 8, 8]))
    func conv(
      _ name: String, _ input: ValueID, _ shape: Shape, _ activation: ElementFunction = .relu,
      groups: Int = 1,
      residual: ValueID? = nil
    ) throws -> ValueID {
      let index = UInt64(graph.values.count) + seed
      let pad = shape[2] / 2
      let operation = Conv(
        pads: [pad, pad, pad, pad], groups: groups, activation: activation, hasBias: true,
        hasResidual: residual != nil)
      let w = graph.appendConstant(name: "\(name).w", weights(shape, index))
      let b = graph.appendConstant(name: "\(name).b", weights([shape[0]], index + 1000))
      return try graph.append(operation, name: name, inputs: [input, w, b] + (residual.map { [$0] } ?? []))[0]
    }
    let stem = try conv("stem", x, [8, 3, 3, 3])
    let a = try conv("block1.a", stem, [inner, 8, 3, 3])
    let first = try conv("block1.b", a, [8, inner, 3, 3], residual: stem)
    let c = try conv("block2.a", first, [inner, 8, 3, 3], ElementFunction(.silu, alpha: 1))
    let second = try conv("block2.b", c, [8, inner, 3, 3], .identity, residual: first)
    let e = try conv("block3.a", second, [inner * 2, 8, 1, 1])
    let d = try conv("block3.d", e, [inner * 2, 1, 3, 3], groups: inner * 2)
    let mean = try graph.append(Reduce(.mean, axes: [2, 3]), name: "squeeze", inputs: [d])[0]
    let gate = try conv("block3.gate", mean, [inner * 2, inner * 2, 1, 1], ElementFunction(.sigmoid))
    let scaled = try graph.append(Binary(.multiply), name: "excite", inputs: [d, gate])[0]
    let third = try conv("block3.p", scaled, [8, inner * 2, 1, 1], .identity, residual: second)
    let pooled = try graph.append(Reduce(.mean, axes: [2, 3]), name: "pool", inputs: [third])[0]
    let flat = try graph.append(Flatten(), name: "flatten", inputs: [pooled])[0]
    let w = graph.appendConstant(name: "head.w", weights([5, 8], 77 + seed))
    let b = graph.appendConstant(name: "head.b", weights([5], 78 + seed))
    let head = Gemm(transposesB: true, hasAddend: true)
    graph.appendOutput(try graph.append(head, name: "head", inputs: [flat, w, b])[0], name: "scores")
    return graph
  }

  static func frames(_ count: Int, seed: UInt64 = 1, elements: Int = 3 * 8 * 8) -> [[Float]] {
    var numbers = Numbers(seed)
    return (0..<count).map { _ in (0..<elements).map { _ in 2 * numbers.next() } }
  }
}

@Suite("A tape") struct TapeTests {
  @Test func `computes what the interpreter computes`() throws {
    let graph = try SmallNetworks.classifier()
    let tape = try Tape(graph, gradientsOf: Tape.trainable(graph))
    let memory = TapeMemory(tape, tape.makeParameters())
    let frame = SmallNetworks.frames(1)[0]
    let values = try Interpreter.allValues(of: graph, inputs: [Tensor(shape: [1, 3, 8, 8], floats: frame)])
    memory.setInput(0, frame)
    tape.forward(memory)
    for (value, expected) in values {
      let scale = max(expected.floats.map(abs).max() ?? 0, 1e-6)
      for (a, b) in zip(memory.value(of: value), expected.floats) { #expect(abs(a - b) <= 1e-5 * scale) }
    }
  }

  /// Steps are small beside the distance to the next kink of any ReLU with this seed; the quotient's own error
  /// is about 1e-7 / h.
  @Test func `knows how the outputs of a network depend on every weight`() throws {
    let graph = try SmallNetworks.classifier(inner: 2)
    let trained = Tape.trainable(graph)
    let tape = try Tape(graph, gradientsOf: trained)
    let parameters = tape.makeParameters()
    let memory = TapeMemory(tape, parameters)
    let output = graph.outputs[0]
    memory.setInput(0, SmallNetworks.frames(1)[0])
    tape.forward(memory)
    memory.clearGradients()
    memory.clearParameterGradients()
    memory.gradient(of: output)[2] = 1
    tape.backward(memory)
    let found = trained.map { Array(memory.gradient(of: $0)) }
    let largest = found.joined().map(abs).max() ?? 0
    for (value, gradient) in zip(trained, found) {
      for index in stride(from: 0, to: gradient.count, by: 3) {
        let elements = memory.value(of: value)
        let original = elements[index]
        let expected = slope(step: 2e-3) { shift in
          elements[index] = original + shift
          tape.forward(memory)
          return Double(memory.value(of: output)[2])
        }
        elements[index] = original
        #expect(
          abs(Double(gradient[index]) - expected) <= 2e-3 * Double(largest), "\(graph[value].name)[\(index)]")
      }
    }
  }

  @Test func `adds the gradients of tensors that are read twice`() throws {
    var graph = Graph()
    let x = graph.appendInput(name: "x", type: TensorType(.float32, [3]))
    let square = try graph.append(Binary(.multiply), name: "square", inputs: [x, x])[0]
    let y = try graph.append(Binary(.add), name: "y", inputs: [square, x])[0]
    graph.appendOutput(y, name: "y")
    let tape = try Tape(graph, gradientsOf: [x])
    let memory = TapeMemory(tape, tape.makeParameters())
    memory.setInput(0, [1, -2, 0.5])
    tape.forward(memory)
    memory.clearGradients()
    _ = memory.gradient(of: y).update(fromContentsOf: [1, 1, 2])
    tape.backward(memory)
    #expect(Array(memory.gradient(of: x)) == [3, -3, 4])
  }

  @Test func `runs a part of a network from values within it`() throws {
    let graph = try SmallNetworks.classifier()
    let names = Dictionary(graph.values.enumerated().map { ($1.name, ValueID($0)) }) { first, _ in first }
    let (start, end) = (try #require(names["block1.b"]), try #require(names["block2.b"]))
    let frame = Tensor(shape: [1, 3, 8, 8], floats: SmallNetworks.frames(1)[0])
    let values = try Interpreter.allValues(of: graph, inputs: [frame])
    let tape = try Tape(graph, from: [start], to: [end], gradientsOf: [start])
    let memory = TapeMemory(tape, tape.makeParameters())
    memory.setInput(0, try #require(values[start]).floats)
    tape.forward(memory)
    for (a, b) in zip(memory.value(of: end), try #require(values[end]).floats) { #expect(abs(a - b) <= 1e-5) }
    let stem = try #require(names["stem"])
    #expect(tape.hasGradient(end) && !tape.holds(stem))
  }

  @Test func `has a rule for every operator of convolutional networks`() {
    let needed = [
      "AveragePool", "BatchNormalization", "Binary", "ChannelShuffle", "Concat", "Conv", "ConvTranspose",
      "DepthToSpace", "Expand", "Flatten", "Gather", "Gemm", "MatMul", "MaxPool", "Pad", "Reduce", "Reshape",
      "Resize", "Slice", "Softmax", "SpaceToDepth", "Split", "Squeeze", "Transpose", "Unary", "Unsqueeze",
    ]
    #expect(Set(needed).subtracting(Tape.operators) == [])
  }

  @Test func `names the node and the operator that it has no rule for`() throws {
    var graph = Graph()
    let x = graph.appendInput(name: "x", type: TensorType(.float32, [4, 4]))
    graph.appendOutput(try graph.append(Trilu(keepsUpper: true), name: "sort", inputs: [x])[0], name: "y")
    #expect(throws: GradientError.unsupportedOperator(Trilu.name, node: "sort")) {
      try Tape(graph, gradientsOf: [x])
    }
  }

  @Test func `names the form of an operator that it has no rule for`() throws {
    var graph = Graph()
    let x = graph.appendInput(name: "x", type: TensorType(.float32, [1, 4]))
    let floor = Unary(ElementFunction(.floor))
    graph.appendOutput(try graph.append(floor, name: "steps", inputs: [x])[0], name: "y")
    let error = #expect(throws: GradientError.self) { try Tape(graph, gradientsOf: [x]) }
    #expect("\(try #require(error))".hasPrefix("node 'steps': there is no gradient of this Unary: floor"))
  }
}
