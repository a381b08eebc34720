import EspalierGraph
import EspalierObserve
import EspalierOperators
import EspalierPasses
import Testing

@testable import EspalierPrune

@Suite("Disagreement") struct DisagreementTests {
  /// The frame's own scores and some more.
  private func scores(_ more: [Float], softmax: Bool = false) throws -> Graph {
    var net = Network()
    let x = net.input([1, more.count])
    let identity = more.indices.flatMap { row in more.indices.map { $0 == row ? Float(1) : 0 } }
    let w = net.constant("w", Tensor(shape: [more.count, more.count], floats: identity))
    let b = net.constant("b", Tensor(shape: [more.count], floats: more))
    var y = try net.append(Gemm(hasAddend: true), "y", x, w, b)
    if softmax { y = try net.append(Softmax(axis: 1), "p", y) }
    net.output(y)
    return net.graph
  }

  private func given(_ frames: [[Float]]) -> [FrameGroup] {
    [FrameGroup(name: "given", frames: frames.indices.map(String.init)) { [frames[$0]] }]
  }

  /// log 3
  private let three: Float = 1.0986123

  @Test(arguments: [false, true]) func `of classes is the divergence and the share of changed answers`(
    softmax: Bool
  ) throws {
    let frames = given([[three, 0], [0, 0], [0, 0], [0, three]])
    let found = try Disagreement(
      original: try scores([0, 0.001], softmax: softmax),
      candidate: try scores([three, 0.001], softmax: softmax), frames: frames, engine: interpreting)
    #expect(found.isClassifier)
    #expect(found.answers == 4)
    // The tie of the last frame is decided by 0.001, as before.
    #expect(found.changed == 2)
    #expect(found.rate == 0.5)
    // SciPy 1.17.1, `entropy(softmax(a), softmax(b))`, the mean of four.
    #expect(abs(found.divergence - 0.12772170737686844) < 1e-6)
    #expect(abs(found.rateBound - 0.9023886) < 1e-6)
    // The original held both classes that changed for hardly less likely: tanh(0.0005) twice.
    #expect(abs(found.expectedLoss - 0.00025) < 1e-8)
  }

  @Test(arguments: [false, true]) func `counts other classes by what the original thought of them`(
    softmax: Bool
  ) throws {
    let found = try Disagreement(
      original: try scores([0, 0], softmax: softmax), candidate: try scores([0, 2], softmax: softmax),
      frames: given([[three, 0], [0, three]]), engine: interpreting)
    // 3/4 against 1/4 in one of two frames.
    #expect(found.changed == 1)
    #expect(abs(found.expectedLoss - 0.25) < 1e-6)
  }

  /// The first frame's class is lost in exchange for milder answers to the others.
  @Test func `does not take milder probabilities for an improvement where answers get worse`() throws {
    let frames = given([[1, 0, 0], [0, 8, 0], [0, 8, 0], [0, 8, 0]])
    func judged(_ more: [Float]) throws -> Disagreement {
      try Disagreement(
        original: try scores([0, 0, 0]), candidate: try scores(more), frames: frames, engine: interpreting)
    }
    let (far, near, same) = (try judged([0, -7, 0]), try judged([0, 1.1, 0]), try judged([0, 0, 0]))
    #expect(far.changed == 0 && near.changed == 1)
    #expect(near.divergence < far.divergence)
    #expect(!near.improves(on: far))
    #expect(same.improves(on: far) && same.improves(on: near) && !same.improves(on: same))
  }

  @Test func `of a detector does not see what nobody reads`() throws {
    // Two places, each with the likelihood of an object and a number of its box.
    let object = OutputPart.Lattice(output: 0, first: 0, stride: 2, count: 1, step: 1)
    let box = OutputPart.Lattice(output: 0, first: 1, stride: 2, count: 1, step: 1)
    let parts = [
      OutputPart(places: 2, elements: object),
      OutputPart(places: 2, elements: box, likelihoods: [object]),
    ]
    let frames = given([[1, 2, 0, 9], [1, 4, 0, -7]])
    func divergence(_ more: [Float], _ parts: [OutputPart]) throws -> Double {
      try Disagreement(
        original: try scores([0, 0, 0, 0]), candidate: try scores(more), frames: frames,
        engine: interpreting, kinds: [.values], parts: parts
      ).divergence
    }
    #expect(try divergence([0, 0, 0, 5], parts) == 0)
    #expect(try divergence([0, 0, 0, 5], []) > 0.1)
    // Boxes that count deviate by 1 from their mean, twice: 0.5 off is a quarter of that.
    #expect(abs(try divergence([0, 0.5, 0, 0], parts) - 0.25) < 1e-6)
  }

  @Test func `of equal networks is nothing`() throws {
    let graph = try scores([0, 1, 2])
    let found = try Disagreement(
      original: graph, candidate: graph, frames: frames(graph, count: 10), engine: interpreting)
    #expect(found == Disagreement(answers: 10, changed: 0, divergence: 0, isClassifier: true))
  }

  @Test func `of values is the squared difference relative to the deviation`() throws {
    func network(_ scale: Float) throws -> Graph {
      var net = Network()
      let x = net.input([1, 1, 2, 2])
      let w = net.constant("w", Tensor(shape: [1, 1, 1, 1], floats: [scale]))
      net.output(try net.append(Conv(), "y", x, w))
      return net.graph
    }
    let frames = given([[1, 2, 3, 4], [-1, -2, -3, -4]])
    let found = try Disagreement(
      original: try network(1), candidate: try network(1.5), frames: frames, engine: interpreting)
    #expect(!found.isClassifier)
    #expect(found.changed == 0)
    #expect(abs(found.divergence - 0.25) < 1e-9)
  }

  @Test func `knows scores by their shape`() throws {
    #expect(Disagreement.kinds(of: try scores([0, 1])) == [.classes(areProbabilities: false)])
    #expect(Disagreement.kinds(of: try scores([0, 1], softmax: true)) == [.classes(areProbabilities: true)])
    #expect(Disagreement.kinds(of: try scores([0])) == [.values])
  }

  @Test func `refuses no frames and outputs that are no numbers`() throws {
    let graph = try scores([0, 1])
    #expect(throws: ObservationError.noFrames(group: "")) {
      try Disagreement(original: graph, candidate: graph, frames: [], engine: interpreting)
    }
    #expect(throws: ObservationError.notFinite(value: "y", frame: "0")) {
      try Disagreement(
        original: graph, candidate: graph, frames: given([[.infinity, 0]]), engine: interpreting)
    }
  }
}
