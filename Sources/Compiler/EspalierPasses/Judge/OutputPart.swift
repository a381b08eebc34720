/// Elements of a network's outputs that are compared with another network's on one scale, and what they count.
///
/// A detector answers at every place of its grid. Where it sees nothing, boxes and classes are whatever training left
/// there, and nobody reads them: places count as much as the original is sure that something is there.
public struct OutputPart: Sendable, Equatable {
  /// Where numbers of each place lie in an output: at `first + place · stride + k · step` for `k < count`.
  public struct Lattice: Sendable, Equatable {
    public let output: Int
    public let first: Int
    public let stride: Int
    public let count: Int
    public let step: Int

    public init(output: Int, first: Int, stride: Int, count: Int, step: Int) {
      (self.output, self.first, self.stride, self.count, self.step) = (output, first, stride, count, step)
    }

    /// The greatest number of each place; 0 where all are less.
    func greatest(_ outputs: [[Float]], places: Int) -> [Float] {
      outputs[output].withUnsafeBufferPointer { numbers in
        (0..<places).map { place in
          var (greatest, index) = (Float(0), first + place * stride)
          for _ in 0..<count {
            greatest = max(greatest, numbers[index])
            index += step
          }
          return greatest
        }
      }
    }
  }

  public let places: Int
  public let elements: Lattice
  /// A place counts as much as the product of the greatest numbers that the original has here; none: 1.
  public let likelihoods: [Lattice]

  public init(places: Int, elements: Lattice, likelihoods: [Lattice] = []) {
    (self.places, self.elements, self.likelihoods) = (places, elements, likelihoods)
  }

  /// What each place of a frame counts.
  func weights(_ outputs: [[Float]]) -> [Float] {
    likelihoods.reduce([Float](repeating: 1, count: places)) { weights, lattice in
      zip(weights, lattice.greatest(outputs, places: places)).map { $0 * $1 }
    }
  }
}

/// How much differences from the outputs of one network count, part by part.
public struct OutputScale: Sendable {
  public let parts: [OutputPart]
  /// By part: what a weighted square counts, so that those of the original's deviations from their mean are 1 in the
  /// mean of all frames.
  private let factors: [Double]

  /// - Parameters:
  ///   - parts: At least one.
  ///   - frames: The original's outputs, by frame and output.
  public init(_ parts: [OutputPart], frames: [[[Float]]]) {
    self.parts = parts
    factors = parts.map { part in
      let lattice = part.elements
      var sums = [(weight: Double, value: Double, square: Double)](
        repeating: (0, 0, 0), count: lattice.count)
      for outputs in frames {
        outputs[lattice.output].withUnsafeBufferPointer { numbers in
          for (place, weight) in part.weights(outputs).enumerated() where weight > 0 {
            for k in 0..<lattice.count {
              let value = Double(numbers[lattice.first + place * lattice.stride + k * lattice.step])
              sums[k].weight += Double(weight)
              sums[k].value += Double(weight) * value
              sums[k].square += Double(weight) * value * value
            }
          }
        }
      }
      let energy = sums.reduce(0) { $0 + max(0, $1.square - $1.value * $1.value / max($1.weight, 1e-30)) }
      return Double(frames.count) / max(energy, 1e-30)
    }
  }

  /// What the squared difference from each element of a frame's outputs counts; 0 outside of all parts.
  ///
  /// - Parameter outputs: The original's.
  public func importance(of outputs: [[Float]]) -> [[Float]] {
    var result = outputs.map { [Float](repeating: 0, count: $0.count) }
    for (part, factor) in zip(parts, factors) {
      let lattice = part.elements
      result[lattice.output].withUnsafeMutableBufferPointer { result in
        for (place, weight) in part.weights(outputs).enumerated() {
          for k in 0..<lattice.count {
            result[lattice.first + place * lattice.stride + k * lattice.step] += Float(factor) * weight
          }
        }
      }
    }
    return result
  }

  /// How far other outputs of the same frame are from the original's, the parts added up.
  ///
  /// - Parameter importance: Of the original's.
  public static func distance(
    from outputs: [[Float]], to others: [[Float]], _ importance: [[Float]]
  ) -> Double {
    var sum = 0.0
    for ((own, other), weights) in zip(zip(outputs, others), importance) {
      for ((a, b), weight) in zip(zip(own, other), weights) {
        sum += Double(weight) * Double(a - b) * Double(a - b)
      }
    }
    return sum
  }
}
