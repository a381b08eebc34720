import EspalierGraph
import EspalierOperators
import Testing

/// Expected values: ONNX Runtime 1.31.1; for opset 18, the definition in NumPy.
@Suite("GroupNormalization and InstanceNormalization") struct GroupNormalizationTests {
  @Test func `opset 21: one scale and bias per channel`() throws {
    try expect(
      ImportCase(
        "GroupNormalization", opset: 21, ["num_groups": .int(2), "epsilon": .float(0.01)],
        [.frame(.pattern([2, 4, 1, 3])), .known(.pattern([4], 2)), .known(.pattern([4], 3))]),
      gives: [
        Tensor(
          shape: [2, 4, 1, 3],
          floats: [
            2.419651, 4.63214, 3.36786, -4.741046, -0.9482093, 0.9482093, -10.3654, -2.010812, -6.784863, 3,
            3, 3, 2.6838, 5.087296, 3.71387, 2.91853, -4.291955, -0.1716782, -9.722607, -0.1086273, -2.855479,
            3, 3, 3,
          ])
      ])
  }

  @Test func `opset 18: one scale and bias per group`() throws {
    try expect(
      ImportCase(
        "GroupNormalization", opset: 18, ["num_groups": .int(2)],
        [.frame(.pattern([2, 4, 1, 3])), .known(.pattern([2], 2)), .known(.pattern([2], 3))]),
      gives: [
        Tensor(
          shape: [2, 4, 1, 3],
          floats: [
            2.418862, 4.632455, 3.367545, 5.581138, 4.316227, 3.683772, 4.776176, -1.492555, 2.089577,
            -4.179154, -2.388088, 1.194044, 2.683025, 5.087936, 3.713701, 3.026583, 5.431495, 4.05726,
            4.294485, -2.92025, -0.858897, 3.263808, -3.950926, 0.1717794,
          ])
      ])
  }

  @Test func `one spatial axis`() throws {
    try expect(
      ImportCase(
        "GroupNormalization", opset: 21, ["num_groups": .int(1)],
        [.frame(.pattern([1, 2, 4])), .known(.pattern([2], 2)), .known(.pattern([2], 3))]),
      gives: [
        Tensor(
          shape: [1, 2, 4],
          floats: [2.604519, 4.716599, 3.509696, 5.621775, -1.244618, 0.5657355, 4.186442, -2.149795])
      ])
  }

  @Test func `InstanceNormalization normalizes every channel by itself`() throws {
    try expect(
      ImportCase(
        "InstanceNormalization", opset: 21, ["epsilon": .float(0.01)],
        [.frame(.pattern([2, 2, 2, 2])), .known(.pattern([2], 2)), .known(.pattern([2], 3))]),
      gives: [
        Tensor(
          shape: [2, 2, 2, 2],
          floats: [
            2.687388, 4.525045, 3.474955, 5.312612, -1.956899, 0.279557, 4.75247, -3.075128, 2.864878,
            5.309756, 4.611219, 3.214146, 3.075127, -4.75247, -0.279557, 1.956899,
          ])
      ])
  }

  @Test func `InstanceNormalization over one spatial axis`() throws {
    try expect(
      ImportCase(
        "InstanceNormalization", opset: 21, [:],
        [.frame(.pattern([1, 3, 4])), .known(.pattern([3], 2)), .known(.pattern([3], 3))]),
      gives: [
        Tensor(
          shape: [1, 3, 4],
          floats: [
            2.686936, 4.525226, 3.474774, 5.313064, -1.958259, 0.2797512, 4.755771, -3.077264, -8.543259,
            1.242221, -1.55363, -7.145332,
          ])
      ])
  }
}
