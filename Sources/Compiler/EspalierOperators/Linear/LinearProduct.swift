import EspalierGraph
import EspalierKernels

/// A product with a matrix that is known at compile time.
struct LinearProduct {
  /// `[N][K]`
  var filters: [Float]
  /// K
  var depth: Int
  /// `[N]`
  var bias: [Float]?
  var activation: ElementFunction = .identity

  var outputs: Int { depth == 0 ? 0 : filters.count / depth }
}

extension Lowering {
  /// `target = f(rows · filtersᵀ + bias + residual)`.
  ///
  /// - Parameters:
  ///   - rows: `[…, K]`
  ///   - residual: Of the target's shape, its last axis without gaps.
  ///   - target: `[…, N]`
  mutating func multiply(
    rows: View, by product: LinearProduct, adding residual: View? = nil, to target: View
  ) throws(LoweringError) {
    guard target.shape.elementCount > 0 else { return }
    guard product.depth > 0 else {
      let bias = weights.append(floats: product.bias ?? [Float](repeating: 0, count: target.shape.last ?? 1))
      return try unary(product.activation, from: bias.broadcast(to: target.shape), to: target)
    }
    guard let output = pixelRows(target), residual.map({ pixelRows($0) != nil }) ?? true else {
      let made = newMatrix(target.shape)
      try multiply(rows: rows, by: product, adding: residual, to: made)
      return try copy(from: made, to: target)
    }
    guard let input = pixelRows(rows) else {
      let made = newMatrix(rows.shape)
      try copy(from: rows, to: made)
      return try multiply(rows: made, by: product, adding: residual, to: target)
    }
    let shape = [product.outputs, product.depth, 1, 1]
    try convGemm(
      ConvGemmCall(
        input: input, output: output, residual: residual.flatMap(pixelRows), outputChannels: product.outputs,
        runs: [0], runLength: product.depth,
        filters: ConvGemm.packFilters(
          product.filters, shape: shape, groups: 1,
          rows: ConvGemm.rows(taps: [(ky: 0, kx: 0)], channels: product.depth)),
        bias: product.bias.map { ConvGemm.packBias($0, groups: 1) }, activation: product.activation))
  }

  /// `target = alpha · a · b`, all views `[…, rows, columns]` of equal rank, leading axes broadcast to the
  /// target's.
  mutating func matmul(_ a: View, _ b: View, to target: View, alpha: Float = 1) throws(LoweringError) {
    guard target.shape.elementCount > 0 else { return }
    let rank = target.rank
    let lead = Array(target.shape.dropLast(2))
    let batches = [target, a, b].map { view in
      let own = View(
        view.buffer, base: view.base, shape: Array(view.shape.dropLast(2)),
        strides: Array(view.strides.dropLast(2)))
      return own.broadcast(to: lead)
    }
    guard let batch = try mergedAxes(batches) else { return }
    guard batch.extent.count <= 4 else { throw .tooManyAxes(node: currentName, shape: target.shape) }
    var parameters = MatMulParameters()
    parameters.batch = fourAxes(batch.extent, fill: 1)
    parameters.output_batch_stride = fourAxes(batch.strides[0], fill: 0)
    parameters.a_batch_stride = fourAxes(batch.strides[1], fill: 0)
    parameters.b_batch_stride = fourAxes(batch.strides[2], fill: 0)
    parameters.m = Int32(target.shape[rank - 2])
    parameters.n = Int32(target.shape[rank - 1])
    parameters.k = Int32(a.shape[a.rank - 1])
    (parameters.a_stride_m, parameters.a_stride_k) = lastStrides(a)
    (parameters.b_stride_k, parameters.b_stride_n) = lastStrides(b)
    (parameters.output_stride_m, parameters.output_stride_n) = lastStrides(target)
    parameters.a_base = a.offsetFromLowest
    parameters.b_base = b.offsetFromLowest
    parameters.output_base = target.offsetFromLowest
    parameters.alpha = alpha
    emit(parameters, [a.atLowest, b.atLowest, target.atLowest])
  }

  private func fourAxes(_ axes: [Int], fill: Int) -> (Int32, Int32, Int32, Int32) {
    let all = sixAxes(axes, fill: fill)
    return (all.2, all.3, all.4, all.5)
  }

  private func lastStrides(_ view: View) -> (Int32, Int32) {
    (Int32(view.strides[view.rank - 2]), Int32(view.strides[view.rank - 1]))
  }

  /// A row-major buffer, whatever the rank.
  private mutating func newMatrix(_ shape: Shape) -> View {
    let flat = newBuffer(shape: [shape.elementCount])
    return View(flat.buffer, base: flat.base, shape: shape, strides: shape.rowMajorStrides)
  }

  /// The rows of a matrix as three axes of pixels, each at its first element; nil where elements of a row
  /// do not lie next to each other, or rows take more than three strides.
  private func pixelRows(_ matrix: View) -> View? {
    let last = matrix.rank - 1
    guard matrix.shape[last] <= 1 || matrix.strides[last] == 1 else { return nil }
    let rows = View(
      matrix.buffer, base: matrix.base, shape: Array(matrix.shape.dropLast()),
      strides: Array(matrix.strides.dropLast()))
    guard rows.strides.allSatisfy({ $0 >= 0 }), rows.rank <= 3 else {
      let merged = rows.reshaped(to: [rows.shape.elementCount])
      return merged.flatMap { $0.strides[0] >= 0 ? $0.leading(to: 3) : nil }
    }
    return rows.leading(to: 3)
  }
}

extension View {
  /// The view with axes of extent 1 in front.
  fileprivate func leading(to rank: Int) -> View {
    let missing = [Int](repeating: 0, count: rank - self.rank)
    return View(buffer, base: base, shape: missing.map { _ in 1 } + shape, strides: missing + strides)
  }
}
