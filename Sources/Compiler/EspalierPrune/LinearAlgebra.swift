internal import CLAPACK

/// Dense matrices in float64, row by row.
enum LinearAlgebra {
  private static let oneThread: Void = openblas_set_num_threads(1)

  /// Lets OpenBLAS work alone: how it divides sums among threads would show in the last bits.
  static func prepare() { _ = oneThread }

  /// Cholesky's factor in the triangle that a symmetric matrix's rows have up to the diagonal.
  ///
  /// - Returns: nil where the matrix is not positive definite.
  static func factored(_ matrix: [Double], size: Int) -> [Double]? {
    prepare()
    var factor = matrix
    var (order, info) = (Int32(size), Int32(0))
    // Fortran reads rows as columns.
    dpotrf_("U", &order, &factor, &order, &info)
    return info == 0 ? factor : nil
  }

  /// The rows `b` of `A b = rhs` for every row of `rhs`, `[count][size]`.
  static func solved(_ rhs: [Double], count: Int, factor: [Double], size: Int) -> [Double] {
    var result = rhs
    var (order, columns, info) = (Int32(size), Int32(count), Int32(0))
    dpotrs_("U", &order, &columns, factor, &order, &result, &order, &info)
    precondition(info == 0, "dpotrs refuses argument \(-info)")
    return result
  }

  /// The inverse of the matrix that `factor` is of, both triangles.
  static func inverse(factor: [Double], size: Int) -> [Double] {
    var result = factor
    var (order, info) = (Int32(size), Int32(0))
    dpotri_("U", &order, &result, &order, &info)
    precondition(info == 0, "a factor with zeros on its diagonal")
    result.withUnsafeMutableBufferPointer { result in
      for i in 0..<size { for j in 0..<i { result[j * size + i] = result[i * size + j] } }
    }
    return result
  }

  /// `matrix + shift · 1` and its factor; the shift grows tenfold until there is one.
  ///
  /// - Precondition: `shift` > 0, the matrix is finite and positive semidefinite but for rounding.
  static func damped(
    _ matrix: [Double], size: Int, shift: Double
  ) -> (shift: Double, factor: [Double]) {
    var shift = shift
    while true {
      var damped = matrix
      for index in 0..<size { damped[index * size + index] += shift }
      if let factor = factored(damped, size: size) { return (shift, factor) }
      shift *= 10
    }
  }
}
