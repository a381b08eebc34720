import EspalierGraph
import EspalierOperators
import Testing

/// Expected values: ONNX Runtime 1.31.1; with `ceil_mode`, PyTorch and the ONNX reference.
@Suite("AveragePool and GlobalAveragePool") struct AveragePoolTests {
  @Test func `takes the mean of each window`() throws {
    try expect(
      ImportCase(
        "AveragePool", opset: 21, ["kernel_shape": .ints([2, 2]), "strides": .ints([2, 2])],
        [.frame(.pattern([1, 2, 4, 5]))]),
      gives: [Tensor(shape: [1, 2, 2, 2], floats: [-2.25, 0.75, 0.25, -2.25, 0, 0.25, -0.25, 0])])
  }

  @Test func `leaves padding out of the mean`() throws {
    try expect(
      ImportCase(
        "AveragePool", opset: 21,
        ["kernel_shape": .ints([3, 3]), "pads": .ints([1, 1, 1, 1]), "strides": .ints([2, 2])],
        [.frame(.pattern([1, 1, 4, 4]))]),
      gives: [Tensor(shape: [1, 1, 2, 2], floats: [-0.75, 0.1666667, 0, -0.1111111])])
  }

  @Test func `count_include_pad counts padding as zeros`() throws {
    try expect(
      ImportCase(
        "AveragePool", opset: 21,
        [
          "kernel_shape": .ints([3, 3]), "pads": .ints([1, 1, 1, 1]), "strides": .ints([2, 2]),
          "count_include_pad": .int(1),
        ],
        [.frame(.pattern([1, 1, 4, 4]))]),
      gives: [Tensor(shape: [1, 1, 2, 2], floats: [-0.3333333, 0.1111111, 0, -0.1111111])])
  }

  @Test func `pads every side on its own`() throws {
    try expect(
      ImportCase(
        "AveragePool", opset: 21,
        ["kernel_shape": .ints([3, 2]), "pads": .ints([2, 0, 0, 1]), "count_include_pad": .int(1)],
        [.frame(.pattern([1, 1, 3, 4]))]),
      gives: [
        Tensor(
          shape: [1, 1, 3, 4],
          floats: [-0.5, 0, 0.5, 0.8333333, -0.5, -1, 0, 1.166667, 0, 0.3333333, 0.3333333, 1])
      ])
  }

  @Test func `SAME_UPPER puts the odd pad behind`() throws {
    try expect(
      ImportCase(
        "AveragePool", opset: 21,
        ["kernel_shape": .ints([2, 2]), "auto_pad": .string("SAME_UPPER"), "strides": .ints([2, 2])],
        [.frame(.pattern([1, 1, 5, 5]))]),
      gives: [Tensor(shape: [1, 1, 3, 3], floats: [-2.25, 0.75, 3, 0.25, -2.25, 0, -2, 1, -5])])
  }

  @Test func `SAME_LOWER puts the odd pad in front`() throws {
    try expect(
      ImportCase(
        "AveragePool", opset: 21,
        ["kernel_shape": .ints([2, 2]), "auto_pad": .string("SAME_LOWER"), "strides": .ints([2, 2])],
        [.frame(.pattern([1, 1, 5, 5]))]),
      gives: [Tensor(shape: [1, 1, 3, 3], floats: [-5, 0, 3, 1, -2.25, 0.75, -2, 0.25, -2.25])])
  }

  @Test func `ceil_mode adds the window that hangs over`() throws {
    try expect(
      ImportCase(
        "AveragePool", opset: 21,
        ["kernel_shape": .ints([2, 2]), "strides": .ints([2, 2]), "ceil_mode": .int(1)],
        [.frame(.pattern([1, 1, 5, 5]))]),
      gives: [Tensor(shape: [1, 1, 3, 3], floats: [-2.25, 0.75, 3, 0.25, -2.25, 0, -2, 1, -5])])
  }

  @Test func `ceil_mode never counts what lies beyond the padding`() throws {
    try expect(
      ImportCase(
        "AveragePool", opset: 21,
        [
          "kernel_shape": .ints([3, 3]), "strides": .ints([2, 2]), "pads": .ints([1, 1, 1, 1]),
          "ceil_mode": .int(1), "count_include_pad": .int(1),
        ],
        [.frame(.pattern([1, 1, 6, 6]))]),
      gives: [
        Tensor(
          shape: [1, 1, 4, 4],
          floats: [
            -0.6666667, 1.111111, 1.333333, -0.3333333, -1, -0.1111111, 0.3333333, -0.5, -0.3333333,
            -0.2222222, -0.4444444, -0.1666667, 0.1666667, 0, 0, 0.25,
          ])
      ])
  }

  @Test func `ceil_mode drops a window that would start in the padding`() throws {
    try expect(
      ImportCase(
        "AveragePool", opset: 22,
        [
          "kernel_shape": .ints([3, 3]), "strides": .ints([3, 3]), "pads": .ints([1, 1, 1, 1]),
          "ceil_mode": .int(1), "count_include_pad": .int(1),
        ],
        [.frame(.pattern([1, 1, 2, 5]))]),
      gives: [Tensor(shape: [1, 1, 1, 2], floats: [-1, 1])])
  }

  @Test func `dilated windows leave elements out`() throws {
    try expect(
      ImportCase(
        "AveragePool", opset: 21,
        ["kernel_shape": .ints([2, 2]), "dilations": .ints([2, 2]), "pads": .ints([1, 1, 0, 0])],
        [.frame(.pattern([1, 1, 4, 4]))]),
      gives: [Tensor(shape: [1, 1, 3, 3], floats: [-1, -2, 0.5, 3.5, -1.5, 2.75, 0.5, -2.75, -0.25])])
  }

  @Test func `one spatial axis`() throws {
    try expect(
      ImportCase(
        "AveragePool", opset: 21,
        ["kernel_shape": .ints([2]), "strides": .ints([2]), "pads": .ints([1, 1])],
        [.frame(.pattern([1, 2, 6]))]),
      gives: [Tensor(shape: [1, 2, 4], floats: [-5, 0, 3, -1, -5, 0, 4, -1])])
  }

  @Test func `three spatial axes run through the reference`() throws {
    try expect(
      ImportCase(
        "AveragePool", opset: 21, ["kernel_shape": .ints([2, 2, 2])],
        [.frame(.pattern([1, 1, 2, 3, 3]))]),
      gives: [Tensor(shape: [1, 1, 1, 2, 2], floats: [1, 0.25, -0.125, 0.25])], lowers: false)
  }

  @Test func `a global mean keeps the spatial axes`() throws {
    try expect(
      ImportCase(
        "GlobalAveragePool", opset: 21, [:],
        [.frame(.pattern([2, 3, 2, 3]))]),
      gives: [Tensor(shape: [2, 3, 1, 1], floats: [0, 0.3333333, -1.166667, -0.8333333, -0.5, 0.1666667])])
  }

  @Test func `a global mean over one spatial axis`() throws {
    try expect(
      ImportCase(
        "GlobalAveragePool", opset: 21, [:],
        [.frame(.pattern([2, 3, 4]))]),
      gives: [Tensor(shape: [2, 3, 1], floats: [0, -0.75, 1.25, -2.25, -0.25, -0.5])])
  }
}
