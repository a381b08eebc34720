internal import CGradient
internal import CLAPACK
internal import EspalierGraph
internal import EspalierOperators

/// `target += factor · op(A) · op(B)`, all row-major: `[rows, depth] · [depth, columns]`.
func addProduct(
  _ a: UnsafePointer<Float>, _ b: UnsafePointer<Float>, transposingA transposesA: Bool = false,
  transposingB transposesB: Bool = false, to target: UnsafeMutablePointer<Float>, rows: Int, depth: Int,
  columns: Int, factor: Float = 1, keeping kept: Float = 1
) {
  guard rows > 0, columns > 0 else { return }
  cblas_sgemm(
    CblasRowMajor, transposesA ? CblasTrans : CblasNoTrans, transposesB ? CblasTrans : CblasNoTrans,
    blasint(rows), blasint(columns), blasint(depth), factor, a, blasint(transposesA ? rows : depth), b,
    blasint(transposesB ? depth : columns), kept, target, blasint(columns))
}

/// Matrix products: Gemm, and MatMul over batches.
struct MatrixProductStep: Step {
  let a: Slot, b: Slot, y: Slot
  /// Where the matrices of each product start.
  let starts: [(a: Int, b: Int, y: Int)]
  let rows: Int, depth: Int, columns: Int
  let transposesA: Bool, transposesB: Bool
  let alpha: Float
  let addend: (slot: Slot, factor: Float, strides: [Int])?

  func forward(_ memory: TapeMemory) {
    let (a, b, y) = (memory.value(a), memory.value(b), memory.value(y))
    if let addend {
      let c = memory.value(addend.slot)
      for row in 0..<rows {
        for column in 0..<columns {
          y[row * columns + column] =
            addend.factor * c[row * addend.strides[0] + column * addend.strides[1]]
        }
      }
    }
    for start in starts {
      addProduct(
        a + start.a, b + start.b, transposingA: transposesA, transposingB: transposesB, to: y + start.y,
        rows: rows, depth: depth, columns: columns, factor: alpha, keeping: addend == nil ? 0 : 1)
    }
  }

  func backward(_ memory: TapeMemory) {
    let (a, b, error) = (memory.value(a), memory.value(b), memory.error(y))
    if let addend, let target = memory.gradient(addend.slot) {
      for row in 0..<rows {
        for column in 0..<columns {
          target[row * addend.strides[0] + column * addend.strides[1]] +=
            addend.factor * error[row * columns + column]
        }
      }
    }
    for start in starts {
      if let target = memory.gradient(self.a) { addErrorOfA(error + start.y, b + start.b, target + start.a) }
      if let target = memory.gradient(self.b) { addErrorOfB(error + start.y, a + start.a, target + start.b) }
    }
  }

  /// `dA += alpha · dY · op(B)ᵀ`, or its transpose where A is read transposed.
  private func addErrorOfA(
    _ error: UnsafePointer<Float>, _ b: UnsafePointer<Float>, _ target: UnsafeMutablePointer<Float>
  ) {
    if transposesA {
      addProduct(
        b, error, transposingA: transposesB, transposingB: true, to: target, rows: depth, depth: columns,
        columns: rows, factor: alpha)
    } else {
      addProduct(
        error, b, transposingB: !transposesB, to: target, rows: rows, depth: columns, columns: depth,
        factor: alpha)
    }
  }

  /// `dB += alpha · op(A)ᵀ · dY`, or its transpose where B is read transposed.
  private func addErrorOfB(
    _ error: UnsafePointer<Float>, _ a: UnsafePointer<Float>, _ target: UnsafeMutablePointer<Float>
  ) {
    if transposesB {
      addProduct(
        error, a, transposingA: true, transposingB: transposesA, to: target, rows: columns, depth: rows,
        columns: depth, factor: alpha)
    } else {
      addProduct(
        a, error, transposingA: !transposesA, to: target, rows: depth, depth: rows, columns: columns,
        factor: alpha)
    }
  }
}

extension MatrixProductStep {
  @Sendable static func recordGemm(_ context: inout RuleContext) throws(GradientError) -> [any Step] {
    guard let gemm = context.node.op as? Gemm else { return [] }
    let (sum, activation) = context.activated(gemm.activation)
    let (a, b) = (context.inputs[0], context.inputs[1])
    let (rows, columns) = (sum.shape[0], sum.shape[1])
    let addend = gemm.hasAddend ? context.inputs[2] : nil
    let step = MatrixProductStep(
      a: a, b: b, y: sum, starts: [(0, 0, 0)], rows: rows, depth: a.shape[gemm.transposesA ? 0 : 1],
      columns: columns, transposesA: gemm.transposesA, transposesB: gemm.transposesB, alpha: gemm.alpha,
      addend: addend.map { ($0, gemm.beta, $0.shape.strides(broadcastTo: [rows, columns])) })
    return [step] + activation
  }

  @Sendable static func recordMatMul(_ context: inout RuleContext) throws(GradientError) -> [any Step] {
    let (a, b, y) = (context.inputs[0], context.inputs[1], context.outputs[0])
    let left = a.shape.count > 1 ? a.shape : [1] + a.shape
    let right = b.shape.count > 1 ? b.shape : b.shape + [1]
    let (rows, depth, columns) = (left[left.count - 2], left[left.count - 1], right[right.count - 1])
    guard let batch = Array(left.dropLast(2)).broadcast(with: Array(right.dropLast(2))) else {
      throw context.unsupported("its inputs do not broadcast")
    }
    let aStarts = starts(Array(left.dropLast(2)), over: batch, size: rows * depth)
    let bStarts = starts(Array(right.dropLast(2)), over: batch, size: depth * columns)
    let starts = zip(aStarts, bStarts).enumerated().map { ($1.0, $1.1, $0 * rows * columns) }
    return [
      MatrixProductStep(
        a: a, b: b, y: y, starts: starts, rows: rows, depth: depth, columns: columns, transposesA: false,
        transposesB: false, alpha: 1, addend: nil)
    ]
  }

  private static func starts(_ shape: Shape, over batch: Shape, size: Int) -> [Int] {
    let strides = shape.strides(broadcastTo: batch)
    var result: [Int] = []
    forEachIndex(of: batch) { index, _ in
      result.append(zip(index, strides).reduce(0) { $0 + $1.0 * $1.1 } * size)
    }
    return result
  }
}
