import EspalierGraph
import EspalierOperators
import Testing

@Suite("What Conv refuses and how it answers") struct ConvRuleTests {
  private func types(_ shapes: Shape...) -> [TensorType] { shapes.map { TensorType(.float32, $0) } }

  @Test func `refuses weights for other channels than the input has`() {
    #expect(
      throws: ShapeError.extent(input: 1, axis: 1, expected: 3, found: TensorType(.float32, [4, 2, 3, 3]))
    ) {
      try Conv().inferOutputs(types([1, 3, 5, 5], [4, 2, 3, 3]))
    }
  }

  @Test(arguments: [0, -1, 2, 5]) func `refuses groups that do not divide the channels`(groups: Int) {
    #expect(throws: ShapeError.self) {
      try Conv(groups: groups).inferOutputs(types([1, 3, 5, 5], [3, 1, 3, 3]))
    }
  }

  @Test func `refuses a window larger than the padded input`() {
    #expect(throws: ShapeError.self) { try Conv().inferOutputs(types([1, 1, 2, 5], [1, 1, 3, 3])) }
    #expect(throws: Never.self) {
      try Conv(pads: [1, 0, 0, 0]).inferOutputs(types([1, 1, 2, 5], [1, 1, 3, 3]))
    }
  }

  @Test(arguments: [[0, 1], [1, -1], [1], [1 << 40, 1 << 40]])
  func `refuses strides that are not one positive number per axis`(strides: [Int]) {
    #expect(throws: ShapeError.self) {
      try Conv(strides: strides).inferOutputs(types([1, 1, 5, 5], [1, 1, 3, 3]))
    }
  }

  @Test func `refuses a kernel_shape that is not the weights'`() {
    let node = ImportCase(
      "Conv", ["kernel_shape": .ints([3, 3])],
      [.frame(.pattern([1, 1, 5, 5])), .known(.pattern([1, 1, 2, 2]))])
    #expect(throws: ImportError.self) { try node.graph() }
  }

  @Test func `refuses a rank without spatial axes`() {
    let node = ImportCase("Conv", [:], [.frame(.pattern([1, 1])), .known(.pattern([1, 1]))])
    #expect(throws: ImportError.self) { try node.graph() }
  }

  @Test func `a depthwise convolution passes channels through, any other mixes them`() {
    let depthwise = types([1, 4, 5, 5], [4, 1, 3, 3])
    #expect(Conv(groups: 4).channelRule(depthwise) == .passThrough)
    let grouped = types([1, 4, 5, 5], [8, 1, 3, 3])
    #expect(Conv(groups: 4).channelRule(grouped) == .mixed(groups: 4, weightOutputAxis: 0))
    #expect(Conv().channelRule(types([1, 4, 5, 5], [8, 4, 3, 3])) == .mixed(groups: 1, weightOutputAxis: 0))
  }
}
