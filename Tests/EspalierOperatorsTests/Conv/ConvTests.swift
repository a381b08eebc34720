import EspalierGraph
import EspalierOperators
import Testing

/// Expected values: ONNX Runtime 1.31.1.
@Suite("Conv") struct ConvTests {
  @Test func `without attributes it slides over the input as it is`() throws {
    try expect(
      ImportCase(
        "Conv", opset: 21, [:],
        [.frame(.pattern([1, 2, 4, 5])), .known(.pattern([2, 2, 3, 3], 1, modulus: 7))]),
      gives: [Tensor(shape: [1, 2, 2, 3], floats: [0, -23, 31, 1, 0, -23, -23, -22, 1, 9, -23, -22])])
  }

  @Test func `adds one bias per output channel`() throws {
    try expect(
      ImportCase(
        "Conv", opset: 7, ["kernel_shape": .ints([1, 1])],
        [
          .frame(.pattern([1, 3, 2, 3])), .known(.pattern([2, 3, 1, 1], 1, modulus: 7)),
          .known(.pattern([2], 5)),
        ]),
      gives: [Tensor(shape: [1, 2, 2, 3], floats: [-1, -1, -1, -1, -1, -1, -15, -1, -9, -13, 1, -7])])
  }

  @Test func `pads every side on its own`() throws {
    try expect(
      ImportCase(
        "Conv", opset: 21, ["pads": .ints([1, 0, 2, 3])],
        [
          .frame(.pattern([1, 1, 3, 4])), .known(.pattern([1, 1, 3, 3], 1, modulus: 7)),
          .known(.pattern([1], 5)),
        ]),
      gives: [
        Tensor(
          shape: [1, 1, 4, 5],
          floats: [-15, 1, -7, 3, -1, 1, 17, 3, -3, -1, 5, -3, -1, -1, -1, -1, -1, -1, -1, -1])
      ])
  }

  @Test func `SAME_UPPER puts the odd pad behind`() throws {
    try expect(
      ImportCase(
        "Conv", opset: 21, ["auto_pad": .string("SAME_UPPER"), "strides": .ints([2, 2])],
        [.frame(.pattern([1, 1, 6, 5])), .known(.pattern([1, 1, 3, 2], 1, modulus: 7))]),
      gives: [Tensor(shape: [1, 1, 3, 3], floats: [-2, 4, 0, -8, -2, 0, 0, 0, 0])])
  }

  @Test func `SAME_LOWER puts the odd pad in front`() throws {
    try expect(
      ImportCase(
        "Conv", opset: 21, ["auto_pad": .string("SAME_LOWER"), "strides": .ints([2, 2])],
        [.frame(.pattern([1, 1, 6, 5])), .known(.pattern([1, 1, 3, 2], 1, modulus: 7))]),
      gives: [Tensor(shape: [1, 1, 3, 3], floats: [-2, 4, 10, -8, -2, 4, 8, -8, -2])])
  }

  @Test func `VALID pads nothing`() throws {
    try expect(
      ImportCase(
        "Conv", opset: 21, ["auto_pad": .string("VALID"), "strides": .ints([2, 1])],
        [.frame(.pattern([1, 1, 5, 4])), .known(.pattern([1, 1, 2, 3], 1, modulus: 7))]),
      gives: [Tensor(shape: [1, 1, 2, 2], floats: [-10, 4, -4, -8])])
  }

  @Test func `dilated windows leave elements out, with SAME padding`() throws {
    try expect(
      ImportCase(
        "Conv", opset: 21, ["auto_pad": .string("SAME_UPPER"), "dilations": .ints([2, 3])],
        [.frame(.pattern([1, 1, 5, 6])), .known(.pattern([1, 1, 3, 2], 1, modulus: 7))]),
      gives: [
        Tensor(
          shape: [1, 1, 5, 6],
          floats: [
            -4, -8, 6, -2, 0, 0, 0, -8, 6, -2, 0, 0, 0, -8, 6, -2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
          ])
      ])
  }

  @Test func `strides differ along the axes`() throws {
    try expect(
      ImportCase(
        "Conv", opset: 21, ["strides": .ints([2, 1]), "pads": .ints([1, 1, 1, 1])],
        [.frame(.pattern([1, 2, 5, 4])), .known(.pattern([1, 2, 3, 3], 1, modulus: 7))]),
      gives: [Tensor(shape: [1, 1, 3, 4], floats: [17, -10, 8, -8, 5, -22, 10, -7, 7, -10, -16, 15])])
  }

  @Test func `a stride larger than the kernel leaves elements unread`() throws {
    try expect(
      ImportCase(
        "Conv", opset: 21, ["strides": .ints([3, 3])],
        [.frame(.pattern([1, 2, 7, 8])), .known(.pattern([2, 2, 2, 2], 1, modulus: 7))]),
      gives: [Tensor(shape: [1, 2, 2, 3], floats: [12, -8, -6, -2, 0, 2, -33, 43, 21, 7, 3, 9])])
  }

  @Test func `a kernel of one row`() throws {
    try expect(
      ImportCase(
        "Conv", opset: 21, ["pads": .ints([0, 1, 0, 1])],
        [.frame(.pattern([1, 2, 3, 4])), .known(.pattern([1, 2, 1, 3], 1, modulus: 7))]),
      gives: [Tensor(shape: [1, 1, 3, 4], floats: [4, -4, -8, 0, -2, -10, 4, 0, -8, 6, -2, 0])])
  }

  @Test func `a kernel of one column`() throws {
    try expect(
      ImportCase(
        "Conv", opset: 21, ["pads": .ints([1, 0, 1, 0])],
        [.frame(.pattern([1, 2, 3, 4])), .known(.pattern([1, 2, 3, 1], 1, modulus: 7))]),
      gives: [Tensor(shape: [1, 1, 3, 4], floats: [6, -2, -10, 4, 0, -8, 6, -2, 0, 0, 0, 0])])
  }

  @Test func `a kernel as large as the input`() throws {
    try expect(
      ImportCase(
        "Conv", opset: 21, [:],
        [
          .frame(.pattern([1, 3, 3, 4])), .known(.pattern([2, 3, 3, 4], 1, modulus: 7)),
          .known(.pattern([2], 5)),
        ]),
      gives: [Tensor(shape: [1, 2, 1, 1], floats: [10, -16])])
  }

  @Test func `depthwise: one filter per channel`() throws {
    try expect(
      ImportCase(
        "Conv", opset: 21, ["group": .int(3), "pads": .ints([1, 1, 1, 1]), "strides": .ints([2, 2])],
        [
          .frame(.pattern([1, 3, 4, 4])), .known(.pattern([3, 1, 3, 3], 1, modulus: 7)),
          .known(.pattern([3], 5)),
        ]),
      gives: [Tensor(shape: [1, 3, 2, 2], floats: [3, 1, 3, -11, -7, 9, 8, -19, 1, -6, 9, 12])])
  }

  @Test func `depthwise with a multiplier gives several channels for each`() throws {
    try expect(
      ImportCase(
        "Conv", opset: 21, ["group": .int(2)],
        [
          .frame(.pattern([1, 2, 3, 3])), .known(.pattern([4, 1, 2, 2], 1, modulus: 7)),
          .known(.pattern([4], 5)),
        ]),
      gives: [
        Tensor(
          shape: [1, 4, 2, 2], floats: [-1, -1, -1, -1, 11, -9, -9, -7, 27, 6, -1, -4, -13, -12, 16, -10])
      ])
  }

  @Test func `groups see their own channels alone`() throws {
    try expect(
      ImportCase(
        "Conv", opset: 21, ["group": .int(2), "pads": .ints([1, 1, 0, 0])],
        [
          .frame(.pattern([1, 4, 3, 3])), .known(.pattern([4, 2, 2, 2], 1, modulus: 7)),
          .known(.pattern([4], 5)),
        ]),
      gives: [
        Tensor(
          shape: [1, 4, 3, 3],
          floats: [
            9, 15, 3, -1, -1, -3, -19, 1, -1, 5, -14, -13, -40, -40, -15, 39, 34, -13, 3, 4, 2, 4, 6, 4, 4, 4,
            4, -9, -9, 0, -35, -9, 4, -30, 5, 14,
          ])
      ])
  }

  @Test func `a batch of images`() throws {
    try expect(
      ImportCase(
        "Conv", opset: 21, ["strides": .ints([2, 2]), "pads": .ints([0, 0, 1, 1])],
        [.frame(.pattern([3, 2, 4, 4])), .known(.pattern([1, 2, 3, 3], 1, modulus: 7))]),
      gives: [Tensor(shape: [3, 1, 2, 2], floats: [30, -14, -23, 9, -32, 30, 17, 7, 4, -23, -22, 8])])
  }

  @Test func `one spatial axis`() throws {
    try expect(
      ImportCase(
        "Conv", opset: 21, ["pads": .ints([2, 1]), "strides": .ints([2]), "dilations": .ints([2])],
        [.frame(.pattern([2, 2, 9])), .known(.pattern([2, 2, 3], 1, modulus: 7)), .known(.pattern([2], 5))]),
      gives: [
        Tensor(shape: [2, 2, 4], floats: [-3, 3, -9, -3, -31, -10, -13, 2, -3, 7, -9, 1, 0, -26, -11, 8])
      ])
  }

  @Test func `three spatial axes run through the reference`() throws {
    try expect(
      ImportCase(
        "Conv", opset: 21, ["pads": .ints([1, 0, 0, 0, 0, 1])],
        [
          .frame(.pattern([1, 1, 2, 3, 3])), .known(.pattern([2, 1, 2, 2, 2], 1, modulus: 7)),
          .known(.pattern([2], 5)),
        ]),
      gives: [
        Tensor(
          shape: [1, 2, 2, 2, 3],
          floats: [
            15, -5, -3, -5, -3, -5, -1, -3, -5, 1, -1, -3, -12, -7, 4, -10, -9, 4, -40, -15, 3, 34, -13, 8,
          ])
      ], lowers: false)
  }

  @Test func `weights that the frame computes run through the reference`() throws {
    try expect(
      ImportCase(
        "Conv", opset: 21, [:],
        [.frame(.pattern([1, 2, 3, 3])), .frame(.pattern([1, 2, 2, 2], 1, modulus: 7))]),
      gives: [Tensor(shape: [1, 1, 2, 2], floats: [0, -2, 2, 0])], lowers: false)
  }
}
