import EspalierGraph
import EspalierOperators
import Testing

/// Expected values: ONNX Runtime 1.31.1.
@Suite("ConvTranspose") struct ConvTransposeTests {
  @Test func `without attributes it spreads every element over a window`() throws {
    try expect(
      ImportCase(
        "ConvTranspose", opset: 21, [:],
        [.frame(.pattern([1, 2, 2, 3])), .known(.pattern([2, 2, 3, 3], 1, modulus: 7))]),
      gives: [
        Tensor(
          shape: [1, 2, 4, 5],
          floats: [
            5, 3, -5, 4, -2, -10, -11, -12, 8, -7, -10, -11, -4, 4, -13, 15, 30, 33, 6, -5, -25, 10, -10, 0,
            0, 50, 26, 26, 6, 10, -10, -25, -24, 0, 7, -15, -22, -9, 2, 1,
          ])
      ])
  }

  @Test func `a stride spaces the windows out`() throws {
    try expect(
      ImportCase(
        "ConvTranspose", opset: 21, ["strides": .ints([2, 3])],
        [
          .frame(.pattern([1, 2, 2, 3])), .known(.pattern([2, 1, 3, 3], 1, modulus: 7)),
          .known(.pattern([1], 5)),
        ]),
      gives: [
        Tensor(
          shape: [1, 1, 5, 9],
          floats: [
            -11, 14, 14, 3, -7, -7, -5, 5, 5, 14, 14, 4, -7, -7, -3, 5, 5, 1, 4, -21, -21, 7, -8, -8, -5, 0,
            0, -16, -16, -6, -10, -10, -8, 2, 2, 0, 4, 4, 4, -2, -2, -2, -2, -2, -2,
          ])
      ])
  }

  @Test func `a stride larger than the kernel leaves the bias between windows`() throws {
    try expect(
      ImportCase(
        "ConvTranspose", opset: 21, ["strides": .ints([3, 3])],
        [
          .frame(.pattern([1, 1, 2, 2])), .known(.pattern([1, 2, 2, 2], 1, modulus: 7)),
          .known(.pattern([2], 5)),
        ]),
      gives: [
        Tensor(
          shape: [1, 2, 5, 5],
          floats: [
            -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1,
            -1, -5, -15, -5, -5, -1, -15, -15, -5, -1, -1, -5, -5, -5, -5, -5, -5, -9, -5, -5, 5, -9, -9, -5,
            5, 5,
          ])
      ])
  }

  @Test func `pads cut the output on every side`() throws {
    try expect(
      ImportCase(
        "ConvTranspose", opset: 21, ["strides": .ints([2, 2]), "pads": .ints([1, 0, 2, 1])],
        [
          .frame(.pattern([1, 2, 3, 3])), .known(.pattern([2, 1, 3, 3], 1, modulus: 7)),
          .known(.pattern([1], 5)),
        ]),
      gives: [
        Tensor(
          shape: [1, 1, 4, 6],
          floats: [
            -16, -16, -35, -10, -3, 2, -26, -1, 4, -6, -13, 2, 14, 14, 18, -7, 1, 5, 6, 26, 32, -10, -12, 2,
          ])
      ])
  }

  @Test func `output_padding lengthens the output at its end`() throws {
    try expect(
      ImportCase(
        "ConvTranspose", opset: 21,
        ["strides": .ints([2, 2]), "pads": .ints([1, 1, 1, 1]), "output_padding": .ints([1, 1])],
        [
          .frame(.pattern([1, 1, 3, 3])), .known(.pattern([1, 1, 3, 3], 1, modulus: 7)),
          .known(.pattern([1], 5)),
        ]),
      gives: [
        Tensor(
          shape: [1, 1, 6, 6],
          floats: [
            -1, -11, -1, 3, -1, -5, -11, -7, 3, -1, -5, -5, -1, 9, -1, 1, -1, -3, 9, 11, 1, -1, -3, -3, -1,
            -11, -1, 3, -1, -5, -11, -7, 3, -1, -5, -5,
          ])
      ])
  }

  @Test func `output_shape overrides the pads`() throws {
    try expect(
      ImportCase(
        "ConvTranspose", opset: 21, ["strides": .ints([2, 2]), "output_shape": .ints([5, 6])],
        [.frame(.pattern([1, 1, 3, 3])), .known(.pattern([1, 1, 3, 3], 1, modulus: 7))]),
      gives: [
        Tensor(
          shape: [1, 1, 5, 6],
          floats: [
            0, -10, 0, 4, 0, -4, -10, -6, 4, 0, -4, -4, 0, 10, 0, 2, 0, -2, 10, 12, 2, 0, -2, -2, 0, -10, 0,
            4, 0, -4,
          ])
      ])
  }

  @Test func `output_shape with SAME_UPPER cuts the odd element behind`() throws {
    try expect(
      ImportCase(
        "ConvTranspose", opset: 21,
        ["strides": .ints([2, 2]), "output_shape": .ints([6, 6]), "auto_pad": .string("SAME_UPPER")],
        [.frame(.pattern([1, 1, 3, 3])), .known(.pattern([1, 1, 3, 3], 1, modulus: 7))]),
      gives: [
        Tensor(
          shape: [1, 1, 6, 6],
          floats: [
            0, 0, 0, 0, 0, 0, 0, 0, -10, 0, 4, 0, -10, -10, -6, 4, 0, -4, 0, 0, 10, 0, 2, 0, 10, 10, 12, 2, 0,
            -2, 0, 0, -10, 0, 4, 0,
          ])
      ])
  }

  @Test func `output_shape beyond what windows reach leaves the bias`() throws {
    try expect(
      ImportCase(
        "ConvTranspose", opset: 21, ["strides": .ints([2, 2]), "output_shape": .ints([8, 8])],
        [
          .frame(.pattern([1, 1, 3, 3])), .known(.pattern([1, 1, 3, 3], 1, modulus: 7)),
          .known(.pattern([1], 5)),
        ]),
      gives: [
        Tensor(
          shape: [1, 1, 8, 8],
          floats: [
            -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -11, -1, 3, -1, -5, -1, -11, -11, -7, 3, -1, -5, -5, -1,
            -1, -1, 9, -1, 1, -1, -3, -1, 9, 9, 11, 1, -1, -3, -3, -1, -1, -1, -11, -1, 3, -1, -5, -1, -11,
            -11, -7, 3, -1, -5, -5, -1, -1, -1, -1, -1, -1, -1, -1, -1,
          ])
      ])
  }

  @Test func `SAME_UPPER gives stride times the input`() throws {
    try expect(
      ImportCase(
        "ConvTranspose", opset: 21, ["strides": .ints([2, 2]), "auto_pad": .string("SAME_UPPER")],
        [.frame(.pattern([1, 1, 3, 3])), .known(.pattern([1, 1, 3, 3], 1, modulus: 7))]),
      gives: [
        Tensor(
          shape: [1, 1, 6, 6],
          floats: [
            0, 0, 0, 0, 0, 0, 0, 0, -10, 0, 4, 0, -10, -10, -6, 4, 0, -4, 0, 0, 10, 0, 2, 0, 10, 10, 12, 2, 0,
            -2, 0, 0, -10, 0, 4, 0,
          ])
      ])
  }

  @Test func `SAME_LOWER gives stride times the input`() throws {
    try expect(
      ImportCase(
        "ConvTranspose", opset: 21, ["strides": .ints([2, 2]), "auto_pad": .string("SAME_LOWER")],
        [.frame(.pattern([1, 1, 3, 3])), .known(.pattern([1, 1, 3, 3], 1, modulus: 7))]),
      gives: [
        Tensor(
          shape: [1, 1, 6, 6],
          floats: [
            0, -10, 0, 4, 0, -4, -10, -6, 4, 0, -4, -4, 0, 10, 0, 2, 0, -2, 10, 12, 2, 0, -2, -2, 0, -10, 0,
            4, 0, -4, -10, -6, 4, 0, -4, -4,
          ])
      ])
  }

  @Test func `dilated windows`() throws {
    try expect(
      ImportCase(
        "ConvTranspose", opset: 21, ["dilations": .ints([2, 2])],
        [.frame(.pattern([1, 1, 3, 3])), .known(.pattern([1, 1, 2, 2], 1, modulus: 7))]),
      gives: [
        Tensor(
          shape: [1, 1, 5, 5],
          floats: [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0])
      ])
  }

  @Test func `dilations and strides together`() throws {
    try expect(
      ImportCase(
        "ConvTranspose", opset: 21,
        ["dilations": .ints([2, 3]), "strides": .ints([2, 2]), "pads": .ints([1, 1, 0, 0])],
        [
          .frame(.pattern([1, 2, 3, 2])), .known(.pattern([2, 1, 3, 2], 1, modulus: 7)),
          .known(.pattern([1], 5)),
        ]),
      gives: [
        Tensor(
          shape: [1, 1, 8, 5],
          floats: [
            -1, -1, -1, -1, -1, -1, 13, -15, -1, 13, -1, -1, -1, -1, -1, -1, 1, 6, -1, 5, -1, -1, -1, -1, -1,
            -1, -18, 7, -1, -8, -1, -1, -1, -1, -1, -1, 2, -8, -1, 0,
          ])
      ])
  }

  @Test func `groups see their own channels alone`() throws {
    try expect(
      ImportCase(
        "ConvTranspose", opset: 21, ["group": .int(2), "strides": .ints([2, 2])],
        [
          .frame(.pattern([1, 4, 2, 2])), .known(.pattern([4, 2, 2, 2], 1, modulus: 7)),
          .known(.pattern([4], 5)),
        ]),
      gives: [
        Tensor(
          shape: [1, 4, 4, 4],
          floats: [
            1, 1, -3, -3, -4, -4, 2, 2, -11, -11, 3, 3, 14, 14, -7, -7, -8, -18, -2, 2, -18, -16, 2, 0, 10, 6,
            -11, -1, 6, -4, -1, 3, -1, -11, -1, 3, -11, -11, 3, 3, -3, -7, -1, -9, -7, -7, -9, -9, -19, -19,
            9, 9, 6, 6, -1, -1, -5, -5, -15, -15, 5, 5, 5, 5,
          ])
      ])
  }

  @Test func `depthwise: one filter per channel`() throws {
    try expect(
      ImportCase(
        "ConvTranspose", opset: 21,
        ["group": .int(3), "strides": .ints([2, 2]), "pads": .ints([1, 1, 1, 1])],
        [.frame(.pattern([1, 3, 2, 2])), .known(.pattern([3, 1, 4, 4], 1, modulus: 7))]),
      gives: [
        Tensor(
          shape: [1, 3, 4, 4],
          floats: [
            -10, -10, -6, 4, -10, 19, 19, -6, 11, 5, 5, 4, -4, 16, 16, -15, 1, 0, 0, -1, 8, 5, 3, -5, -2, -8,
            -8, 4, -15, -13, -9, 6, 0, 0, 0, 0, -10, 2, 8, 12, 6, 16, -9, -15, 6, 4, 4, -2,
          ])
      ])
  }

  @Test func `one spatial axis`() throws {
    try expect(
      ImportCase(
        "ConvTranspose", opset: 21, ["strides": .ints([2]), "pads": .ints([1, 0])],
        [.frame(.pattern([2, 2, 4])), .known(.pattern([2, 2, 3], 1, modulus: 7)), .known(.pattern([2], 5))]),
      gives: [
        Tensor(
          shape: [2, 2, 8],
          floats: [
            1, -1, -3, -13, -11, -7, 3, 3, -8, -20, -2, -8, 10, 10, -11, -1, -11, -7, 3, -1, -5, -13, -9, -9,
            10, 10, -11, -5, 1, -1, 7, 5,
          ])
      ])
  }

  @Test func `three spatial axes run through the reference`() throws {
    try expect(
      ImportCase(
        "ConvTranspose", opset: 21, ["strides": .ints([1, 2, 1])],
        [.frame(.pattern([1, 1, 2, 2, 2])), .known(.pattern([1, 1, 2, 2, 2], 1, modulus: 7))]),
      gives: [
        Tensor(
          shape: [1, 1, 3, 4, 3],
          floats: [
            0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, -10, 4, -10, -6, 4, 0, -4, 10, -4, 6, 10, 0, 2, -2, 2, 0,
            -2, 0, -10, 4, -10, -6, 4,
          ])
      ], lowers: false)
  }
}
