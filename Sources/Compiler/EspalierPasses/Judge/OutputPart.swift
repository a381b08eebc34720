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

  /// All elements of an output, which count the same.
  public init(output: Int, elementCount: Int) {
    self.init(
      places: elementCount, elements: Lattice(output: output, first: 0, stride: 1, count: 1, step: 1))
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
  /// By part: the weighted squared deviation of the original from its mean, in the mean of all frames.
  private let energies: [Double]
  /// What importance is divided by where the original does not vary, so that it stays a number in float32.
  private static let leastEnergy = 1e-30

  /// - Parameters:
  ///   - parts: At least one.
  ///   - frames: The original's outputs, by frame and output.
  public init(_ parts: [OutputPart], frames: [[[Float]]]) {
    self.parts = parts
    energies = parts.map { part in
      var sums = [(weight: Double, value: Double, square: Double)](
        repeating: (0, 0, 0), count: part.elements.count)
      for outputs in frames {
        outputs[part.elements.output].withUnsafeBufferPointer { numbers in
          Self.visit(part, of: outputs) { element, k, weight in
            let value = Double(numbers[element])
            sums[k].weight += weight
            sums[k].value += weight * value
            sums[k].square += weight * value * value
          }
        }
      }
      let energy = sums.reduce(0) { sum, own in
        own.weight > 0 ? sum + max(0, own.square - own.value * own.value / own.weight) : sum
      }
      return max(energy / Double(max(frames.count, 1)), Self.leastEnergy)
    }
  }

  /// The elements of a part in a frame of the original, each with its number within its place and what it counts.
  @inline(__always) private static func visit(
    _ part: OutputPart, of outputs: [[Float]], _ body: (_ element: Int, _ k: Int, _ weight: Double) -> Void
  ) {
    let weights = part.likelihoods.isEmpty ? nil : part.weights(outputs)
    let lattice = part.elements
    for place in 0..<part.places {
      let weight = Double(weights?[place] ?? 1)
      let first = lattice.first + place * lattice.stride
      for k in 0..<lattice.count { body(first + k * lattice.step, k, weight) }
    }
  }

  /// What the squared difference from each element of a frame's outputs counts; 0 outside of all parts.
  ///
  /// - Parameter outputs: The original's.
  public func importance(of outputs: [[Float]]) -> [[Float]] {
    var result = outputs.map { [Float](repeating: 0, count: $0.count) }
    for (part, energy) in zip(parts, energies) {
      result[part.elements.output].withUnsafeMutableBufferPointer { result in
        Self.visit(part, of: outputs) { element, _, weight in result[element] += Float(weight / energy) }
      }
    }
    return result
  }

  /// How far other outputs of the same frame are from the original's, the parts added up.
  public func distance(from outputs: [[Float]], to others: [[Float]]) -> Double {
    zip(parts, energies).reduce(0) { total, own in
      var sum = 0.0
      let output = own.0.elements.output
      outputs[output].withUnsafeBufferPointer { numbers in
        others[output].withUnsafeBufferPointer { others in
          Self.visit(own.0, of: outputs) { element, _, weight in
            let difference = Double(numbers[element] - others[element])
            sum += weight * difference * difference
          }
        }
      }
      return total + sum / own.1
    }
  }
}
