import EspalierGraph
import EspalierOperators
import Testing

@Suite("Gradients of convolutions") struct ConvolutionGradientTests {
  private static func conv(
    _ name: String, _ input: Shape, _ weights: Shape, strides: [Int] = [1, 1], dilations: [Int] = [1, 1],
    pads: [Int] = [0, 0, 0, 0], groups: Int = 1, bias: Bool = false, residual: Shape? = nil,
    activation: ElementFunction = .identity
  ) -> OperatorCase {
    var numbers = Numbers(UInt64(name.utf8.reduce(7) { $0 &* 31 &+ Int($1) } & 0xFFFF))
    var operands = [numbers.tensor(input), numbers.tensor(weights)]
    if bias { operands.append(numbers.tensor([weights[0]])) }
    if let residual { operands.append(numbers.tensor(residual)) }
    let op = Conv(
      strides: strides, dilations: dilations, pads: pads, groups: groups, activation: activation,
      hasBias: bias, hasResidual: residual != nil)
    return OperatorCase(name, op, operands)
  }

  static let dense = [
    conv("3x3, odd size", [1, 3, 5, 7], [4, 3, 3, 3], pads: [1, 1, 1, 1], bias: true),
    conv("3x3, stride 2", [1, 2, 7, 6], [3, 2, 3, 3], strides: [2, 2], pads: [1, 1, 1, 1]),
    conv(
      "pads on one side, strides apart", [1, 2, 6, 8], [2, 2, 3, 2], strides: [2, 3], pads: [0, 1, 1, 0]),
    conv("dilation 2", [1, 2, 7, 7], [2, 2, 3, 3], dilations: [2, 2], pads: [2, 2, 2, 2], bias: true),
    conv("5x1", [1, 2, 6, 4], [3, 2, 5, 1], pads: [2, 0, 2, 0]),
    conv("rows wider than a register, 7 filters", [1, 2, 3, 37], [7, 2, 3, 3], pads: [1, 1, 1, 1]),
    conv("channels as lanes, of two vectors", [1, 18, 3, 2], [7, 18, 1, 2], pads: [0, 1, 0, 0]),
    conv("filters as lanes, of three vectors", [1, 2, 3, 3], [35, 2, 2, 2], pads: [1, 0, 0, 1]),
    conv("pixels as lanes, of two channels", [1, 2, 16, 33], [3, 2, 2, 4], pads: [1, 2, 0, 1]),
    conv("pixels as lanes", [1, 1, 16, 33], [3, 1, 2, 3], pads: [1, 1, 0, 1]),
    conv("4x5, pads apart", [1, 2, 6, 9], [9, 2, 4, 5], pads: [0, 4, 3, 1], bias: true),
    conv(
      "reaches further than a register", [1, 1, 2, 40], [2, 1, 1, 3], dilations: [1, 9], pads: [0, 9, 0, 9]),
    conv("1x1", [1, 5, 3, 4], [6, 5, 1, 1], bias: true),
    conv("1x1, stride 2", [1, 4, 5, 5], [3, 4, 1, 1], strides: [2, 2]),
    conv("pads wider than the window sees", [1, 1, 2, 2], [2, 1, 2, 2], pads: [3, 3, 3, 3]),
    conv("batch of 2", [2, 2, 4, 4], [3, 2, 3, 3], pads: [1, 1, 1, 1], bias: true),
    conv("one spatial axis", [1, 3, 9], [4, 3, 3], strides: [2], dilations: [1], pads: [1, 1], bias: true),
    conv(
      "residual and bias", [1, 3, 4, 4], [2, 3, 3, 3], pads: [1, 1, 1, 1], bias: true, residual: [1, 2, 4, 4]),
    conv("residual alone", [1, 3, 4, 4], [2, 3, 1, 1], residual: [1, 2, 4, 4]),
    conv(
      "fused SiLU", [1, 2, 4, 4], [3, 2, 3, 3], pads: [1, 1, 1, 1], bias: true,
      activation: ElementFunction(.silu, alpha: 1)),
  ]

  static let grouped = [
    conv("2 groups", [1, 4, 5, 5], [6, 2, 3, 3], pads: [1, 1, 1, 1], groups: 2, bias: true),
    conv("3 groups, batch of 2", [2, 6, 4, 3], [3, 2, 1, 1], groups: 3),
    conv("depthwise", [1, 4, 6, 5], [4, 1, 3, 3], pads: [1, 1, 1, 1], groups: 4, bias: true),
    conv(
      "depthwise, stride 2", [2, 3, 7, 9], [3, 1, 3, 3], strides: [2, 2], pads: [1, 1, 1, 1], groups: 3),
    conv(
      "depthwise, more taps than are taken at once", [1, 2, 9, 10], [2, 1, 9, 8], pads: [4, 4, 4, 3],
      groups: 2),
    conv(
      "depthwise, steps of 2 and 3, dilation 3 and 2", [1, 2, 11, 13], [4, 1, 3, 4], strides: [2, 3],
      dilations: [3, 2], pads: [3, 2, 1, 4], groups: 2),
    conv("depthwise, wide rows", [1, 2, 3, 21], [2, 1, 3, 5], pads: [1, 2, 1, 2], groups: 2),
    conv(
      "depthwise, dilation 2", [1, 2, 8, 8], [2, 1, 3, 3], dilations: [2, 2], pads: [2, 2, 2, 2], groups: 2),
    conv("depthwise, multiplier 2", [1, 3, 5, 5], [6, 1, 3, 3], pads: [1, 1, 1, 1], groups: 3, bias: true),
    conv(
      "depthwise with residual", [1, 3, 4, 4], [3, 1, 3, 3], pads: [1, 1, 1, 1], groups: 3,
      residual: [1, 3, 4, 4]),
  ]

  private static func transposed(
    _ name: String, _ input: Shape, _ weights: Shape, strides: [Int] = [2, 2], dilations: [Int] = [1, 1],
    pads: [Int] = [0, 0, 0, 0], outputPadding: [Int] = [0, 0], groups: Int = 1, bias: Bool = false,
    activation: ElementFunction = .identity
  ) -> OperatorCase {
    var numbers = Numbers(UInt64(name.utf8.count) + 40)
    var operands = [numbers.tensor(input), numbers.tensor(weights)]
    if bias { operands.append(numbers.tensor([weights[1] * groups])) }
    let op = ConvTranspose(
      strides: strides, dilations: dilations, pads: pads, outputPadding: outputPadding, groups: groups,
      activation: activation, hasBias: bias)
    return OperatorCase(name, op, operands)
  }

  static let transposed = [
    transposed("2x2", [1, 3, 3, 4], [3, 2, 2, 2], bias: true),
    transposed("3x3 with pads", [1, 2, 4, 3], [2, 3, 3, 3], pads: [1, 1, 1, 1], outputPadding: [1, 1]),
    transposed("groups", [2, 4, 3, 3], [4, 1, 3, 3], strides: [1, 2], groups: 2, bias: true),
    transposed("dilated, depthwise", [1, 3, 3, 3], [3, 1, 2, 2], dilations: [2, 2], groups: 3),
    transposed("fused tanh", [1, 2, 2, 2], [2, 2, 2, 2], bias: true, activation: ElementFunction(.tanh)),
  ]

  @Test(arguments: dense + grouped) func `agree with difference quotients`(of one: OperatorCase) throws {
    try one.check()
  }

  @Test(arguments: transposed) func `transposed agree with difference quotients`(of one: OperatorCase) throws
  {
    try one.check()
  }
}
