import EspalierGraph
import Testing

@testable import EspalierPrune

@Suite("Taking inputs out") struct EliminationTests {
  private static let size = 12
  private static let outputs = 5
  /// Units of one to four inputs, not side by side.
  private static let columns = [7: [0, 5], 3: [1], 9: [2, 8, 10, 4], 4: [3, 11], 1: [6, 7, 9]]

  private static func noise(_ count: Int, seed: UInt64) -> [Double] {
    Tensor.random(TensorType(.float32, [count]), seed: seed).floats.map(Double.init)
  }

  /// A covariance of inputs that have much in common.
  private static let covariance: [Double] = {
    let rows = noise(20 * size, seed: 1)
    var result = [Double](repeating: 0, count: size * size)
    for i in 0..<size {
      for j in 0..<size {
        result[i * size + j] = (0..<20).reduce(i == j ? 0.1 : 0) {
          $0 + rows[$1 * size + i] * rows[$1 * size + j] / 20
        }
      }
    }
    return result
  }()

  private static let weights = noise(outputs * size, seed: 2)

  private func elimination() throws -> Elimination {
    let factor = try #require(LinearAlgebra.factored(Self.covariance, size: Self.size))
    return Elimination(
      inverse: LinearAlgebra.inverse(factor: factor, size: Self.size), weights: Self.weights,
      size: Self.size, columns: Self.columns)
  }

  /// What is left for some inputs alone, by the definition: weights `W H_:S H_SS⁻¹`, and the loss of giving up
  /// the others.
  private func direct(_ left: [Int]) throws -> (inverse: [Double], weights: [Double], loss: Double) {
    let (size, h, w) = (Self.size, Self.covariance, Self.weights)
    let block = left.flatMap { i in left.map { h[i * size + $0] } }
    let factor = try #require(LinearAlgebra.factored(block, size: left.count))
    var cross: [Double] = []
    for m in 0..<Self.outputs {
      for j in left {
        var sum = 0.0
        for i in 0..<size { sum += w[m * size + i] * h[i * size + j] }
        cross.append(sum)
      }
    }
    let solved = LinearAlgebra.solved(cross, count: Self.outputs, factor: factor, size: left.count)
    var loss = 0.0
    for m in 0..<Self.outputs {
      var gap = Array(w[m * size..<(m + 1) * size])
      for (place, j) in left.enumerated() { gap[j] -= solved[m * left.count + place] }
      for i in 0..<size { for j in 0..<size { loss += gap[i] * h[i * size + j] * gap[j] } }
    }
    return (LinearAlgebra.inverse(factor: factor, size: left.count), solved, loss)
  }

  @Test func `leaves the inverse and the weights that the other inputs have alone`() throws {
    var elimination = try elimination()
    var units = [7, 3, 9, 4, 1]
    for unit in [9, 3, 1] {
      elimination.remove(unit)
      units.removeAll { $0 == unit }
      let (inverse, weights) = elimination.left(of: units)
      let expected = try direct(units.flatMap { Self.columns[$0] ?? [] })
      #expect(zip(inverse, expected.inverse).allSatisfy { abs($0 - $1) < 1e-9 })
      #expect(zip(weights, expected.weights).allSatisfy { abs($0 - $1) < 1e-9 })
    }
  }

  @Test func `costs what the best fit without them lacks`() throws {
    var elimination = try elimination()
    var (left, lost) = ([7, 3, 9, 4, 1], 0.0)
    for unit in [4, 7, 9] {
      lost += elimination.loss(of: unit)
      elimination.remove(unit)
      left.removeAll { $0 == unit }
      let expected = try direct(left.flatMap { Self.columns[$0] ?? [] }).loss
      #expect(abs(lost - expected) < 1e-9 * expected)
    }
    #expect(elimination.loss(of: 4) == 0)
  }

  @Test func `solves and inverts`() throws {
    // [4 2; 2 3] has the inverse [3 -2; -2 4] / 8.
    let factor = try #require(LinearAlgebra.factored([4, 2, 2, 3], size: 2))
    let inverse = LinearAlgebra.inverse(factor: factor, size: 2)
    #expect(zip(inverse, [0.375, -0.25, -0.25, 0.5]).allSatisfy { abs($0 - $1) < 1e-15 })
    let solved = LinearAlgebra.solved([8, 0, 0, 8], count: 2, factor: factor, size: 2)
    #expect(zip(solved, [3, -2, -2, 4]).allSatisfy { abs($0 - $1) < 1e-14 })
    #expect(LinearAlgebra.factored([1, 2, 2, 1], size: 2) == nil)
    #expect(LinearAlgebra.damped([1, 2, 2, 1], size: 2, shift: 0.5).shift == 5)
  }
}
