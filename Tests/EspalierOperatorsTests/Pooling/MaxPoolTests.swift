import EspalierGraph
import EspalierOperators
import Testing

/// Expected values: ONNX Runtime 1.31.1.
@Suite("MaxPool") struct MaxPoolTests {
  @Test func `takes the largest of each window`() throws {
    try expect(
      ImportCase(
        "MaxPool", opset: 21, ["kernel_shape": .ints([2, 2]), "strides": .ints([2, 2])],
        [.frame(.pattern([1, 2, 4, 5]))]),
      gives: [Tensor(shape: [1, 2, 2, 2], floats: [2, 5, 3, 2, 4, 3, 4, 4])])
  }

  @Test func `padding never wins, even over negative elements`() throws {
    try expect(
      ImportCase(
        "MaxPool", opset: 21,
        ["kernel_shape": .ints([3, 3]), "pads": .ints([1, 1, 1, 1]), "strides": .ints([2, 2])],
        [.frame(Tensor(shape: [1, 1, 3, 3], floats: [-1, -2, -3, -4, -5, -6, -7, -8, -9]))]),
      gives: [Tensor(shape: [1, 1, 2, 2], floats: [-1, -2, -4, -5])])
  }

  @Test func `pads every side on its own`() throws {
    try expect(
      ImportCase(
        "MaxPool", opset: 21, ["kernel_shape": .ints([3, 2]), "pads": .ints([2, 0, 0, 1])],
        [.frame(.pattern([1, 1, 3, 4]))]),
      gives: [Tensor(shape: [1, 1, 3, 4], floats: [2, 2, 5, 5, 2, 2, 5, 5, 5, 5, 5, 5])])
  }

  @Test func `SAME_UPPER puts the odd pad behind`() throws {
    try expect(
      ImportCase(
        "MaxPool", opset: 21,
        ["kernel_shape": .ints([2, 2]), "auto_pad": .string("SAME_UPPER"), "strides": .ints([2, 2])],
        [.frame(.pattern([1, 1, 5, 5]))]),
      gives: [Tensor(shape: [1, 1, 3, 3], floats: [2, 5, 5, 3, 2, 2, 0, 3, -5])])
  }

  @Test func `SAME_LOWER puts the odd pad in front`() throws {
    try expect(
      ImportCase(
        "MaxPool", opset: 21,
        ["kernel_shape": .ints([2, 2]), "auto_pad": .string("SAME_LOWER"), "strides": .ints([2, 2])],
        [.frame(.pattern([1, 1, 5, 5]))]),
      gives: [Tensor(shape: [1, 1, 3, 3], floats: [-5, 2, 5, 3, 2, 5, 0, 3, 2])])
  }

  @Test func `ceil_mode adds the window that hangs over`() throws {
    try expect(
      ImportCase(
        "MaxPool", opset: 21,
        ["kernel_shape": .ints([2, 2]), "strides": .ints([2, 2]), "ceil_mode": .int(1)],
        [.frame(.pattern([1, 1, 5, 5]))]),
      gives: [Tensor(shape: [1, 1, 3, 3], floats: [2, 5, 5, 3, 2, 2, 0, 3, -5])])
  }

  @Test func `ceil_mode drops a window that would start in the padding`() throws {
    try expect(
      ImportCase(
        "MaxPool", opset: 21,
        [
          "kernel_shape": .ints([2, 2]), "strides": .ints([3, 3]), "pads": .ints([0, 0, 1, 1]),
          "ceil_mode": .int(1),
        ],
        [.frame(.pattern([1, 1, 4, 4]))]),
      gives: [Tensor(shape: [1, 1, 2, 2], floats: [2, 5, 2, -4])])
  }

  @Test func `dilated windows leave elements out`() throws {
    try expect(
      ImportCase(
        "MaxPool", opset: 21, ["kernel_shape": .ints([2, 2]), "dilations": .ints([2, 3])],
        [.frame(.pattern([1, 1, 4, 5]))]),
      gives: [Tensor(shape: [1, 1, 2, 2], floats: [5, 2, -1, 5])])
  }

  @Test func `unsigned bytes`() throws {
    try expect(
      ImportCase(
        "MaxPool", opset: 12, ["kernel_shape": .ints([2, 2])],
        [.frame(Tensor(shape: [1, 1, 3, 3], element: .uint8, integers: [1, 200, 3, 255, 5, 6, 7, 128, 0]))]),
      gives: [Tensor(shape: [1, 1, 2, 2], element: .uint8, integers: [255, 200, 255, 128])])
  }

  @Test func `signed bytes`() throws {
    try expect(
      ImportCase(
        "MaxPool", opset: 12, ["kernel_shape": .ints([2, 2]), "pads": .ints([1, 1, 0, 0])],
        [.frame(Tensor(shape: [1, 1, 2, 3], element: .int8, integers: [-128, -2, -3, -4, -5, -100]))]),
      gives: [Tensor(shape: [1, 1, 2, 3], element: .int8, integers: [-128, -2, -2, -4, -2, -2])])
  }

  @Test func `gives the positions of the largest elements`() throws {
    try expect(
      ImportCase(
        "MaxPool", opset: 21, ["kernel_shape": .ints([2, 2])],
        [.frame(.pattern([1, 2, 3, 3]))], outputCount: 2),
      gives: [
        Tensor(shape: [1, 2, 2, 2], floats: [5, 2, 5, 2, 5, 3, 3, 3]),
        Tensor(shape: [1, 2, 2, 2], element: .int64, integers: [3, 1, 3, 7, 9, 10, 16, 16]),
      ], lowers: false)
  }

  @Test func `counts positions column by column when told so`() throws {
    try expect(
      ImportCase(
        "MaxPool", opset: 21, ["kernel_shape": .ints([2, 2]), "storage_order": .int(1)],
        [.frame(.pattern([1, 2, 3, 4]))], outputCount: 2),
      gives: [
        Tensor(shape: [1, 2, 2, 3], floats: [2, 2, 5, 5, 5, 3, 3, 2, 2, 3, 3, 3]),
        Tensor(shape: [1, 2, 2, 3], element: .int64, integers: [3, 3, 9, 5, 5, 8, 13, 15, 22, 13, 20, 20]),
      ], lowers: false)
  }

  @Test func `one spatial axis`() throws {
    try expect(
      ImportCase(
        "MaxPool", opset: 21, ["kernel_shape": .ints([3]), "strides": .ints([2]), "pads": .ints([1, 0])],
        [.frame(.pattern([1, 2, 7]))]),
      gives: [Tensor(shape: [1, 2, 3], floats: [2, 5, 5, 2, 5, 3])])
  }

  @Test func `three spatial axes run through the reference`() throws {
    try expect(
      ImportCase(
        "MaxPool", opset: 21, ["kernel_shape": .ints([2, 2, 2])],
        [.frame(.pattern([1, 1, 2, 3, 3]))]),
      gives: [Tensor(shape: [1, 1, 1, 2, 2], floats: [5, 3, 5, 3])], lowers: false)
  }
}
