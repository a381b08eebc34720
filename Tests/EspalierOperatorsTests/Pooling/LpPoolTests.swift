import EspalierGraph
import EspalierOperators
import Testing

/// Expected values: ONNX Runtime 1.31.1.
@Suite("LpPool, GlobalLpPool and GlobalMaxPool") struct LpPoolTests {
  @Test func `takes the Euclidean norm of each window by default`() throws {
    try expect(
      ImportCase(
        "LpPool", opset: 21, ["kernel_shape": .ints([2, 2]), "strides": .ints([2, 2])],
        [.frame(.pattern([1, 1, 4, 4]))]),
      gives: [Tensor(shape: [1, 1, 2, 2], floats: [5.567764, 7.615773, 7.615773, 5.477226])])
  }

  @Test func `sums magnitudes for p = 1`() throws {
    try expect(
      ImportCase(
        "LpPool", opset: 21, ["kernel_shape": .ints([2, 2]), "p": .int(1), "pads": .ints([1, 0, 0, 1])],
        [.frame(.pattern([1, 1, 3, 3]))]),
      gives: [Tensor(shape: [1, 1, 3, 3], floats: [7, 4, 2, 13, 6, 3, 13, 6, 3])])
  }

  @Test func `takes any other p`() throws {
    try expect(
      ImportCase(
        "LpPool", opset: 21, ["kernel_shape": .ints([2, 2]), "p": .int(3)],
        [.frame(.pattern([1, 1, 3, 3]))]),
      gives: [Tensor(shape: [1, 1, 2, 2], floats: [6.374311, 2.620741, 6.374311, 2.620741])])
  }

  @Test func `dilated windows, with ceil_mode`() throws {
    try expect(
      ImportCase(
        "LpPool", opset: 21,
        [
          "kernel_shape": .ints([2, 2]), "strides": .ints([2, 2]), "dilations": .ints([2, 2]),
          "ceil_mode": .int(1),
        ],
        [.frame(.pattern([1, 1, 6, 6]))]),
      gives: [
        Tensor(
          shape: [1, 1, 3, 3], floats: [7.615773, 4.24264, 3.162278, 7.348469, 4.690416, 4.24264, 5, 3, 3])
      ])
  }

  @Test func `SAME_UPPER puts the odd pad behind`() throws {
    try expect(
      ImportCase(
        "LpPool", opset: 21,
        ["kernel_shape": .ints([2, 2]), "auto_pad": .string("SAME_UPPER"), "strides": .ints([2, 2])],
        [.frame(.pattern([1, 1, 3, 3]))]),
      gives: [Tensor(shape: [1, 1, 2, 2], floats: [7.416198, 2.236068, 5.385165, 2])])
  }

  @Test func `a global norm`() throws {
    try expect(
      ImportCase(
        "GlobalLpPool", opset: 21, ["p": .int(2)],
        [.frame(.pattern([1, 2, 2, 3]))]),
      gives: [Tensor(shape: [1, 2, 1, 1], floats: [7.745967, 8.246211])])
  }

  @Test func `a global maximum keeps the spatial axes`() throws {
    try expect(
      ImportCase(
        "GlobalMaxPool", opset: 21, [:],
        [.frame(.pattern([2, 3, 2, 3]))]),
      gives: [Tensor(shape: [2, 3, 1, 1], floats: [5, 5, 3, 3, 4, 4])])
  }
}
