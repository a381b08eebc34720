import EspalierGraph
import EspalierOperators
import Testing

/// What ONNX Runtime 1.31 computes for one form of RoiAlign.
struct RoiAlignGolden: Sendable, CustomTestStringConvertible {
  var op: RoiAlign
  var output: [Float]

  init(_ mode: RoiAlign.Mode, halfPixel: Bool, samples: Int, _ output: [Float]) {
    op = RoiAlign(mode: mode, height: 2, width: 2, samples: samples, scale: 0.9, halfPixel: halfPixel)
    self.output = output
  }

  var testDescription: String {
    "\(op.mode) \(op.halfPixel ? "half pixel" : "output half pixel"), \(op.samples) samples"
  }

  /// Of `.pattern([2, 2, 5, 6])`: a region inside, two that reach beyond the borders, and one below a pixel.
  static let regions: [Float] = [0.5, 0.5, 4.2, 3.9, -3, -2, 2, 1, 3, 3, 3.2, 3.1, 4, 1, 9, 8]
  static let all = [
    RoiAlignGolden(
      .avg, halfPixel: true, samples: 0,
      [
        -0.615625, 0.936157, -0.553267, -2.27141, 1.38438, -1.74637, 1.44673, -0.609836, 0, 0, 0, -2.46667, 0,
        0, 0, -0.466667, 1.84598, 1.62592, 1.91393, 1.68577, 1.99811, 1.99834, 1.69234, 1.72901, 0.689805,
        -0.333333, 0.0875, -0.166667, 2.00703, 0.333333, 1.0875, 0.166667,
      ]),
    RoiAlignGolden(
      .avg, halfPixel: true, samples: 2,
      [
        -0.615625, 0.936157, -0.553267, -2.27141, 1.38438, -1.74637, 1.44673, -0.609836, 0, 0, 0, -2.475, 0,
        0, 0, -0.475, 1.84597, 1.62592, 1.91393, 1.68577, 1.99811, 1.99834, 1.69234, 1.72901, 0.860743, -0.5,
        0.121875, -0.25, 2.10664, 0.5, 1.12188, 0.25,
      ]),
    RoiAlignGolden(
      .avg, halfPixel: false, samples: 0,
      [
        0.134375, 1.3956, 0.684827, -1.93879, 2.13438, -1.1073, 2.27547, 0.0612096, -0.166667, -1.12083,
        -0.333333, -2.24167, 0.166667, -0.120833, 0.333333, -0.241666, 0.195001, -1.8, 0.200001, -1.8, 1.6725,
        0.200001, 1.65, 0.200001, 0.654909, 0, 0.160417, 0, 2.63872, 0, 0.660417, 0,
      ]),
    RoiAlignGolden(
      .avg, halfPixel: false, samples: 2,
      [
        0.134375, 1.3956, 0.684827, -1.93879, 2.13438, -1.1073, 2.27547, 0.0612096, 0, -1.19687, 0, -2.39375,
        0, -0.196875, 0, -0.39375, 0.184688, -1.8, 0.200001, -1.8, 1.30641, 0.200001, 1.2375, 0.200001, 0.675,
        0, 0.3375, 0, 2.675, 0, 1.3375, 0,
      ]),
    RoiAlignGolden(
      .max, halfPixel: true, samples: 0,
      [
        1.44626, 3.89767, 1.38216, 0.593828, 2.89251, 0, 2.76431, 1.21578, 0, 0, 0, 0, 0, 0, 0, 1, 1.17403,
        1.03408, 1.10608, 0.974225, 2.34805, 2.06815, 2.21215, 1.94845, 2.08359, 0, 2.325, 0, 3.26953,
        0.84375, 3.875, 1,
      ]),
    RoiAlignGolden(
      .max, halfPixel: true, samples: 2,
      [
        1.44626, 3.89767, 1.38216, 0.593828, 2.89251, 0, 2.76431, 1.21578, 0, 0, 0, 0, 0, 0, 0, 1, 1.22651,
        1.08453, 1.15653, 1.02266, 2.45301, 2.16906, 2.31306, 2.04531, 1.61484, 0, 1.9875, 0, 2.69141, 0.8125,
        3.3125, 1,
      ]),
    RoiAlignGolden(
      .max, halfPixel: false, samples: 0,
      [
        1.44231, 2.64839, 1.51161, 0.952114, 2.88461, 1.51411, 3.02321, 1.58686, 0, 0.85, 0, 0.85, 1, 1.7, 1,
        1.7, 0.190001, 0, 0.11, 0, 1.805, 1.045, 1.045, 0.605, 2.68734, 0, 2.925, 0, 4.47891, 0, 4.875, 0,
      ]),
    RoiAlignGolden(
      .max, halfPixel: false, samples: 2,
      [
        1.44231, 2.64839, 1.51161, 0.952114, 2.88461, 1.51411, 3.02321, 1.58686, 0, 0.475, 0, 0.475, 0,
        0.950001, 0, 0.950001, 0.647501, 0, 0.472501, 0, 1.71125, 1.24875, 1.24875, 0.911251, 1.85297, 0,
        2.5125, 0, 3.08828, 0, 4.1875, 0,
      ]),
  ]
}

@Suite("RoiAlign") struct RoiAlignTests {
  @Test(arguments: RoiAlignGolden.all)
  func `gives what ONNX Runtime gives`(golden: RoiAlignGolden) throws {
    let inputs: [Tensor] = [
      .pattern([2, 2, 5, 6]), .floats(RoiAlignGolden.regions, shape: [4, 4]), .integers([0, 1, 1, 0]),
    ]
    let expected = Tensor.floats(golden.output, shape: [4, 2, 2, 2])
    expectClose(try golden.op.evaluate(inputs)[0], expected)
    let node = OperatorCase(golden.op, inputs)
    expectClose(try node.lowered()[0], expected)
    try node.expectKernelsAgree()
  }

  @Test(arguments: [1, 7, 16, 37], [RoiAlign.Mode.avg, .max])
  func `agrees with the definition for any number of channels`(channels: Int, mode: RoiAlign.Mode) throws {
    var generator = SeededGenerator(seed: 5)
    let corners = (0..<24).map { _ in Float.random(in: -4..<40, using: &generator) }
    try OperatorCase(
      RoiAlign(mode: mode, height: 3, width: 4, scale: 0.5, halfPixel: true),
      [
        generator.tensor([1, channels, 14, 17]), .floats(corners, shape: [6, 4]),
        .integers([0, 0, 0, 0, 0, 0]),
      ],
      constants: [2]
    ).expectKernelsAgree()
  }

  @Test func `a region of an image that is not there is an error, and 0 at run time`() throws {
    let node = OperatorCase(
      RoiAlign(height: 1, width: 1, halfPixel: false),
      [.counting([1, 1, 2, 2]), .floats([0, 0, 1, 1, 0, 0, 1, 1], shape: [2, 4]), .integers([0, 1])])
    #expect(throws: EvaluationError.indexOutOfRange(1, limit: 1)) { try node.op.evaluate(node.inputs) }
    #expect(try node.lowered()[0].floats == [1.5, 0])
  }

  @Test func `a region that is no number is 0`() throws {
    for halfPixel in [false, true] {
      let node = OperatorCase(
        RoiAlign(height: 1, width: 2, halfPixel: halfPixel),
        [
          .counting([1, 1, 2, 2]), .floats([.nan, 0, 1, 1, -.infinity, 0, .infinity, 1], shape: [2, 4]),
          .integers([0, 0]),
        ])
      #expect(try node.lowered()[0].floats == [0, 0, 0, 0])
      try node.expectKernelsAgree()
    }
  }

  @Test func `opset 10 knows no half pixels`() throws {
    func node(_ opset: Int) -> ImportCase {
      ImportCase(
        "RoiAlign", opset: opset, [:],
        [
          .frame(.counting([1, 1, 4, 4])), .frame(.floats([1, 1, 3, 3], shape: [1, 4])),
          .frame(.integers([0])),
        ])
    }
    // 2 x 2 samples around (2, 2), and half a pixel up and to the left of it.
    #expect(try node(10).evaluated()[0].floats == [10])
    #expect(try node(16).evaluated()[0].floats == [7.5])
  }
}
