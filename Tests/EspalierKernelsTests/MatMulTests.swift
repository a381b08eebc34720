import CEspalierKernels
import EspalierKernels
import Testing

/// Products of `[batch, m, k]` and `[batch, k, n]`, all views given.
struct MatMulCase: CustomStringConvertible {
  var batch: Int
  var m: Int, n: Int, k: Int
  var a: TestView, b: TestView, y: TestView

  var description: String {
    "\(batch) x \(m)x\(k)x\(n) strides \(a.stride) \(b.stride) \(y.stride)"
  }

  init(_ batch: Int, _ m: Int, _ n: Int, _ k: Int, transposed: Bool = false) {
    (self.batch, self.m, self.n, self.k) = (batch, m, n, k)
    a = TestView(contiguous: [batch, m, k])
    b = TestView(contiguous: [batch, k, n])
    y = TestView(contiguous: [batch, m, n])
    if transposed { b.stride = [k * n, 1, k] }
  }

  init(random extent: (Int, Int, Int, Int), using generator: inout SeededGenerator) {
    (batch, m, n, k) = extent
    a = TestView(random: [batch, m, k], broadcast: true, using: &generator)
    b = TestView(random: [batch, k, n], broadcast: true, using: &generator)
    y = TestView(random: [batch, m, n], broadcast: false, using: &generator)
  }

  var parameters: MatMulParameters {
    MatMulParameters(
      batch: (1, 1, 1, Int32(batch)), a_batch_stride: (0, 0, 0, Int32(a.stride[0])),
      b_batch_stride: (0, 0, 0, Int32(b.stride[0])),
      output_batch_stride: (0, 0, 0, Int32(y.stride[0])),
      m: Int32(m), n: Int32(n), k: Int32(k), a_stride_m: Int32(a.stride[1]),
      a_stride_k: Int32(a.stride[2]),
      b_stride_k: Int32(b.stride[1]), b_stride_n: Int32(b.stride[2]),
      output_stride_m: Int32(y.stride[1]),
      output_stride_n: Int32(y.stride[2]), a_base: Int32(a.base), b_base: Int32(b.base),
      output_base: Int32(y.base), alpha: 0.5, reserved: 0)
  }
}

@Suite("Matrix products") struct MatMulKernelTests {
  /// Rows around the tiles of 6, 3 and 1, columns around vectors and panels, one row and many.
  static let cases: [MatMulCase] = {
    var generator = SeededGenerator(state: 81)
    var cases: [MatMulCase] = []
    for n in [1, 7, 8, 9, 16, 17, 31, 33, 65, 130] {
      for m in [1, 5, 6, 14] {
        cases.append(MatMulCase(2, m, n, 19))
        cases.append(MatMulCase(2, m, n, 21, transposed: true))
        cases.append(MatMulCase(random: (2, m, n, 11), using: &generator))
      }
    }
    cases.append(MatMulCase(1, 100, 131, 40))
    cases.append(MatMulCase(1, 1, 1000, 300))
    cases.append(MatMulCase(1, 1, 1000, 300, transposed: true))
    cases.append(MatMulCase(3, 4, 5, 0))
    return cases
  }()

  @Test(arguments: espalier_isa.available(for: MatMulParameters.family))
  func `agree with the definition`(isa: espalier_isa) throws {
    var generator = SeededGenerator(state: 82)
    for shape in Self.cases {
      let a = generator.floats(max(shape.a.elementCount, 1))
      let b = generator.floats(max(shape.b.elementCount, 1))
      let before = generator.floats(shape.y.elementCount)
      var expected = before.map(Double.init)
      forEachIndex([shape.batch, shape.m, shape.n]) { i in
        var sum = 0.0
        for k in 0..<shape.k {
          sum +=
            Double(a[shape.a.offset([i[0], i[1], k])]) * Double(b[shape.b.offset([i[0], k, i[2]])])
        }
        expected[shape.y.offset(i)] = 0.5 * sum
      }
      let y = try GuardedCall(shape.parameters, [.floats(a), .floats(b), .floats(before)]).run(isa)[
        2]
      // at most 300 terms below 1, rounded once each: well below 300 · 2⁻²⁴ · their sum
      expectClose(y, expected, tolerance: 1e-5, "\(shape)")
    }
  }

  @Test func `survive hostile parameters`() {
    var generator = SeededGenerator(state: 83)
    for shape in [MatMulCase(2, 7, 37, 9), MatMulCase(2, 1, 37, 9, transposed: true)] {
      let call = GuardedCall(
        shape.parameters,
        [shape.a, shape.b, shape.y].map { .floats(generator.floats($0.elementCount)) })
      let outcome = call.underTest.surviveMutations(count: 600, using: &generator)
      #expect(outcome.refused > 80 && outcome.ran > 40, "\(outcome)")
    }
  }
}
