internal import CLAPACK

/// What least squares and optimal brain surgeon need to know of a layer: means and products of its inputs
/// and of what its outputs should be, over rows.
///
/// Products are taken in float32 over at most `rowLimit` rows and summed in float64.
struct LayerMoments {
  let groups: Int
  /// K and M: inputs and outputs of one group. No outputs: only inputs are looked at.
  let inputs: Int
  let outputs: Int
  private(set) var count = 0
  /// Σ x xᵀ, `[groups][K][K]`, on and below the diagonal.
  private(set) var products: [Double]
  /// Σ y xᵀ, `[groups · M][K]`.
  private(set) var cross: [Double]
  /// Σ x, `[groups · K]`
  private(set) var inputSums: [Double]
  /// Σ y and Σ y², `[groups · M]`
  private(set) var outputSums: [Double]
  private(set) var outputSquares: [Double]
  /// Rows that wait until their products are taken.
  var rows: [Float] = []
  var targets: [Float] = []
  static let rowLimit = 1_024

  init(groups: Int, inputs: Int, outputs: Int) {
    LinearAlgebra.prepare()
    (self.groups, self.inputs, self.outputs) = (groups, inputs, outputs)
    products = [Double](repeating: 0, count: groups * inputs * inputs)
    cross = [Double](repeating: 0, count: groups * outputs * inputs)
    inputSums = [Double](repeating: 0, count: groups * inputs)
    outputSums = [Double](repeating: 0, count: groups * outputs)
    outputSquares = outputSums
  }

  /// Takes the products where enough rows wait.
  mutating func flushIfFull() { if rows.count >= Self.rowLimit * groups * inputs { flush() } }

  /// Takes the products of all rows that wait.
  mutating func flush() {
    let length = groups * inputs
    let waiting = length == 0 ? 0 : rows.count / length
    guard waiting > 0 else { return }
    count += waiting
    addSums(waiting)
    var scratch = [Float](repeating: 0, count: max(inputs, outputs) * inputs)
    for group in 0..<groups {
      rows.withUnsafeBufferPointer { rows in
        guard let x = rows.baseAddress.map({ $0 + group * inputs }) else { return }
        cblas_ssyrk(
          CblasRowMajor, CblasLower, CblasTrans, Int32(inputs), Int32(waiting), 1, x, Int32(length), 0,
          &scratch, Int32(inputs))
        add(scratch, inputs * inputs, to: &products, at: group * inputs * inputs)
        guard outputs > 0 else { return }
        targets.withUnsafeBufferPointer { targets in
          guard let y = targets.baseAddress.map({ $0 + group * outputs }) else { return }
          cblas_sgemm(
            CblasRowMajor, CblasTrans, CblasNoTrans, Int32(outputs), Int32(inputs), Int32(waiting), 1, y,
            Int32(groups * outputs), x, Int32(length), 0, &scratch, Int32(inputs))
        }
        add(scratch, outputs * inputs, to: &cross, at: group * outputs * inputs)
      }
    }
    rows.removeAll(keepingCapacity: true)
    targets.removeAll(keepingCapacity: true)
  }

  private func add(_ part: [Float], _ count: Int, to sums: inout [Double], at start: Int) {
    sums.withUnsafeMutableBufferPointer { sums in
      part.withUnsafeBufferPointer { part in
        for index in 0..<count { sums[start + index] += Double(part[index]) }
      }
    }
  }

  private mutating func addSums(_ waiting: Int) {
    Self.add(columnSums(rows, waiting, inputSums.count), to: &inputSums)
    guard outputs > 0 else { return }
    Self.add(columnSums(targets, waiting, outputSums.count), to: &outputSums)
    let width = Int32(outputSquares.count)
    targets.withUnsafeBufferPointer { targets in
      guard let y = targets.baseAddress else { return }
      for output in outputSquares.indices {
        outputSquares[output] += cblas_dsdot(Int32(waiting), y + output, width, y + output, width)
      }
    }
  }

  private func columnSums(_ rows: [Float], _ count: Int, _ width: Int) -> [Float] {
    let ones = [Float](repeating: 1, count: count)
    var sums = [Float](repeating: 0, count: width)
    cblas_sgemv(
      CblasRowMajor, CblasTrans, Int32(count), Int32(width), 1, rows, Int32(width), ones, 1, 0, &sums, 1)
    return sums
  }

  private static func add(_ part: [Float], to sums: inout [Double]) {
    for index in sums.indices { sums[index] += Double(part[index]) }
  }
}

// MARK: - What was seen

extension LayerMoments {
  /// Whether all sums are numbers.
  var isFinite: Bool {
    inputSums.allSatisfy(\.isFinite) && outputSquares.allSatisfy(\.isFinite)
      && products.allSatisfy(\.isFinite)
  }

  /// The covariance of one group's inputs, `[K][K]`, both triangles.
  func covariance(group: Int) -> [Double] {
    let (size, share) = (inputs, 1 / Double(max(1, count)))
    let start = group * size * size
    var result = [Double](repeating: 0, count: size * size)
    result.withUnsafeMutableBufferPointer { result in
      products.withUnsafeBufferPointer { products in
        for i in 0..<size {
          let mean = inputSums[group * size + i] * share
          for j in 0...i {
            let element =
              products[start + i * size + j] * share - mean * inputSums[group * size + j] * share
            result[i * size + j] = element
            result[j * size + i] = element
          }
          // Rounding must not make a variance negative.
          result[i * size + i] = max(0, result[i * size + i])
        }
      }
    }
    return result
  }

  /// The mean square of each input of all groups.
  var inputMeanSquares: [Double] {
    (0..<groups * inputs).map { index in
      let (group, own) = (index / inputs, index % inputs)
      return products[(group * inputs + own) * inputs + own] / Double(max(1, count))
    }
  }

  /// The covariances of one output with its group's inputs.
  func crossCovariance(output: Int) -> [Double] {
    let share = 1 / Double(max(1, count))
    let (group, mean) = (output / max(1, outputs), outputSums[output] * share)
    return (0..<inputs).map {
      cross[output * inputs + $0] * share - mean * inputSums[group * inputs + $0] * share
    }
  }
}
