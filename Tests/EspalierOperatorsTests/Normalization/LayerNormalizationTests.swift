import EspalierGraph
import EspalierOperators
import Testing

/// Expected values: ONNX Runtime 1.31.1; where it refuses the broadcast, the ONNX reference.
@Suite("LayerNormalization and RMSNormalization") struct LayerNormalizationTests {
  @Test func `normalizes over the last axis by default`() throws {
    try expect(
      ImportCase(
        "LayerNormalization", opset: 21, [:],
        [.frame(.pattern([2, 2, 4])), .known(.pattern([4], 2)), .known(.pattern([4], 3))]),
      gives: [
        Tensor(
          shape: [2, 2, 4],
          floats: [
            2.686936, -1.575677, -6.100903, 3, 4.652753, 0.2797512, -10.34103, 3, 2.864185, -3.931666,
            -1.55363, 3, 2.974246, -4.755771, -3.626998, 3,
          ])
      ])
  }

  @Test func `normalizes over all axes from the given one on`() throws {
    try expect(
      ImportCase(
        "LayerNormalization", opset: 21, ["axis": .int(1), "epsilon": .float(0.01)],
        [.frame(.pattern([2, 2, 3])), .known(.pattern([2, 3], 2)), .known(.pattern([2, 3], 3))]),
      gives: [
        Tensor(
          shape: [2, 2, 3],
          floats: [
            2.419651, -1.896419, -6.528558, 3, -2.264279, -4.580349, 2.408649, -1.491891, -6.784863, 3,
            -4.182701, -4.989188,
          ])
      ])
  }

  @Test func `counts a negative axis from the end`() throws {
    try expect(
      ImportCase(
        "LayerNormalization", opset: 21, ["axis": .int(-2)],
        [.frame(.pattern([2, 2, 3])), .known(.pattern([2, 3], 2))]),
      gives: [
        Tensor(
          shape: [2, 2, 3],
          floats: [
            -1.581138, -1.897366, -2.529821, 0, -1.26491, -1.581138, -1.592059, -1.492555, -2.786103, 0,
            -3.184118, -1.990074,
          ])
      ])
  }

  @Test func `normalizes everything from axis 0`() throws {
    try expect(
      ImportCase(
        "LayerNormalization", opset: 21, ["axis": .int(0)],
        [.frame(.pattern([2, 3])), .known(.pattern([2, 3], 2)), .known(.pattern([2, 3], 3))]),
      gives: [Tensor(shape: [2, 3], floats: [2.418862, -1.897366, -6.529821, 3, -2.26491, -4.581138])])
  }

  @Test func `broadcasts scale and bias`() throws {
    try expect(
      ImportCase(
        "LayerNormalization", opset: 21, ["axis": .int(1)],
        [.frame(.pattern([2, 2, 3])), .known(.pattern([3], 2)), .known(.pattern([2, 1], 3))]),
      gives: [
        Tensor(
          shape: [2, 2, 3],
          floats: [
            2.418862, 2.102634, 1.470179, 1.581138, -0.9486828, -1.26491, 2.407941, 2.507445, 1.213897,
            1.393051, -2.388088, -1.592059,
          ])
      ])
  }

  @Test func `gives the mean and the inverse standard deviation`() throws {
    try expect(
      ImportCase(
        "LayerNormalization", opset: 21, ["axis": .int(-1), "stash_type": .int(1)],
        [.frame(.pattern([1, 3, 4])), .known(.pattern([4], 2)), .known(.pattern([4], 3))], outputCount: 3),
      gives: [
        Tensor(
          shape: [1, 3, 4],
          floats: [
            2.686936, -1.575677, -6.100903, 3, 4.652753, 0.2797512, -10.34103, 3, 2.864185, -3.931666,
            -1.55363, 3,
          ]), Tensor(shape: [1, 3, 1], floats: [0, -0.75, 1.25]),
        Tensor(shape: [1, 3, 1], floats: [0.2626128, 0.3730017, 0.3494814]),
      ])
  }

  @Test func `gives statistics of feature maps`() throws {
    try expect(
      ImportCase(
        "LayerNormalization", opset: 21, ["axis": .int(2)],
        [.frame(.pattern([1, 2, 2, 3])), .known(.pattern([2, 3], 2)), .known(.pattern([2, 3], 3))],
        outputCount: 3),
      gives: [
        Tensor(
          shape: [1, 2, 2, 3],
          floats: [
            2.418862, -1.897366, -6.529821, 3, -2.26491, -4.581138, 2.407941, -1.492555, -6.786103, 3,
            -4.184118, -4.990074,
          ]), Tensor(shape: [1, 2, 1, 1], floats: [0, 0.3333333]),
        Tensor(shape: [1, 2, 1, 1], floats: [0.3162276, 0.298511]),
      ])
  }

  @Test func `rank 4 over the last axis`() throws {
    try expect(
      ImportCase(
        "LayerNormalization", opset: 21, [:],
        [.frame(.pattern([1, 2, 3, 4])), .known(.pattern([4], 2)), .known(.pattern([4], 3))]),
      gives: [
        Tensor(
          shape: [1, 2, 3, 4],
          floats: [
            2.686936, -1.575677, -6.100903, 3, 4.652753, 0.2797512, -10.34103, 3, 2.864185, -3.931666,
            -1.55363, 3, 2.974246, -4.755771, -3.626998, 3, 5.044185, 0.7228971, -10.10446, 3, 4.2, 4.199996,
            1.599995, 3,
          ])
      ])
  }

  @Test func `the root mean square alone, without a mean`() throws {
    try expect(
      ImportCase(
        "RMSNormalization", opset: 23, ["axis": .int(-1), "epsilon": .float(0.01)],
        [.frame(.pattern([2, 2, 4])), .known(.pattern([4], 2))]),
      gives: [
        Tensor(
          shape: [2, 2, 4],
          floats: [
            -1.312612, -1.575134, -2.100179, 0, 0.3589791, 1.076937, -7.179582, 0, -0.6401844, -4.801383,
            3.841106, 0, -1.427989, -1.713586, -2.284782, 0,
          ])
      ])
  }
}
