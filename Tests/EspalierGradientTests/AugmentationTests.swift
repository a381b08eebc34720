import EspalierGraph
import EspalierOperators
import Foundation
import Testing

@testable import EspalierGradient

@Suite("Augmentation") struct AugmentationTests {
  private static let shape = [1, 2, 6, 5]
  /// Every element another one; those of the second frame are negative.
  private static let frame = (0..<60).map { Float($0 + 1) }
  private static let other = (0..<60).map { -Float($0 + 1) }

  private static func mixing(blends: Float = 0, patches: Float = 0) -> Augmentation {
    var augmentation = Augmentation()
    (augmentation.blends, augmentation.patches) = (blends, patches)
    return augmentation
  }

  private static func mixed(_ augmentation: Augmentation, seed: UInt64) -> [Float] {
    var random = TrainingRandom(seed: seed)
    return augmentation.mix(frame, with: other, shape: shape, &random)
  }

  @Test(arguments: 0..<20 as Range<UInt64>) func `blends two frames with one weight`(seed: UInt64) {
    let mixed = Self.mixed(Self.mixing(blends: 1), seed: seed)
    // w x + (1 − w)(−x) = (2 w − 1) x
    let factor = mixed[0] / Self.frame[0]
    #expect((-1...1).contains(factor))
    for (own, result) in zip(Self.frame, mixed) { #expect(abs(result - factor * own) < 1e-4) }
  }

  @Test func `patches one rectangle, the same in every channel`() throws {
    var areas: Set<Int> = []
    for seed in 0..<200 as Range<UInt64> {
      let mixed = Self.mixed(Self.mixing(patches: 1), seed: seed)
      let replaced = mixed.map { $0 < 0 }
      for index in mixed.indices {
        #expect(mixed[index] == (replaced[index] ? Self.other : Self.frame)[index])
      }
      #expect(Array(replaced[..<30]) == Array(replaced[30...]))
      let places = (0..<30).filter { replaced[$0] }
      let (rows, columns) = (Set(places.map { $0 / 5 }), Set(places.map { $0 % 5 }))
      #expect(places.count == rows.count * columns.count)
      for lines in [rows, columns] where !lines.isEmpty {
        #expect(try #require(lines.max()) - #require(lines.min()) + 1 == lines.count)
      }
      areas.insert(places.count)
    }
    #expect(areas.count >= 5)
  }

  @Test func `leaves the share of frames alone that it says`() {
    let augmentation = Self.mixing(blends: 0.25, patches: 0.25)
    let results = (0..<2_000 as Range<UInt64>).map { Self.mixed(augmentation, seed: $0) }
    let unchanged = results.count { $0 == Self.frame }
    // Half of 2,000 ± 5 standard deviations of 22, and patches that round to nothing.
    #expect((890...1_130).contains(unchanged))
    let none = (0..<100 as Range<UInt64>).map { Self.mixed(.none, seed: $0) }
    #expect(none.allSatisfy { $0 == Self.frame })
  }

  @Test func `blends frames that are no pictures`() {
    var random = TrainingRandom(seed: 1)
    let augmentation = Self.mixing(blends: 0.5, patches: 0.5)
    let results = (0..<20).map { _ in
      augmentation.mix([1, 2], with: [3, 6], shape: [1, 2], &random)
    }
    #expect(results.contains([1, 2]))
    #expect(results.contains { $0[0] > 1 && abs($0[1] - 2 * $0[0]) < 1e-5 })
  }

  /// What the definition gives: the element of the frame at a place, between four pixels by their distances.
  private static func seen(_ plane: ArraySlice<Float>, _ row: Double, _ column: Double) -> Double {
    let (y, x) = (min(max(row, 0), 5), min(max(column, 0), 4))
    var sum = 0.0
    for i in 0..<6 {
      for j in 0..<5 {
        let weight = max(0, 1 - abs(y - Double(i))) * max(0, 1 - abs(x - Double(j)))
        sum += weight * Double(plane[plane.startIndex + i * 5 + j])
      }
    }
    return sum
  }

  @Test func `turns and enlarges about the middle, within the limits, every channel alike`() {
    var augmentation = Augmentation.none
    (augmentation.zoom, augmentation.rotation) = (0.4, 0.3)
    var (sizes, angles): ([Double], [Double]) = ([], [])
    for seed in 0..<40 as Range<UInt64> {
      var random = TrainingRandom(seed: seed)
      // A frame of which every element says where it was: columns, then rows.
      let columns = (0..<30).map { Float($0 % 5) }, rows = (0..<30).map { Float($0 / 5) }
      let places = augmentation.apply(to: columns + rows, shape: Self.shape, &random)
      // One pixel right of the middle's left neighbour is where size and angle can be read off.
      let (x, y) = (places[2 * 5 + 2], places[30 + 2 * 5 + 2])
      let (right, down) = (Double(places[2 * 5 + 3] - x), Double(places[30 + 2 * 5 + 3] - y))
      let size = (right * right + down * down).squareRoot()
      sizes.append(size)
      angles.append(abs(down / right))
      random = TrainingRandom(seed: seed)
      let result = augmentation.apply(to: Self.frame, shape: Self.shape, &random)
      for index in 0..<60 {
        let (i, j) = (Double(index % 30 / 5) - 2.5, Double(index % 5) - 2)
        let (column, row) = (right * j - down * i + 2, down * j + right * i + 2.5)
        let plane = Self.frame[(index / 30 * 30)..<(index / 30 * 30 + 30)]
        #expect(abs(Double(result[index]) - Self.seen(plane, row, column)) < 1e-3, "\(seed) \(index)")
      }
    }
    // e^0.4 and tan 0.3, neither gone beyond nor far from reached.
    #expect(
      sizes.allSatisfy { (0.67...1.4919).contains($0) } && sizes.contains { $0 > 1.3 }
        && sizes.contains { $0 < 0.8 })
    #expect(angles.allSatisfy { $0 < 0.3094 } && angles.contains { $0 > 0.2 })
  }

  @Test func `changes contrast about the mean, and every channel's brightness by itself`() {
    var augmentation = Augmentation.none
    augmentation.contrast = 0.5
    var random = TrainingRandom(seed: 3)
    let contrasted = augmentation.apply(to: Self.frame, shape: Self.shape, &random)
    let mean = Self.frame.reduce(0, +) / 60
    let factor = (contrasted[0] - mean) / (Self.frame[0] - mean)
    #expect(factor != 1 && (0.606...1.649).contains(factor))
    for (own, result) in zip(Self.frame, contrasted) {
      #expect(abs(result - mean - factor * (own - mean)) < 1e-4)
    }
    augmentation = .none
    augmentation.tint = 0.1
    let tinted = augmentation.apply(to: Self.frame, shape: Self.shape, &random)
    let added = zip(tinted, Self.frame).map { $0 - $1 }
    #expect(Set(added[..<30].map { ($0 * 1e3).rounded() }).count == 1 && abs(added[0]) <= 5.9)
    #expect(Set(added[30...].map { ($0 * 1e3).rounded() }).count == 1 && abs(added[0] - added[30]) > 0.01)
  }

  /// Two classes: what is bright in places of these weights, and the opposite.
  private static func classifier(_ weights: [Float]) throws -> Graph {
    var graph = Graph()
    let x = graph.appendInput(name: "x", type: TensorType(.float32, [1, 1, 2, 2]))
    let flat = try graph.append(Flatten(axis: 1), name: "f", inputs: [x])[0]
    let matrix = Tensor(shape: [4, 2], floats: weights.flatMap { [$0, -$0] })
    let w = graph.appendConstant(name: "w", matrix)
    graph.appendOutput(try graph.append(Gemm(), name: "y", inputs: [flat, w])[0], name: "y")
    return graph
  }

  private static func training(_ graph: Graph, _ frames: [[Float]]) throws -> NetworkTraining {
    let frames = TrainingFrames(frames)
    let distillation = Distillation(teacher: graph, student: graph, frames: frames, holdout: frames)
    return try NetworkTraining(distillation, TrainingClock(limit: nil))
  }

  /// Left against right, and above against below.
  @Test(arguments: [(false, [1, -1, 1, -1] as [Float]), (true, [1, 1, -1, -1])])
  func `mirrors frames only where the answers survive it`(survives: Bool, weights: [Float]) throws {
    let frames: [[Float]] = [[4, 2, 1, 0.5], [1, 3, 0, 0], [0, 1, 5, 7], [2, 1, 9, 3]]
    var run = try Self.training(try Self.classifier(weights), frames)
    #expect(run.augmentation.flips)
    run.prepare()
    #expect(run.augmentation.flips == survives)
    #expect(run.averagesMirrors == survives)
  }

  @Test func `takes the mean of a frame's scores and its mirror image's for the teacher's`() throws {
    let weights: [Float] = [0.5, 0.25, -0.5, -0.25]
    var run = try Self.training(try Self.classifier(weights), [[4, 2, 1, 0.5]])
    run.prepare()
    // The student is the teacher: it lacks what the mirror image adds.
    func share(_ score: Double) -> Double { 1 / (1 + exp(-2 * score)) }
    let (p, q) = (share((1.875 + 1.5) / 2), share(1.875))
    let divergence = p * log(p / q) + (1 - p) * log((1 - p) / (1 - q))
    #expect(abs(run.judge(step: 0).loss - divergence) < 1e-6)
  }

  /// Three of four frames keep their answers: enough to mirror them, too few for a mean.
  @Test func `averages only where nearly all answers survive`() throws {
    let frames: [[Float]] = [[9, 8, 0, 0], [8, 9, 0, 0], [9, 9, 1, 1], [9, 0, 8, 0]]
    var run = try Self.training(try Self.classifier([1, 0.1, -0.5, -0.9]), frames)
    run.prepare()
    #expect(run.augmentation.flips)
    #expect(!run.averagesMirrors)
  }
}
