import EspalierGraph
import EspalierOperators
import Testing

/// Expected values: ONNX Runtime 1.31.1; where it refuses the even window, the definition in NumPy.
@Suite("LpNormalization, MeanVarianceNormalization and LRN") struct LpNormalizationTests {
  @Test func `divides by the Euclidean norm along the last axis`() throws {
    try expect(
      ImportCase(
        "LpNormalization", opset: 21, [:],
        [.frame(.pattern([2, 2, 3]))]),
      gives: [
        Tensor(
          shape: [2, 2, 3],
          floats: [
            -0.8703883, 0.3481553, -0.3481553, 0.9622505, 0.1924501, -0.1924501, -0.8703883, 0.3481553,
            -0.3481553, 0.8451542, 0.5070925, -0.1690308,
          ])
      ])
  }

  @Test func `divides by the sum of magnitudes along another axis`() throws {
    try expect(
      ImportCase(
        "LpNormalization", opset: 21, ["axis": .int(1), "p": .int(1)],
        [.frame(.pattern([2, 3, 2]))]),
      gives: [
        Tensor(
          shape: [2, 3, 2],
          floats: [-0.625, 0.25, -0.25, 0.625, 0.125, -0.125, -0.5, 0.25, -0.2, 0.625, 0.3, -0.125])
      ])
  }

  @Test func `along the channels of a feature map`() throws {
    try expect(
      ImportCase(
        "LpNormalization", opset: 21, ["axis": .int(1), "p": .int(2)],
        [.frame(.pattern([1, 3, 2, 2]))]),
      gives: [
        Tensor(
          shape: [1, 3, 2, 2],
          floats: [
            -0.9128709, 0.3651484, -0.3244428, 0.9128709, 0.1825742, -0.1825742, -0.8111071, 0.3651484,
            -0.3651484, 0.9128709, 0.4866643, -0.1825742,
          ])
      ])
  }

  @Test func `vectors of zeros stay zeros`() throws {
    try expect(
      ImportCase(
        "LpNormalization", opset: 22, ["axis": .int(-1)],
        [.frame(Tensor(shape: [2, 2], floats: [0, 0, 3, 4]))]),
      gives: [Tensor(shape: [2, 2], floats: [0, 0, 0.6, 0.8])])
  }

  @Test func `mean and variance over batch and plane`() throws {
    try expect(
      ImportCase(
        "MeanVarianceNormalization", opset: 13, [:],
        [.frame(.pattern([2, 2, 2, 2]))]),
      gives: [
        Tensor(
          shape: [2, 2, 2, 2],
          floats: [
            -1.642073, 0.4013957, -0.7663009, 1.277168, 0.8980265, 0.1796053, -1.257237, 1.257237, -0.7663009,
            1.277168, 0.6933199, -0.4743767, -1.257237, 1.257237, -0.1796053, -0.8980265,
          ])
      ])
  }

  @Test func `mean and variance over the given axes`() throws {
    try expect(
      ImportCase(
        "MeanVarianceNormalization", opset: 13, ["axes": .ints([-1, 1])],
        [.frame(.pattern([1, 3, 2, 2]))]),
      gives: [
        Tensor(
          shape: [1, 3, 2, 2],
          floats: [
            -1.581139, 0.6324555, -0.696526, 1.393052, 0.3162278, -0.3162278, -1.592059, 0.4975186,
            -0.6324555, 1.581139, 0.7960297, -0.3980149,
          ])
      ])
  }

  @Test func `a window of channels around each`() throws {
    try expect(
      ImportCase(
        "LRN", opset: 21, ["size": .int(3), "alpha": .float(0.5), "beta": .float(0.75), "bias": .float(2.0)],
        [.frame(.pattern([1, 5, 1, 2]))]),
      gives: [
        Tensor(
          shape: [1, 5, 1, 2],
          floats: [
            -1.183029, 0.4732117, -0.4647362, 1.16184, 0.2323681, -0.2323681, -1.16184, 0.4647361, -0.4732118,
            1.183029,
          ])
      ])
  }

  @Test func `an even window reaches further behind`() throws {
    try expect(
      ImportCase(
        "LRN", opset: 21, ["size": .int(4), "alpha": .float(0.5)],
        [.frame(.pattern([1, 6, 1, 2]))]),
      gives: [
        Tensor(
          shape: [1, 6, 1, 2],
          floats: [
            -1.553996, 0.6215982, -0.4254437, 1.441619, 0.2883238, -0.2127218, -1.324995, 0.6096057,
            -0.5386158, 1.553996, 1.454703, -0.3378378,
          ])
      ])
  }

  @Test func `a window wider than the channels`() throws {
    try expect(
      ImportCase(
        "LRN", opset: 21, ["size": .int(9), "alpha": .float(0.5), "bias": .float(1.5)],
        [.frame(.pattern([2, 3, 2, 2]))]),
      gives: [
        Tensor(
          shape: [2, 3, 2, 2],
          floats: [
            -2.10629, 0.8425161, -0.763483, 2.10629, 0.4212581, -0.4212581, -1.908707, 0.8425161, -0.8425161,
            2.10629, 1.145224, -0.4212581, -2.001829, 0.9584146, -0.763483, -1.916829, 1.201098, -0.4792073,
            -1.908707, 0.9584146, 0, -1.916829, 1.145224, -0.4792073,
          ])
      ])
  }
}
