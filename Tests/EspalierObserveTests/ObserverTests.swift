import EspalierGraph
import EspalierObserve
import EspalierOperators
import Testing

@Suite("Observing a network") struct ObserverTests {
  /// `y = max(x, 0)`, `[1, 2, 1, 2]`.
  private func rectifier() throws -> (graph: Graph, x: ValueID, y: ValueID) {
    var graph = Graph()
    let x = graph.appendInput(name: "x", type: TensorType(.float32, [1, 2, 1, 2]))
    let y = try graph.append(Unary(.relu), name: "y", inputs: [x])[0]
    graph.appendOutput(y, name: "y")
    return (graph, x, y)
  }

  private func observe(_ observer: inout Observer, _ groups: [[[Float]]]) throws {
    let graph = observer.graph
    let all = groups.enumerated().map { number, frames in
      FrameGroup(name: "group \(number)", frames: frames.indices.map { "\(number).\($0)" }) { [frames[$0]] }
    }
    try observer.observe(all) { inputs in
      let tensor = Tensor(shape: [1, 2, 1, 2], floats: inputs[0])
      return try Interpreter.run(graph, inputs: [tensor]).map(\.asFloats)
    }
  }

  @Test func `finds ranges, and means and mean squares of channels`() throws {
    let (graph, x, y) = try rectifier()
    var observer = Observer(graph, observing: [x, y])
    try observe(&observer, [[[-4, 2, 1, 1], [-2, 4, 3, -1]]])
    let (input, output) = (try #require(observer.statistics[x]), try #require(observer.statistics[y]))
    #expect(input.least == -4 && input.largest == 4)
    #expect(output.least == 0 && output.largest == 4)
    #expect(input.channelMeans == [0, 1])
    #expect(output.channelMeans == [1.5, 1.25])
    #expect(output.channelMeanSquares == [5, 2.75])
    #expect(output.histograms.count == 1)
    #expect(output.histograms[0].total == 8)
    #expect(output.histograms[0].zeroCount == 3)
  }

  @Test func `counts every group in a histogram of its own, all over one range`() throws {
    let (graph, x, y) = try rectifier()
    var observer = Observer(graph, observing: [x, y])
    try observe(&observer, [[[0, 1, 0, 1]], [[0, 9, 0, 9], [0, 8, 0, 8]]])
    let histograms = try #require(observer.statistics[y]).histograms
    #expect(histograms.map(\.total) == [4, 8])
    #expect(histograms.map(\.largest) == [9, 9])
  }

  @Test(arguments: [Float.nan, .infinity, -.infinity, 1e30])
  func `names tensor and frame where a number cannot be squared`(number: Float) throws {
    let (graph, x, y) = try rectifier()
    var observer = Observer(graph, observing: [x, y])
    #expect(throws: ObservationError.notFinite(value: "x", frame: "0.1")) {
      try observe(&observer, [[[0, 0, 0, 0], [0, number, 0, 0]]])
    }
  }

  @Test func `refuses groups without frames by name`() throws {
    let (graph, x, _) = try rectifier()
    var observer = Observer(graph, observing: [x])
    #expect(throws: ObservationError.noFrames(group: "")) { try observe(&observer, []) }
    #expect(throws: ObservationError.noFrames(group: "group 1")) {
      try observe(&observer, [[[0, 0, 0, 0]], []])
    }
  }

  @Test func `thinned groups keep frames that are evenly apart`() {
    let group = FrameGroup(name: "g", frames: (0..<10).map { "\($0)" }) { [[Float($0)]] }
    let few = group.thinned(to: 4)
    #expect(few.frames == ["0", "2", "5", "7"])
    #expect(few.elements(2) == [[5]])
    #expect(group.thinned(to: 20).frames.count == 10)
  }
}
