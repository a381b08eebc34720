import EspalierGraph
import EspalierOperators
import Testing

/// Expected values: ONNX Runtime 1.31.1.
@Suite("BatchNormalization") struct BatchNormalizationTests {
  @Test func `normalizes every channel by its statistics`() throws {
    try expect(
      ImportCase(
        "BatchNormalization", opset: 15, ["epsilon": .float(0.01)],
        [
          .frame(.pattern([1, 2, 2, 2])), .known(.pattern([2], 2)), .known(.pattern([2], 3)),
          .known(.pattern([2], 4)), .known(Tensor(shape: [2], floats: [0.5, 1])),
        ]),
      gives: [
        Tensor(
          shape: [1, 2, 2, 2],
          floats: [2.59972, 12.40168, 6.80056, 16.60252, 5.970223, 11.94045, 23.88089, 2.985112])
      ])
  }

  @Test func `rank 2`() throws {
    try expect(
      ImportCase(
        "BatchNormalization", opset: 15, ["epsilon": .float(0.01)],
        [
          .frame(.pattern([2, 3])), .known(.pattern([3], 2)), .known(.pattern([3], 3)),
          .known(.pattern([3], 4)), .known(Tensor(shape: [3], floats: [0.5, 1, 1.5])),
        ]),
      gives: [Tensor(shape: [2, 3], floats: [2.59972, 2.985112, -7.255154, 16.60252, 5.970223, -4])])
  }

  @Test func `one spatial axis`() throws {
    try expect(
      ImportCase(
        "BatchNormalization", opset: 15, ["epsilon": .float(0.01)],
        [
          .frame(.pattern([1, 2, 3])), .known(.pattern([2], 2)), .known(.pattern([2], 3)),
          .known(.pattern([2], 4)), .known(Tensor(shape: [2], floats: [0.5, 1])),
        ]),
      gives: [Tensor(shape: [1, 2, 3], floats: [2.59972, 12.40168, 6.80056, -5.970222, 5.970223, 11.94045])])
  }

  @Test func `three spatial axes`() throws {
    try expect(
      ImportCase(
        "BatchNormalization", opset: 15, ["epsilon": .float(0.01)],
        [
          .frame(.pattern([1, 2, 1, 2, 2])), .known(.pattern([2], 2)), .known(.pattern([2], 3)),
          .known(.pattern([2], 4)), .known(Tensor(shape: [2], floats: [0.5, 1])),
        ]),
      gives: [
        Tensor(
          shape: [1, 2, 1, 2, 2],
          floats: [2.59972, 12.40168, 6.80056, 16.60252, 5.970223, 11.94045, 23.88089, 2.985112])
      ])
  }

  @Test func `opset 7 in inference, with its old attributes`() throws {
    try expect(
      ImportCase(
        "BatchNormalization", opset: 7, ["spatial": .int(1), "momentum": .float(0.5)],
        [
          .frame(.pattern([1, 2, 2, 2])), .known(.pattern([2], 2)), .known(.pattern([2], 3)),
          .known(.pattern([2], 4)), .known(Tensor(shape: [2], floats: [0.5, 1])),
        ]),
      gives: [
        Tensor(
          shape: [1, 2, 2, 2],
          floats: [2.585801, 12.4852, 6.828399, 16.72779, 5.99997, 11.99994, 23.99988, 2.999985])
      ])
  }

  /// Expected values by the definition: mean 2 and variance 1 of [1, 3], mean 4 and variance 4 of [2, 6].
  @Test func `takes statistics from the frame where the model reads them`() throws {
    let parameters: [Tensor] = [.floats([2, 1]), .floats([0, 1]), .floats([10, 20]), .floats([3, 5])]
    try expect(
      ImportCase(
        "BatchNormalization", opset: 15,
        ["training_mode": .int(1), "momentum": .float(0.5), "epsilon": .float(0)],
        [.frame(.floats([1, 3, 2, 6], shape: [1, 2, 2]))] + parameters.map { .known($0) }, outputCount: 3),
      gives: [.floats([-2, 2, 0, 2], shape: [1, 2, 2]), .floats([6, 12]), .floats([2, 4.5])])
  }
}
