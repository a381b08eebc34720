import EspalierGradient
import EspalierGraph
import EspalierOperators
import Testing

/// Random numbers by a linear congruential generator, the same on every run.
struct Numbers {
  private var state: UInt64

  init(_ seed: UInt64) { state = seed &* 0x9E37_79B9_7F4A_7C15 &+ 1 }

  /// Evenly within −1...1.
  mutating func next() -> Float {
    state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
    return Float(Int32(truncatingIfNeeded: state >> 32)) / Float(1 << 31)
  }

  /// Elements at least `gap` away from 0 and from `kinks`, so that differences cross none of them.
  mutating func tensor(_ shape: Shape, kinks: [Float] = [], gap: Float = 0.15, scale: Float = 1) -> Tensor {
    let elements = (0..<shape.elementCount).map { _ in
      var x = next() * scale
      while (kinks.contains { abs(x - $0) < gap }) { x = next() * scale }
      return x
    }
    return Tensor(shape: shape, floats: elements)
  }
}

/// The difference quotient of fourth order with steps `h`: (f(−2h) − 8f(−h) + 8f(h) − f(2h)) / 12h.
func slope(step h: Float, _ f: (Float) throws -> Double) rethrows -> Double {
  let (far, near) = (try f(-2 * h) - f(2 * h), try f(h) - f(-h))
  return (far + 8 * near) / (12 * Double(h))
}

/// One operator on given operands, the first of which is an input and the others constants.
struct OperatorCase: CustomTestStringConvertible {
  var name: String
  var op: any Operator
  var operands: [Tensor]
  /// Operands whose gradients are wanted.
  var wanted: [Int]
  var step: Float = 0.03

  var testDescription: String { name }

  init(_ name: String, _ op: any Operator, _ operands: [Tensor], wanted: [Int]? = nil, step: Float = 0.03) {
    (self.name, self.op, self.operands, self.step) = (name, op, operands, step)
    self.wanted = wanted ?? Array(operands.indices)
  }

  /// Holds the tape's values against the operator's definition, and its gradients against difference quotients of
  /// the definition. The loss is a random weighting of all outputs.
  func check(forwardTolerance: Double = 1e-5, tolerance: Double = 5e-4) throws {
    var graph = Graph()
    var values = [graph.appendInput(name: "x", type: operands[0].type)]
    for (index, operand) in operands.enumerated().dropFirst() {
      values.append(graph.appendConstant(name: "c\(index)", operand))
    }
    let outputs = try graph.append(op, name: "node", inputs: values)
    for output in outputs { graph.appendOutput(output, name: graph[output].name) }
    let tape = try Tape(graph, gradientsOf: wanted.map { values[$0] })
    let memory = TapeMemory(tape, tape.makeParameters())
    memory.setInput(0, operands[0].floats)
    tape.forward(memory)

    var numbers = Numbers(99)
    let weights = outputs.map { numbers.tensor(graph.type(of: $0).shape).floats }
    try checkForward(memory, outputs, tolerance: forwardTolerance)
    memory.clearGradients()
    memory.clearParameterGradients()
    for (output, weight) in zip(outputs, weights) {
      _ = memory.gradient(of: output).update(fromContentsOf: weight)
    }
    tape.backward(memory)
    for index in wanted {
      let found = memory.gradient(of: values[index]).map(Double.init)
      let expected = try differences(of: index, weights)
      let scale = max(expected.map(abs).max() ?? 0, 1e-3)
      for (position, (a, b)) in zip(found, expected).enumerated() {
        #expect(abs(a - b) <= tolerance * scale, "\(name): operand \(index)[\(position)]: \(a), not \(b)")
      }
    }
  }

  private func checkForward(_ memory: TapeMemory, _ outputs: [ValueID], tolerance: Double) throws {
    for (value, expected) in zip(outputs, try op.evaluate(operands)) {
      let scale = max(Double(expected.floats.map(abs).filter(\.isFinite).max() ?? 0), 1e-3)
      for (a, b) in zip(memory.value(of: value), expected.floats) where a != b {
        #expect(abs(Double(a) - Double(b)) <= tolerance * scale, "\(name): \(a), not \(b)")
      }
    }
  }

  private func differences(of index: Int, _ weights: [[Float]]) throws -> [Double] {
    let operand = operands[index]
    return try operand.floats.indices.map { position in
      try slope(step: step) { shift in
        var elements = operand.floats
        elements[position] += shift
        var moved = operands
        moved[index] = Tensor(shape: operand.shape, floats: elements)
        let results = try op.evaluate(moved)
        return zip(results, weights).reduce(0) { sum, pair in
          sum + zip(pair.0.floats, pair.1).reduce(0) { $0 + Double($1.0) * Double($1.1) }
        }
      }
    }
  }
}
