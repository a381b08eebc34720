internal import CLAPACK

/// The inputs of one group of a layer, taken out unit by unit while the weights of the others make up for them.
struct Elimination {
  /// `[H⁻¹]` and the weights of the inputs in question: in front of row length `stride` those that are left.
  private var inverse: [Double]
  private var weights: [Double]
  private let outputs: Int
  private let stride: Int
  private var count: Int
  /// Which rows of `inverse` belong to a unit, and which unit's how-manieth row each is.
  private var rows: [Int: [Int]]
  private var owners: [(unit: Int, place: Int)]
  /// What losses are divided by.
  private let scale: Double

  /// One for each group of the layer that reads any of the units.
  ///
  /// - Parameter ridge: What is added to the diagonal, as a share of its mean.
  static func all(
    _ consumer: UnitConsumers.Consumer, _ moments: LayerMoments, units: Set<Int>, ridge: Double
  ) -> [Elimination] {
    let layer = consumer.layer
    let size = layer.inputsPerGroup
    let columns = consumer.columns(of: units)
    let covariances = (0..<layer.groups).map { moments.covariance(group: $0) }
    let weights = (0..<layer.groups).map { group in
      Array(layer.weights[group * layer.outputsPerGroup * size..<(group + 1) * layer.outputsPerGroup * size])
    }
    let scale = zip(weights, covariances).reduce(0) { $0 + variance($1.0, $1.1, size: size) }
    guard scale > 0 else { return [] }
    return (0..<layer.groups).compactMap { group in
      let mean = (0..<size).reduce(0) { $0 + covariances[group][$1 * size + $1] } / Double(max(1, size))
      guard mean > 0, !columns[group].isEmpty else { return nil }
      let factor = LinearAlgebra.damped(covariances[group], size: size, shift: ridge * mean).factor
      return Elimination(
        inverse: LinearAlgebra.inverse(factor: factor, size: size), weights: weights[group], size: size,
        columns: columns[group], scale: scale)
    }
  }

  /// - Parameters:
  ///   - inverse: H⁻¹ of all inputs, `[size][size]`.
  ///   - weights: `[outputs][size]`
  ///   - columns: The inputs of each unit in question.
  init(inverse: [Double], weights: [Double], size: Int, columns: [Int: [Int]], scale: Double = 1) {
    let units = columns.keys.sorted()
    let chosen = units.flatMap { columns[$0] ?? [] }
    (outputs, stride, count) = (weights.count / max(1, size), chosen.count, chosen.count)
    self.scale = scale
    self.inverse = chosen.flatMap { row in chosen.map { inverse[row * size + $0] } }
    self.weights = (0..<outputs).flatMap { output in chosen.map { weights[output * size + $0] } }
    (rows, owners) = ([:], [])
    for unit in units {
      for _ in columns[unit] ?? [] {
        rows[unit, default: []].append(owners.count)
        owners.append((unit, (rows[unit]?.count ?? 1) - 1))
      }
    }
  }

  /// What the layer's outputs lose with a unit, after the others made up for it; 0 where it is not read here.
  func loss(of unit: Int) -> Double {
    guard let rows = rows[unit], !rows.isEmpty else { return 0 }
    let own = weights(at: rows)
    let solved = solved(own, count: outputs, rows)
    return zip(own, solved).reduce(0) { $0 + $1.0 * $1.1 } / scale
  }

  /// Takes a unit out.
  mutating func remove(_ unit: Int) {
    guard let rows = rows[unit], !rows.isEmpty else { return }
    let own = weights(at: rows)
    var cross: [Double] = []
    cross.reserveCapacity(count * rows.count)
    for row in 0..<count { for column in rows { cross.append(inverse[row * stride + column]) } }
    let shares = solved(cross, count: count, rows)
    let (n, b, m, lead) = (Int32(count), Int32(rows.count), Int32(outputs), Int32(stride))
    cblas_dgemm(
      CblasRowMajor, CblasNoTrans, CblasTrans, n, n, b, -1, cross, b, shares, b, 1, &inverse, lead)
    cblas_dgemm(
      CblasRowMajor, CblasNoTrans, CblasTrans, m, n, b, -1, own, b, shares, b, 1, &weights, lead)
    for row in rows.sorted(by: >) { drop(row) }
    self.rows[unit] = nil
  }

  /// H⁻¹ of the inputs that are left, and their weights, unit by unit.
  func left(of units: [Int]) -> (inverse: [Double], weights: [Double]) {
    let chosen = units.flatMap { rows[$0] ?? [] }
    return (
      chosen.flatMap { row in chosen.map { inverse[row * stride + $0] } },
      (0..<outputs).flatMap { output in chosen.map { weights[output * stride + $0] } }
    )
  }

  private func weights(at rows: [Int]) -> [Double] {
    var result: [Double] = []
    result.reserveCapacity(outputs * rows.count)
    weights.withUnsafeBufferPointer { weights in
      for output in 0..<outputs { for row in rows { result.append(weights[output * stride + row]) } }
    }
    return result
  }

  /// `([H⁻¹]_JJ)⁻¹` times each row of `rhs`.
  private func solved(_ rhs: [Double], count: Int, _ rows: [Int]) -> [Double] {
    let block = rows.flatMap { row in rows.map { inverse[row * stride + $0] } }
    let size = rows.count
    if let factor = LinearAlgebra.factored(block, size: size) {
      return LinearAlgebra.solved(rhs, count: count, factor: factor, size: size)
    }
    // Rounding made the block singular: as if its inputs were a little less certain.
    let trace = (0..<size).reduce(0) { $0 + block[$1 * size + $1].magnitude }
    let shift = max(1e-12 * trace, .leastNormalMagnitude)
    let factor = LinearAlgebra.damped(block, size: size, shift: shift).factor
    return LinearAlgebra.solved(rhs, count: count, factor: factor, size: size)
  }

  /// Exchanges a row with the last one that is left, which is left no more.
  private mutating func drop(_ row: Int) {
    let last = count - 1
    if row != last {
      let width = stride
      inverse.withUnsafeMutableBufferPointer { inverse in
        for index in 0...last { inverse.swapAt(row * width + index, last * width + index) }
        for index in 0...last { inverse.swapAt(index * width + row, index * width + last) }
      }
      weights.withUnsafeMutableBufferPointer { weights in
        for output in 0..<outputs { weights.swapAt(output * width + row, output * width + last) }
      }
      owners.swapAt(row, last)
      rows[owners[row].unit]?[owners[row].place] = row
    }
    count = last
  }

  /// `Σ_m w_mᵀ H w_m`
  private static func variance(_ weights: [Double], _ covariance: [Double], size: Int) -> Double {
    let outputs = weights.count / max(1, size)
    var product = [Double](repeating: 0, count: weights.count)
    cblas_dgemm(
      CblasRowMajor, CblasNoTrans, CblasNoTrans, Int32(outputs), Int32(size), Int32(size), 1, weights,
      Int32(size), covariance, Int32(size), 0, &product, Int32(size))
    return zip(weights, product).reduce(0) { $0 + $1.0 * $1.1 }
  }
}
