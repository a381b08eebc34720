import CEspalierKernels
import EspalierGraph
import EspalierKernels
import EspalierOperators
import Testing

@Suite("Softmax, LogSoftmax and Hardmax") struct SoftmaxTests {
  private static let x = Tensor.floats(
    [-0.75, -1, -0.5, -0.5625, 0.25, -2, 0, -0.3125, 1.25, -3, 0.5, -0.0625], shape: [2, 2, 3])

  /// Expected values: ONNX Runtime 1.31.
  private static let flattened: [Float] = [
    0.137_478_9, 0.107_068_68, 0.176_526_4, 0.165_831_21, 0.373_706_4, 0.039_388_366, 0.127_228_41,
    0.093_082_294, 0.444_070_8, 0.006_334_33, 0.209_764_18, 0.119_520_03,
  ]
  private static let alongMiddle: [Float] = [
    0.453_261_85, 0.222_700_15, 0.817_574_44, 0.546_738_15, 0.777_299_9, 0.182_425_51, 0.952_574_13,
    0.307_358_03, 0.787_931_2, 0.047_425_874, 0.692_642, 0.212_068_81,
  ]
  private static let alongLast: [Float] = [
    0.326_495_86, 0.254_275_23, 0.419_228_97, 0.286_446_33, 0.645_516_75, 0.068_036_966, 0.191_499_04,
    0.140_103_68, 0.668_397_3, 0.018_873_598, 0.625_007_75, 0.356_118_7,
  ]
  private static let logAlongLast: [Float] = [
    -1.119_338, -1.369_338, -0.869_338_04, -1.250_204_1, -0.437_704_15, -2.687_704, -1.652_872_6,
    -1.965_372_6, -0.402_872_53, -3.969_991_2, -0.469_991_27, -1.032_491_2,
  ]

  @Test func `take all axes from the given one on as one before opset 13, axis 1 by default`() throws {
    for attributes: [String: AttributeValue] in [[:], ["axis": .int(1)], ["axis": .int(-2)]] {
      try NodeCase(type: "Softmax", opset: 11, attributes: attributes, inputs: [Self.x])
        .expect(.floats(Self.flattened, shape: Self.x.shape))
    }
    try NodeCase(type: "Hardmax", opset: 11, inputs: [Self.x])
      .expect(.floats([0, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0], shape: Self.x.shape))
  }

  @Test func `take one axis since opset 13, the last by default`() throws {
    try NodeCase(type: "Softmax", attributes: ["axis": .int(1)], inputs: [Self.x])
      .expect(.floats(Self.alongMiddle, shape: Self.x.shape))
    for attributes: [String: AttributeValue] in [[:], ["axis": .int(2)], ["axis": .int(-1)]] {
      try NodeCase(type: "Softmax", attributes: attributes, inputs: [Self.x])
        .expect(.floats(Self.alongLast, shape: Self.x.shape))
      try NodeCase(type: "LogSoftmax", attributes: attributes, inputs: [Self.x])
        .expect(.floats(Self.logAlongLast, shape: Self.x.shape))
      try NodeCase(type: "Hardmax", attributes: attributes, inputs: [Self.x])
        .expect(.floats([0, 0, 1, 0, 1, 0, 0, 0, 1, 0, 1, 0], shape: Self.x.shape))
    }
  }

  @Test func `give the first maximum of equals to Hardmax`() throws {
    try NodeCase(type: "Hardmax", inputs: [.floats([1, 2, 2])]).expect(.floats([0, 1, 0]))
  }

  @Test func `survive numbers whose power overflows`() throws {
    // exp(1000) is no float; the differences decide: 1 / (1 + e), e / (1 + e).
    try NodeCase(type: "Softmax", inputs: [.floats([1000, 1001])])
      .expect(.floats([0.268_941_43, 0.731_058_6]))
    try NodeCase(type: "LogSoftmax", inputs: [.floats([1000, 1001])])
      .expect(.floats([-1.313_261_7, -0.313_261_7]))
  }

  @Test(arguments: Softmax.Kind.allCases, 0..<4)
  func `agree with their definition on images, along any axis`(kind: Softmax.Kind, axis: Int) throws {
    var random = SeededGenerator(seed: 9)
    for flattens in [false, true] {
      try OperatorCase(
        Softmax(kind, axis: axis, flattens: flattens), [random.tensor([2, 9, 4, 5])]
      ).expectKernelsAgree()
    }
  }

  @Test(arguments: [[5], [1, 1], [3, 0], [0, 3], [2, 3, 1, 1]])
  func `agree with their definition on small shapes`(shape: Shape) throws {
    var random = SeededGenerator(seed: 10)
    try OperatorCase(Softmax(axis: shape.count - 1), [random.tensor(shape)]).expectKernelsAgree()
    try OperatorCase(Softmax(axis: 0, flattens: true), [random.tensor(shape)]).expectKernelsAgree()
  }

  @Test func `refuse an axis that is not there, and integers`() {
    #expect(throws: ImportError.self) {
      try NodeCase(type: "Softmax", attributes: ["axis": .int(3)], inputs: [Self.x]).graph()
    }
    #expect(throws: ImportError.self) { try NodeCase(type: "Softmax", inputs: [.integers([1])]).graph() }
  }

  @Test func `bar pruning where they normalize over the channels`() {
    let type = [TensorType(.float32, [1, 8, 4, 4])]
    #expect(Softmax(axis: 3).channelRule(type) == .passThrough)
    for softmax in [Softmax(axis: 1), Softmax(axis: 1, flattens: true), Softmax(axis: 0, flattens: true)] {
      guard case .barrier = softmax.channelRule(type) else {
        Issue.record("\(softmax) lets channels through")
        continue
      }
    }
  }

  @Test(arguments: [
    (Softmax.Kind.plain, espalier_softmax_plain), (.log, espalier_softmax_log),
    (.hard, espalier_softmax_hard),
  ])
  func `stand under the header's numbers`(kind: Softmax.Kind, number: espalier_softmax_mode) {
    #expect(Softmax.Kind.allCases.firstIndex(of: kind) == Int(number.rawValue))
  }
}
