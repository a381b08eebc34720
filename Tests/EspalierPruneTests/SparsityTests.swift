import EspalierGraph
import EspalierOperators
import Testing

@testable import EspalierPrune

/// Two layers of 1x1 filters with weights that are given.
private func network(_ first: [Float], _ second: [Float]) throws -> Graph {
  var graph = Graph()
  let x = graph.appendInput(name: "x", type: TensorType(.float32, [1, 1, 2, 2]))
  let w = graph.appendConstant(name: "w", Tensor(shape: [first.count, 1, 1, 1], floats: first))
  let hidden = try graph.append(Conv(), name: "first", inputs: [x, w])[0]
  let v = graph.appendConstant(
    name: "v", Tensor(shape: [second.count / first.count, first.count, 1, 1], floats: second))
  graph.appendOutput(try graph.append(Conv(), name: "second", inputs: [hidden, v])[0], name: "y")
  return graph
}

private func weights(_ graph: Graph) -> [[Float]] {
  MagnitudePruning.layers(of: graph).compactMap { graph.constant(of: $0.inputs[1])?.floats }
}

@Suite("Magnitude pruning") struct MagnitudePruningTests {
  @Test func `sets the smallest of a layer to 0, of equals the first, and leaves the others as they are`()
    throws
  {
    let graph = try network([3, -1, 1, 2], [5, 6, 7, 8])
    let layer = MagnitudePruning.layers(of: graph)[0].id
    #expect(weights(MagnitudePruning.apply([layer: 0.25], to: graph)) == [[3, 0, 1, 2], [5, 6, 7, 8]])
    #expect(weights(MagnitudePruning.apply([layer: 0.75], to: graph)) == [[3, 0, 0, 0], [5, 6, 7, 8]])
    #expect(weights(MagnitudePruning.apply([layer: 0], to: graph)) == weights(graph))
    #expect(weights(MagnitudePruning.apply([layer: 1], to: graph))[0] == [0, 0, 0, 0])
  }

  /// Against the root of the mean square, √7.5 and √30 here, layer two is layer one twice over: half falls of each.
  @Test func `measures weights of a network against their layer's size`() throws {
    let graph = try network([1, 2, 3, 4], [2, 4, 6, 8])
    let shares = MagnitudePruning.globalShares(0.5, of: graph)
    #expect(MagnitudePruning.layers(of: graph).map { shares[$0.id] } == [0.5, 0.5])
    let sparse = weights(MagnitudePruning.apply(shares, to: graph))
    #expect(sparse == [[0, 0, 3, 4], [0, 0, 6, 8]])
    // One large weight makes the others small.
    let uneven = try network([0.1, 0.1, 0.1, 10], [1, 1, 1, 1])
    let fallen = MagnitudePruning.globalShares(0.375, of: uneven)
    #expect(MagnitudePruning.layers(of: uneven).map { fallen[$0.id] } == [0.75, 0])
  }
}

@Suite("Clustering of weights") struct WeightClusteringTests {
  @Test func `gives each weight the mean of those that are nearest to it`() throws {
    let graph = try network([0, 0.25, 2, 2.5], [1, 1, 1, 1])
    #expect(
      weights(WeightClustering.apply(centers: 2, to: graph)) == [[0.125, 0.125, 2.25, 2.25], [1, 1, 1, 1]])
  }

  @Test func `leaves weights at 0 where these were set to it, as one of the values`() throws {
    let graph = try network([0, 0.25, 2, 2.5, 0, 0], [1, 1, 1, 1, 0, 3])
    #expect(
      weights(WeightClustering.apply(centers: 3, keepsZeros: true, to: graph))
        == [[0, 0.25, 2.25, 2.25, 0, 0], [1, 1, 1, 1, 0, 3]])
    let mean = Float((0.25 + 2 + 2.5) / 3)
    #expect(
      weights(WeightClustering.apply(centers: 2, keepsZeros: true, to: graph))[0] == [
        0, mean, mean, mean, 0, 0,
      ])
  }

  /// What k-means ends with: every value is the mean of the numbers nearest to it, and no other value is nearer.
  @Test(arguments: [4, 16, 32]) func `ends where values are the means of their numbers`(centers: Int) {
    let numbers = Tensor.random(TensorType(.float32, [400]), seed: 9).floats
    let book = WeightClustering.codebook(numbers, centers: centers)
    #expect(book == book.sorted() && book.count == centers)
    var members = [[Double]](repeating: [], count: centers)
    for number in numbers {
      let place = WeightClustering.nearest(number, in: book)
      #expect(book.allSatisfy { abs(number - book[place]) <= abs(number - $0) })
      members[place].append(Double(number))
    }
    let error = zip(members, book).reduce(0.0) { sum, pair in
      pair.0.reduce(sum) { $0 + ($1 - Double(pair.1)) * ($1 - Double(pair.1)) }
    }
    let even = (numbers.max() ?? 0) - (numbers.min() ?? 0)
    let step = Double(even) / Double(centers - 1)
    // Values evenly apart, with which k-means begins, are worse: numbers spread evenly have step² / 12.
    #expect(error / 400 < step * step / 12)
    // 25 rounds may end before the last change; by then it is small.
    for (own, value) in zip(members, book) where !own.isEmpty {
      #expect(abs(own.reduce(0, +) / Double(own.count) - Double(value)) < 0.05 * step)
    }
  }

  @Test func `keeps a layer whose weights are all the same, or no more than the values`() throws {
    let graph = try network([2, 2, 2], [1, 2, 3])
    #expect(weights(WeightClustering.apply(centers: 3, to: graph)) == [[2, 2, 2], [1, 2, 3]])
  }
}

@Suite("Bits of weights") struct WeightBitsTests {
  /// By hand: of 8 weights 2 are 0; layer one H(1/2) · 4 + 2 · 32, layer two 4 · 32.
  @Test func `are of sparse weights the entropy of where they are 0, and 32 for each other`() throws {
    let graph = try network([0, 1, 0, 2], [1, 2, 3, 4])
    #expect(abs(WeightBits.sparse(graph) - (4 + 64 + 128) / 8) < 1e-12)
    let first = MagnitudePruning.layers(of: graph)[0].id
    #expect(abs(WeightBits.sparse(graph, layers: [first]) - 17) < 1e-12)
  }

  /// By hand: counts 2, 1, 1 have 1.5 bits each, and 3 values of 32 bits; all alike have none, and one value.
  @Test func `are of shared values the entropy of their places, and the values`() throws {
    let graph = try network([1, 1, 2, 3], [5, 5, 5, 5])
    #expect(abs(WeightBits.clustered(graph) - (6 + 96 + 0 + 32) / 8) < 1e-12)
  }
}

@Suite("Sensitivity of weights") struct WeightSensitivityTests {
  @Test func `is none where nothing changes, and grows with what does`() throws {
    let graph = try network([1, -2, 3, 4], [2, 4, 6, 8])
    let sensitivity = try WeightSensitivity(
      of: graph, frames: frames(graph, count: 5), engine: interpreting)
    #expect(sensitivity.layers.map(\.name) == ["first", "second"])
    #expect(sensitivity.layers.map { sensitivity.weightCount(of: $0) } == [4, 4])
    #expect(try sensitivity.sparse(sensitivity.layers[0], share: 0.01).disagreement.divergence == 0)
    // y = (2 - 8 + 18 + 32) x: without the first filter 2 / 44 of every element is missing.
    let one = try sensitivity.sparse(sensitivity.layers[0], share: 0.25)
    let run = interpreting(graph)
    let outputs = try frames(graph, count: 5).flatMap { group in
      try group.frames.indices.flatMap { try run(group.elements($0))[0].map(Double.init) }
    }
    let mean = outputs.reduce(0, +) / Double(outputs.count)
    let energy = outputs.reduce(0) { $0 + ($1 - mean) * ($1 - mean) }
    let missing = outputs.reduce(0) { $0 + $1 * $1 * 4 / (44 * 44) }
    #expect(abs(one.disagreement.divergence - missing / energy) < 1e-6)
    #expect(try sensitivity.sparse(share: 0.9).disagreement.divergence > one.disagreement.divergence)
    #expect(try sensitivity.clustered(centers: 4).disagreement.divergence < 1e-12)
  }
}
