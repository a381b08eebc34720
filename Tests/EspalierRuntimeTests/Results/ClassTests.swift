import EspalierPlan
import EspalierRuntime
import Foundation
import PlanFixtures
import Testing

@Suite("Classes of a frame") struct ClassTests {
  private func classes(
    _ values: [Float], softmax: Bool = false, offset: Int = 0,
    _ change: (inout ResultOptions) -> Void = { _ in }
  ) throws -> [RankedClass] {
    var results = Plan.Results(.classes, outputs: [0])
    (results.appliesSoftmax, results.classOffset) = (softmax, offset)
    var options = ResultOptions()
    change(&options)
    let reader = try ResultReader(
      results, inputs: [], outputs: [Plan.Port(name: "y", shape: [1, values.count, 1, 1])], options: options)
    return try withPointers([values]) { Array(try reader.classes(in: $0)) }
  }

  @Test func `are the likeliest first, of equal ones the first in the output`() throws {
    let found = try classes([0.1, 0.4, 0.2, 0.4]) { $0.capacity = 3 }
    #expect(found.map(\.category) == [1, 3, 2])
    #expect(found.map(\.score) == [0.4, 0.4, 0.2])
  }

  @Test func `are the shares that softmax defines`() throws {
    var random = SeededGenerator(seed: 2)
    let values = (0..<1000).map { _ in Float.random(in: -30...30, using: &random) }
    let sum = values.reduce(0.0) { $0 + exp(Double($1)) }
    for found in try classes(values, softmax: true, { $0.capacity = 1000 }) {
      let expected = exp(Double(values[found.category])) / sum
      // One rounding to float32, and one of the difference to the greatest value.
      #expect(abs(Double(found.score) - expected) <= expected * 4e-6)
    }
  }

  @Test func `are counted from the class offset on, which counts for softmax`() throws {
    let found = try classes([9, 0, 0], softmax: true, offset: 1) { $0.scoreThreshold = 0 }
    #expect(found.map(\.category) == [0, 1])
    #expect(abs(Double(found[0].score) - 1 / (2 + exp(9.0))) < 1e-9)
  }

  @Test func `are left out below the threshold`() throws {
    #expect(try classes([0.5, 0.25, 0.25]) { $0.scoreThreshold = 0.5 }.map(\.category) == [0])
    #expect(
      try classes([0.5, 0.25, 0.25]) { $0.classThresholds = [0.9, 0.25, 0.26] }.map(\.category) == [1])
  }

  @Test func `are none where an element is no number`() throws {
    #expect(try classes([0.5, .nan, 0.5]).isEmpty)
    #expect(try classes([0.5, .infinity], softmax: true).isEmpty)
    #expect(try classes([-.infinity, 1], softmax: true).map(\.score) == [1, 0])
  }

  @Test func `are not boxes`() throws {
    let reader = try ResultReader(
      Plan.Results(.classes, outputs: [0]), inputs: [], outputs: [Plan.Port(name: "y", shape: [1, 2])])
    #expect(throws: ResultError.otherKind(asked: .boxes, found: .classes)) {
      try withPointers([[0, 1]]) { _ = try reader.boxes(in: $0) }
    }
  }
}
