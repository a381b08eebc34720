import EspalierGraph
import EspalierOperators
import Testing

/// Expected values: ONNX Runtime 1.31.1.
@Suite("Gemm") struct GemmTests {
  @Test func `multiplies two matrices`() throws {
    try expect(
      ImportCase(
        "Gemm", opset: 11, [:],
        [.frame(.pattern([2, 3])), .known(.pattern([3, 4], 2))]),
      gives: [Tensor(shape: [2, 4], floats: [-21, 25, -14, -16, -3, -10, 23, -8])])
  }

  @Test func `scales product and addend`() throws {
    try expect(
      ImportCase(
        "Gemm", opset: 21, ["alpha": .float(0.5), "beta": .float(2.0)],
        [.frame(.pattern([2, 3])), .known(.pattern([3, 4], 2)), .known(.pattern([4], 4))]),
      gives: [Tensor(shape: [2, 4], floats: [-18.5, 18.5, -9, -18, -9.5, 1, 9.5, -14])])
  }

  @Test func `transposes either matrix`() throws {
    try expect(
      ImportCase(
        "Gemm", opset: 21, ["transA": .int(1), "transB": .int(1)],
        [.frame(.pattern([3, 2])), .known(.pattern([4, 3], 2)), .known(.pattern([1, 4], 4))]),
      gives: [Tensor(shape: [2, 4], floats: [1, 16, 4, 4, -21, -22, -18, -20])])
  }

  @Test func `adds a scalar to every element`() throws {
    try expect(
      ImportCase(
        "Gemm", opset: 21, [:],
        [.frame(.pattern([2, 3])), .known(.pattern([3, 4], 2)), .known(Tensor(shape: [], floats: [3]))]),
      gives: [Tensor(shape: [2, 4], floats: [-18, 28, -11, -13, 0, -7, 26, -5])])
  }

  @Test func `adds one number per row`() throws {
    try expect(
      ImportCase(
        "Gemm", opset: 21, ["beta": .float(0.5)],
        [.frame(.pattern([2, 3])), .known(.pattern([3, 4], 2)), .known(.pattern([2, 1], 4))]),
      gives: [Tensor(shape: [2, 4], floats: [-23, 23, -16, -18, -1.5, -8.5, 24.5, -6.5])])
  }

  @Test func `adds a whole matrix`() throws {
    try expect(
      ImportCase(
        "Gemm", opset: 21, ["beta": .float(0.5)],
        [.frame(.pattern([2, 3])), .known(.pattern([3, 4], 2)), .known(.pattern([2, 4], 4))]),
      gives: [Tensor(shape: [2, 4], floats: [-23, 26.5, -14.5, -18.5, -2, -10, 21, -6.5])])
  }

  @Test func `adds what the frame computes`() throws {
    try expect(
      ImportCase(
        "Gemm", opset: 21, ["beta": .float(0.5)],
        [.frame(.pattern([2, 3])), .known(.pattern([3, 4], 2)), .frame(.pattern([2, 4], 4))]),
      gives: [Tensor(shape: [2, 4], floats: [-23, 26.5, -14.5, -18.5, -2, -10, 21, -6.5])])
  }

  @Test func `adds what the frame computes per column`() throws {
    try expect(
      ImportCase(
        "Gemm", opset: 21, [:],
        [.frame(.pattern([2, 3])), .known(.pattern([3, 4], 2)), .frame(.pattern([4], 4))]),
      gives: [Tensor(shape: [2, 4], floats: [-25, 28, -15, -21, -7, -7, 22, -13])])
  }

  @Test func `multiplies two matrices that the frame computes`() throws {
    try expect(
      ImportCase(
        "Gemm", opset: 21, ["alpha": .float(0.5), "transB": .int(1)],
        [.frame(.pattern([2, 3])), .frame(.pattern([4, 3], 2)), .known(.pattern([4], 4))]),
      gives: [Tensor(shape: [2, 4], floats: [-13.5, -6, -10.5, -12, -5, -1.5, -2, -8.5])])
  }

  @Test func `one row`() throws {
    try expect(
      ImportCase(
        "Gemm", opset: 7, ["transB": .int(1)],
        [.frame(.pattern([1, 5])), .known(.pattern([3, 5], 2)), .known(.pattern([3], 4))]),
      gives: [Tensor(shape: [1, 3], floats: [-27, 6, 6])])
  }
}
