import CEspalierKernels
import EspalierGraph
import EspalierKernels
import EspalierOperators
import Testing

@Suite("Reductions") struct ReduceTests {
  private static let x = Tensor.floats(
    [-2, -1.5, -1, -0.5, 0, 0.5, 1, 1.5, 2, 2.5, 3, 3.5], shape: [2, 3, 2])

  /// Of `x`, for ReduceLogSum of `x + 3`. Expected values: ONNX Runtime 1.31.
  struct Golden: Sendable {
    var type: String
    /// Over axis 1, which does not stay.
    var overMiddle: [Float]
    /// Over axes 0 and -1, which stay.
    var overEnds: [Float]
    var overAll: Float
  }

  @Test(arguments: [
    Golden(type: "ReduceSum", overMiddle: [-3, -1.5, 6, 7.5], overEnds: [-1, 3, 7], overAll: 9),
    Golden(
      type: "ReduceMean", overMiddle: [-1, -0.5, 2, 2.5], overEnds: [-0.25, 0.75, 1.75], overAll: 0.75),
    Golden(type: "ReduceMax", overMiddle: [0, 0.5, 3, 3.5], overEnds: [1.5, 2.5, 3.5], overAll: 3.5),
    Golden(type: "ReduceMin", overMiddle: [-2, -1.5, 1, 1.5], overEnds: [-2, -1, 0], overAll: -2),
    Golden(type: "ReduceProd", overMiddle: [0, 0.375, 6, 13.125], overEnds: [4.5, 2.5, 0], overAll: 0),
    Golden(type: "ReduceL1", overMiddle: [3, 2.5, 6, 7.5], overEnds: [6, 6, 7], overAll: 19),
    Golden(
      type: "ReduceL2", overMiddle: [2.236_068, 1.658_312_4, 3.741_657_5, 4.555_217],
      overEnds: [3.082_207, 3.391_165, 4.636_809_3], overAll: 6.519_202),
    Golden(
      type: "ReduceLogSum", overMiddle: [1.791_759_5, 2.014_903, 2.708_050_3, 2.803_360_5],
      overEnds: [2.397_895_3, 2.708_050_3, 2.944_439], overAll: 3.806_662_6),
    Golden(
      type: "ReduceLogSumExp", overMiddle: [0.407_605_95, 0.907_605_95, 3.407_606, 3.907_606],
      overEnds: [2.022_664_3, 3.022_664_3, 4.022_664], overAll: 4.430_27),
    Golden(
      type: "ReduceSumSquare", overMiddle: [5, 2.75, 14, 20.75], overEnds: [9.5, 11.5, 21.5],
      overAll: 42.5),
  ])
  func `agree with ONNX Runtime`(golden: Golden) throws {
    let x =
      golden.type == "ReduceLogSum"
      ? Tensor.floats(Self.x.floats.map { $0 + 3 }, shape: Self.x.shape) : Self.x
    // Axes as an attribute, then as an input.
    try NodeCase(
      type: golden.type, opset: 11, attributes: ["axes": .ints([1]), "keepdims": .int(0)], inputs: [x]
    ).expect(.floats(golden.overMiddle, shape: [2, 2]))
    try NodeCase(type: golden.type, opset: 11, attributes: ["axes": .ints([0, -1])], inputs: [x])
      .expect(.floats(golden.overEnds, shape: [1, 3, 1]))
    try NodeCase(type: golden.type, opset: 18, inputs: [x, .integers([-1, 0])], known: [1])
      .expect(.floats(golden.overEnds, shape: [1, 3, 1]))
    try NodeCase(type: golden.type, opset: 18, attributes: ["keepdims": .int(0)], inputs: [x])
      .expect(.floats([golden.overAll], shape: []))
  }

  @Test func `reduce nothing where no axes are given and noop_with_empty_axes is set`() throws {
    for axes: [Tensor?] in [[], [nil], [.integers([])]] {
      func node(_ type: String) -> NodeCase {
        NodeCase(
          type: type, opset: 18, attributes: ["noop_with_empty_axes": .int(1)], inputs: [Self.x] + axes,
          known: [1])
      }
      try node("ReduceSum").expect(Self.x)
      // Each element is still squared.
      try node("ReduceSumSquare").expect(.floats(Self.x.floats.map { $0 * $0 }, shape: Self.x.shape))
    }
  }

  @Test func `reduce everything where the axes are empty`() throws {
    try NodeCase(type: "ReduceSum", inputs: [Self.x, .integers([])], known: [1])
      .expect(.floats([9], shape: [1, 1, 1]))
  }

  @Test(arguments: [
    ("ReduceSum", Float(0)), ("ReduceProd", 1), ("ReduceMax", -Float.infinity), ("ReduceMin", Float.infinity),
    ("ReduceL1", 0), ("ReduceL2", 0), ("ReduceSumSquare", 0), ("ReduceLogSum", -Float.infinity),
    ("ReduceLogSumExp", -Float.infinity), ("ReduceMean", Float.nan),
  ])
  func `of nothing are the neutral element`(type: String, neutral: Float) throws {
    try NodeCase(type: type, opset: 18, inputs: [.floats([], shape: [2, 0, 3]), .integers([1])], known: [1])
      .expect(.floats([Float](repeating: neutral, count: 6), shape: [2, 1, 3]))
    try NodeCase(type: type, opset: 18, inputs: [.floats([], shape: [2, 0, 3]), .integers([2])], known: [1])
      .expect(.floats([], shape: [2, 0, 1]))
  }

  @Test func `of integers stay in their type`() throws {
    let x = Tensor.integers([100, 100, 3, -128], .int8, shape: [2, 2])
    func reduced(_ type: String) throws -> [Int64] {
      try NodeCase(type: type, opset: 11, attributes: ["axes": .ints([1])], inputs: [x]).evaluate()[0]
        .integers
    }
    // 200 and 20 000 wrap around in 8 bits; means are cut off toward zero.
    #expect(try reduced("ReduceSum") == [-56, -125])
    #expect(try reduced("ReduceProd") == [16, -128])
    #expect(try reduced("ReduceMax") == [100, 3])
    #expect(try reduced("ReduceMean") == [100, -62])
    try NodeCase(type: "ReduceSum", inputs: [.integers([5, 6, 7])])
      .expect(.integers([18], shape: [1]))
  }

  @Test func `of truth values are any and all`() throws {
    let x = Tensor.booleans([true, false, true, true], shape: [2, 2])
    try NodeCase(type: "ReduceMax", opset: 20, inputs: [x, .integers([1])], known: [1])
      .expect(.booleans([true, true], shape: [2, 1]))
    try NodeCase(type: "ReduceMin", opset: 20, inputs: [x, .integers([1])], known: [1])
      .expect(.booleans([false, true], shape: [2, 1]))
    #expect(throws: ImportError.self) { try NodeCase(type: "ReduceSum", inputs: [x]).graph() }
  }

  @Test func `carry NaN through max and min`() throws {
    for type in ["ReduceMax", "ReduceMin"] {
      try NodeCase(type: type, inputs: [.floats([1, .nan, 3])]).expect(.floats([.nan], shape: [1]))
    }
  }

  @Test(arguments: Reduce.Kind.allCases, [[0], [1], [2, 3], [1, 2, 3], [0, 2], [0, 1, 2, 3], []])
  func `agree with their definition on images, over any axes`(kind: Reduce.Kind, axes: [Int]) throws {
    var random = SeededGenerator(seed: 6)
    let x = Tensor(shape: [2, 9, 4, 5], floats: random.tensor([2, 9, 4, 5]).floats.map { $0 + 1.5 })
    for keepsAxes in [true, false] {
      try OperatorCase(Reduce(kind, axes: axes, keepsAxes: keepsAxes), [x]).expectKernelsAgree()
    }
  }

  @Test func `take only axes that are there, each once`() {
    for axes: [Int64] in [[3], [-4], [0, -3]] {
      #expect(throws: ImportError.self) {
        try NodeCase(type: "ReduceSum", opset: 11, attributes: ["axes": .ints(axes)], inputs: [Self.x])
          .graph()
      }
    }
  }

  @Test func `bar pruning over the channels, and let it pass over pixels`() {
    let type = [TensorType(.float32, [1, 8, 4, 4])]
    #expect(Reduce(.mean, axes: [2, 3]).channelRule(type) == .passThrough)
    #expect(Reduce(.mean, axes: [2, 3], keepsAxes: false).channelRule(type) == .passThrough)
    for barred in [Reduce(.mean, axes: [1]), Reduce(.sum, axes: [0, 2], keepsAxes: false)] {
      guard case .barrier = barred.channelRule(type) else {
        Issue.record("\(barred) lets channels through")
        continue
      }
    }
  }

  @Test(arguments: [
    (Reduce.Kind.sum, espalier_reduction_sum), (.mean, espalier_reduction_mean),
    (.max, espalier_reduction_max), (.min, espalier_reduction_min),
    (.product, espalier_reduction_product), (.l1, espalier_reduction_l1), (.l2, espalier_reduction_l2),
    (.logSum, espalier_reduction_log_sum), (.logSumExp, espalier_reduction_log_sum_exp),
    (.sumSquare, espalier_reduction_sum_square),
  ])
  func `stand under the header's numbers`(kind: Reduce.Kind, number: espalier_reduction) {
    #expect(Reduce.Kind.allCases.firstIndex(of: kind) == Int(number.rawValue))
  }
}
