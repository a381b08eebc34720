import EspalierGraph
import EspalierOperators
import Testing

@Suite("Gradients of functions of elements") struct ElementGradientTests {
  private static func function(
    _ kind: ElementFunction.Kind, _ alpha: Float = 0, _ beta: Float = 0, kinks: [Float] = [0],
    around center: Float = 0, scale: Float = 2
  ) -> OperatorCase {
    var numbers = Numbers(UInt64(kind.rawValue.utf8.count) * 11)
    let x = numbers.tensor([1, 3, 3, 5], kinks: kinks, scale: scale)
    let moved = Tensor(shape: x.shape, floats: x.floats.map { $0 + center })
    return OperatorCase(kind.rawValue, Unary(ElementFunction(kind, alpha: alpha, beta: beta)), [moved])
  }

  static let functions = [
    function(.identity), function(.relu), function(.clip, -0.5, 1, kinks: [-0.5, 1]),
    function(.leakyRelu, 0.1), function(.hardSigmoid, 0.5, 0.4, kinks: [-0.8, 1.2]),
    function(.hardSwish, kinks: [-3, 3], scale: 5), function(.sigmoid), function(.silu, 1),
    function(.silu, 1.702), function(.tanh), function(.exp), function(.log, around: 3),
    function(.sqrt, around: 3), function(.reciprocal, around: 4), function(.abs), function(.neg),
    function(.elu, 1.3), function(.selu, 1.67, 1.05), function(.celu, 0.7), function(.softplus),
    function(.softsign), function(.thresholdedRelu, 0.5, kinks: [0.5]), function(.erf), function(.geluErf),
    function(.geluTanh), function(.mish), function(.affine, 1.5, -0.25),
  ]

  @Test(arguments: functions) func `agree with difference quotients`(of one: OperatorCase) throws {
    try one.check()
  }

  private static func binary(
    _ name: String, _ kind: Binary.Kind, _ a: Shape, _ b: Shape, positive: Bool = false,
    activation: ElementFunction = .identity
  ) -> OperatorCase {
    var numbers = Numbers(UInt64(name.utf8.count) + 5)
    func operand(_ shape: Shape, _ offset: Float) -> Tensor {
      let x = numbers.tensor(shape, kinks: [0])
      return Tensor(shape: shape, floats: x.floats.map { positive ? abs($0) + 1 + offset : $0 })
    }
    return OperatorCase(name, Binary(kind, activation: activation), [operand(a, 0), operand(b, 0.5)])
  }

  static let binaries = [
    binary("add", .add, [1, 3, 4, 5], [1, 3, 4, 5]),
    binary("add a bias", .add, [1, 3, 4, 5], [3, 1, 1]),
    binary("add a row", .add, [2, 3, 5], [5]),
    binary("add to a scalar", .add, [1], [2, 3, 4]),
    binary("subtract", .subtract, [2, 3], [2, 1]),
    binary("multiply", .multiply, [1, 2, 3, 3], [1, 2, 3, 3]),
    binary("squeeze and excite", .multiply, [1, 4, 3, 3], [1, 4, 1, 1]),
    binary("squeeze and excite, turned around", .multiply, [1, 4, 1, 1], [1, 4, 3, 3]),
    binary("both broadcast", .multiply, [3, 1, 4], [1, 5, 1]),
    binary("divide", .divide, [2, 4], [2, 4], positive: true),
    binary("divide by a scalar", .divide, [2, 4], [1], positive: true),
    binary("power", .power, [3, 4], [4], positive: true),
    binary("prelu", .prelu, [1, 3, 4, 4], [3, 1, 1]),
    binary("prelu, one slope", .prelu, [1, 3, 4, 4], [1]),
    binary("add and sigmoid", .add, [1, 3, 2, 2], [1, 3, 2, 2], activation: ElementFunction(.sigmoid)),
  ]

  @Test(arguments: binaries) func `of two operands agree with difference quotients`(of one: OperatorCase)
    throws
  {
    try one.check()
  }

  @Test(arguments: [Binary.Kind.maximum, .minimum])
  func `go to the larger or the smaller operand`(kind: Binary.Kind) throws {
    let a = Tensor(shape: [2, 3], floats: [1, 2, 3, -1, -2, -3])
    let b = Tensor(shape: [3], floats: [0.5, 2.5, 0])
    try OperatorCase("\(kind)", Binary(kind), [a, b]).check()
  }

  static let normalizations: [OperatorCase] = {
    var numbers = Numbers(3)
    let x = numbers.tensor([2, 3, 2, 4])
    let variance = Tensor(shape: [3], floats: [0.5, 1.5, 2])
    return [
      OperatorCase(
        "batch normalization", BatchNormalization(epsilon: 1e-3),
        [x, numbers.tensor([3]), numbers.tensor([3]), numbers.tensor([3]), variance], wanted: [0, 1, 2]),
      OperatorCase("softmax over channels", Softmax(axis: 1), [x]),
      OperatorCase("softmax over the last axis", Softmax(axis: 3), [x]),
      OperatorCase("flattened softmax", Softmax(axis: 1, flattens: true), [x]),
      OperatorCase("log softmax", Softmax(.log, axis: 1), [x]),
    ]
  }()

  @Test(arguments: normalizations) func `normalized agree with difference quotients`(of one: OperatorCase)
    throws
  {
    try one.check()
  }
}
