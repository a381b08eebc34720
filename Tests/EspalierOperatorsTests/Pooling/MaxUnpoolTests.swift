import EspalierGraph
import EspalierOperators
import Testing

/// Expected values: ONNX Runtime 1.31.1; for the larger output, the ONNX reference.
@Suite("MaxUnpool") struct MaxUnpoolTests {
  @Test func `puts elements back where they stood`() throws {
    try expect(
      ImportCase(
        "MaxUnpool", opset: 21, ["kernel_shape": .ints([2, 2]), "strides": .ints([2, 2])],
        [
          .frame(.pattern([1, 1, 2, 2])),
          .frame(Tensor(shape: [1, 1, 2, 2], element: .int64, integers: [5, 7, 13, 15])),
        ]),
      gives: [Tensor(shape: [1, 1, 4, 4], floats: [0, 0, 0, 0, 0, -5, 0, 2, 0, 0, 0, 0, 0, -2, 0, 5])],
      lowers: false)
  }

  @Test func `the second channel counts on from the first`() throws {
    try expect(
      ImportCase(
        "MaxUnpool", opset: 21, ["kernel_shape": .ints([2, 2]), "strides": .ints([2, 2])],
        [
          .frame(.pattern([1, 2, 1, 2])),
          .frame(Tensor(shape: [1, 2, 1, 2], element: .int64, integers: [0, 7, 9, 14])),
        ]),
      gives: [Tensor(shape: [1, 2, 2, 4], floats: [-5, 0, 0, 0, 0, 0, 0, 2, 0, -2, 0, 0, 0, 0, 5, 0])],
      lowers: false)
  }

  @Test func `in a larger output the unpooled tensor lies in the low corner`() throws {
    try expect(
      ImportCase(
        "MaxUnpool", opset: 21, ["kernel_shape": .ints([2, 2]), "strides": .ints([2, 2])],
        [
          .frame(.pattern([1, 1, 2, 2])),
          .frame(Tensor(shape: [1, 1, 2, 2], element: .int64, integers: [5, 7, 13, 15])),
          .known(Tensor(shape: [4], element: .int64, integers: [1, 1, 5, 5])),
        ]),
      gives: [
        Tensor(
          shape: [1, 1, 5, 5],
          floats: [0, 0, 0, 0, 0, 0, -5, 0, 2, 0, 0, 0, 0, 0, 0, 0, -2, 0, 5, 0, 0, 0, 0, 0, 0])
      ], lowers: false)
  }
}
