import EspalierGradient
import EspalierGraph
import EspalierOperators
import Foundation
import Testing

@Suite("Gradients of a loss without labels") struct LossGradientTests {
  /// Two convolutions, smooth in between, and what follows them.
  private struct Network {
    private(set) var graph: Graph
    let x: ValueID, weights: ValueID, hidden: ValueID
    private var last: ValueID

    init() throws {
      var (numbers, graph) = (Numbers(7), Graph())
      x = graph.appendInput(name: "x", type: TensorType(.float32, [1, 2, 4, 4]))
      weights = graph.appendConstant(name: "w", numbers.tensor([3, 2, 3, 3], scale: 0.5))
      hidden = try graph.append(
        Conv(pads: [1, 1, 1, 1], activation: ElementFunction(.sigmoid)), name: "hidden", inputs: [x, weights])[
          0]
      let v = graph.appendConstant(name: "v", numbers.tensor([4, 3, 4, 4]))
      last = try graph.append(Conv(), name: "scores", inputs: [hidden, v])[0]
      self.graph = graph
    }

    mutating func classes() throws {
      graph.appendOutput(try graph.append(Flatten(), name: "flat", inputs: [last])[0], name: "y")
    }

    mutating func values() { graph.appendOutput(last, name: "y") }
  }

  /// The loss by the definition of the operators, of a graph whose constant or input has other elements.
  private func loss(_ graph: Graph, _ frame: Tensor, _ label: Int?) throws -> Double {
    let output = try Interpreter.run(graph, inputs: [frame])[0].floats.map(Double.init)
    guard let label else { return output.reduce(0) { $0 + $1 * $1 / 2 } }
    let powers = output.map { exp($0 - output[label]) }
    return log(powers.reduce(0, +))
  }

  private func check(_ network: Network, _ loss: LossGradients.Loss) throws {
    let graph = network.graph
    var numbers = Numbers(3)
    let frame = numbers.tensor([1, 2, 4, 4])
    let output = try Interpreter.run(graph, inputs: [frame])[0].floats
    let label = loss == .crossEntropy ? output.indices.max { output[$0] < output[$1] } : nil
    let tape = try LossGradients(graph, of: [network.x, network.weights, network.hidden])
    #expect(tape.loss == loss)
    #expect(tape.values == [network.x, network.weights, network.hidden])
    let found = tape.gradients([frame.floats])
    #expect(abs(found.loss - (try self.loss(graph, frame, label))) < 1e-4)
    // A second frame is not added to the first.
    #expect(tape.gradients([frame.floats]).gradients == found.gradients)
    for position in [0, 7, 31] {
      let expected = try slope(step: 0.02) { shift in
        var elements = frame.floats
        elements[position] += shift
        return try self.loss(graph, Tensor(shape: frame.shape, floats: elements), label)
      }
      #expect(abs(Double(found.gradients[0][position]) - expected) < 1e-3, "\(position)")
    }
    let weights = try #require(graph.constant(of: network.weights))
    for position in [0, 20, 53] {
      let expected = try slope(step: 0.02) { shift in
        var elements = weights.floats
        elements[position] += shift
        var moved = graph
        moved.replaceConstant(network.weights, with: Tensor(shape: weights.shape, floats: elements))
        return try self.loss(moved, frame, label)
      }
      #expect(abs(Double(found.gradients[1][position]) - expected) < 1e-3, "\(position)")
    }
  }

  @Test func `are of classifiers those of the cross-entropy with their own first answer`() throws {
    var network = try Network()
    try network.classes()
    try check(network, .crossEntropy)
  }

  @Test func `are of other networks those of half the squares of the outputs`() throws {
    var network = try Network()
    network.values()
    try check(network, .halfSquares)
  }

  @Test func `leave out what the loss does not depend on`() throws {
    var network = try Network()
    try network.classes()
    var graph = network.graph
    let alone = graph.appendConstant(name: "alone", Tensor(shape: [1], floats: [1]))
    let tape = try LossGradients(graph, of: [alone, network.weights])
    #expect(tape.values == [network.weights])
  }
}
