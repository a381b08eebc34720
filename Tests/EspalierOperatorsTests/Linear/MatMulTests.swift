import EspalierGraph
import EspalierOperators
import Testing

/// Expected values: ONNX Runtime 1.31.1.
@Suite("MatMul") struct MatMulTests {
  @Test func `two matrices`() throws {
    try expect(
      ImportCase(
        "MatMul", opset: 21, [:],
        [.frame(.pattern([2, 3])), .known(.pattern([3, 4], 2))]),
      gives: [Tensor(shape: [2, 4], floats: [-21, 25, -14, -16, -3, -10, 23, -8])])
  }

  @Test func `two matrices that the frame computes`() throws {
    try expect(
      ImportCase(
        "MatMul", opset: 21, [:],
        [.frame(.pattern([2, 3])), .frame(.pattern([3, 4], 2))]),
      gives: [Tensor(shape: [2, 4], floats: [-21, 25, -14, -16, -3, -10, 23, -8])])
  }

  @Test func `the same matrix for a batch`() throws {
    try expect(
      ImportCase(
        "MatMul", opset: 21, [:],
        [.frame(.pattern([2, 2, 3])), .known(.pattern([3, 2], 2))]),
      gives: [Tensor(shape: [2, 2, 2], floats: [11, 5, 13, -20, 11, 5, 21, -20])])
  }

  @Test func `the same matrix for two batch axes`() throws {
    try expect(
      ImportCase(
        "MatMul", opset: 21, [:],
        [.frame(.pattern([2, 2, 2, 3])), .known(.pattern([3, 2], 2))]),
      gives: [
        Tensor(shape: [2, 2, 2, 2], floats: [11, 5, 13, -20, 11, 5, 21, -20, 11, 5, 12, 7, 3, 15, 12, 7])
      ])
  }

  @Test func `a known matrix of a batch each`() throws {
    try expect(
      ImportCase(
        "MatMul", opset: 21, [:],
        [.frame(.pattern([2, 2, 3])), .known(.pattern([2, 3, 2], 2))]),
      gives: [Tensor(shape: [2, 2, 2], floats: [11, 5, 13, -20, 7, 5, 19, -20])])
  }

  @Test func `attention: batches of matrices of rank 4`() throws {
    try expect(
      ImportCase(
        "MatMul", opset: 21, [:],
        [.frame(.pattern([1, 2, 3, 2])), .frame(.pattern([1, 2, 2, 3], 2))]),
      gives: [
        Tensor(
          shape: [1, 2, 3, 3], floats: [-5, 7, -10, -2, -14, 17, 1, 1, -1, -5, 11, -10, -2, -4, 17, 3, -7, 7])
      ])
  }

  @Test func `batch axes broadcast`() throws {
    try expect(
      ImportCase(
        "MatMul", opset: 21, [:],
        [.frame(.pattern([2, 1, 2, 3])), .frame(.pattern([2, 3, 2], 2))]),
      gives: [
        Tensor(shape: [2, 2, 2, 2], floats: [11, 5, 13, -20, 7, 5, 11, -20, 11, 5, 21, -20, 7, 5, 19, -20])
      ])
  }

  @Test func `a vector in front is a row`() throws {
    try expect(
      ImportCase(
        "MatMul", opset: 21, [:],
        [.frame(.pattern([3])), .known(.pattern([3, 4], 2))]),
      gives: [Tensor(shape: [4], floats: [-21, 25, -14, -16])])
  }

  @Test func `a vector behind is a column`() throws {
    try expect(
      ImportCase(
        "MatMul", opset: 21, [:],
        [.frame(.pattern([2, 3])), .known(.pattern([3], 2))]),
      gives: [Tensor(shape: [2], floats: [-19, -2])])
  }

  @Test func `a vector behind a batch`() throws {
    try expect(
      ImportCase(
        "MatMul", opset: 21, [:],
        [.frame(.pattern([2, 2, 3])), .frame(.pattern([3], 2))]),
      gives: [Tensor(shape: [2, 2], floats: [-19, -2, -19, -8])])
  }

  @Test func `two vectors give a scalar`() throws {
    try expect(
      ImportCase(
        "MatMul", opset: 21, [:],
        [.frame(.pattern([3])), .frame(.pattern([3], 2))]),
      gives: [Tensor(shape: [], floats: [-19])])
  }
}
