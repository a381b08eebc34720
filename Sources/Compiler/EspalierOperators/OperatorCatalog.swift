/// The ONNX operators by tier, each with the versions of its definition that an import follows.
///
/// `OperatorRegistry` says which operators there are; a test holds this list against it.
public enum OperatorCatalog {
  /// Operators that belong together, in the order in which the conformance list takes them up.
  public enum Tier: Int, Sendable, CaseIterable {
    /// Convolution, pooling, normalization, matrix products.
    case linear = 0
    /// Activations and other functions of one element.
    case activation = 1
    /// Arithmetic, comparisons and logic on two or more tensors.
    case arithmetic = 2
    /// Shapes and the movement of data.
    case movement = 3
    /// Reductions.
    case reduction = 4
    /// What stands behind detectors.
    case detection = 5
    /// Quantized tensors.
    case quantized = 6
    /// Transformers.
    case attention = 7
  }

  /// One operator, of ONNX's own domain or of `com.microsoft`.
  public struct Entry: Sendable {
    public let tier: Tier
    /// The opsets (of its domain) in which ONNX introduced the operator and in which it last changed its definition.
    public let opsets: ClosedRange<Int>
  }

  /// What is known of an operator (`domain::Name` outside ONNX's own domain); nil where it cannot be imported.
  public static func entry(of name: String) -> Entry? { entries[name] }

  /// The operators of the catalog, sorted.
  public static var names: [String] { entries.keys.sorted() }

  private static let entries: [String: Entry] = {
    var entries: [String: Entry] = [:]
    for (tier, operators) in table {
      for (name, opsets) in operators { entries[name] = Entry(tier: tier, opsets: opsets) }
    }
    return entries
  }()

  private static let table: [Tier: [String: ClosedRange<Int>]] = [
    .linear: [
      "AveragePool": 1...22, "BatchNormalization": 1...15, "Conv": 1...22, "ConvTranspose": 1...22,
      "Gemm": 1...13, "GlobalAveragePool": 1...22, "GlobalLpPool": 1...22, "GlobalMaxPool": 1...22,
      "GroupNormalization": 18...21, "InstanceNormalization": 1...22, "LRN": 1...13,
      "LayerNormalization": 17...17, "LpNormalization": 1...22, "LpPool": 1...22, "MatMul": 1...13,
      "MaxPool": 1...22, "MeanVarianceNormalization": 9...13,
    ],
    .activation: [
      "Abs": 1...13, "Acos": 7...22, "Acosh": 9...22, "Asin": 7...22, "Asinh": 9...22, "Atan": 7...22,
      "Atanh": 9...22, "BitwiseNot": 18...18, "Ceil": 1...13, "Celu": 12...12, "Clip": 1...13,
      "Cos": 7...22, "Cosh": 9...22, "Dropout": 1...22, "Elu": 1...22, "Erf": 9...13, "Exp": 1...13,
      "Floor": 1...13, "Gelu": 20...20, "HardSigmoid": 1...22, "HardSwish": 14...22, "Hardmax": 1...13,
      "Identity": 1...25, "IsInf": 10...20, "IsNaN": 9...20, "LeakyRelu": 1...16, "Log": 1...13,
      "LogSoftmax": 1...13, "Mish": 18...22, "Neg": 1...13, "Not": 1...1, "PRelu": 1...16,
      "Reciprocal": 1...13, "Relu": 1...14, "Round": 11...22, "Selu": 1...22, "Shrink": 9...9,
      "Sigmoid": 1...13, "Sign": 9...13, "Sin": 7...22, "Sinh": 9...22, "Softmax": 1...13,
      "Softplus": 1...22, "Softsign": 1...22, "Sqrt": 1...13, "Swish": 24...24, "Tan": 7...22,
      "Tanh": 1...13, "ThresholdedRelu": 10...22,
    ],
    .arithmetic: [
      "Add": 1...14, "And": 1...7, "BitShift": 11...11, "BitwiseAnd": 18...18, "BitwiseOr": 18...18,
      "BitwiseXor": 18...18, "Div": 1...14, "Equal": 1...19, "Greater": 1...13, "GreaterOrEqual": 12...16,
      "Less": 1...13, "LessOrEqual": 12...16, "Max": 1...13, "Mean": 1...13, "Min": 1...13, "Mod": 10...13,
      "Mul": 1...14, "Or": 1...7, "Pow": 1...15, "Sub": 1...14, "Sum": 1...13, "Where": 9...16,
      "Xor": 1...7,
    ],
    .movement: [
      "BitCast": 26...26, "Cast": 1...25, "CastLike": 15...25, "CenterCropPad": 18...18,
      "Compress": 9...11, "Concat": 1...13, "Constant": 1...25, "ConstantOfShape": 9...25,
      "CumProd": 26...26, "CumSum": 11...14, "DepthToSpace": 1...13, "Expand": 8...13, "EyeLike": 9...22,
      "Flatten": 1...25, "Gather": 1...13, "GatherElements": 11...13, "GatherND": 11...13,
      "NonZero": 9...13, "Pad": 1...25, "Range": 11...27, "Reshape": 1...25, "Resize": 10...19,
      "ReverseSequence": 10...10, "Scatter": 9...11, "ScatterElements": 11...18, "ScatterND": 11...18,
      "Shape": 1...25, "Size": 1...25, "Slice": 1...13, "SpaceToDepth": 1...13, "Split": 1...18,
      "Squeeze": 1...25, "TensorScatter": 24...24, "Tile": 1...13, "Transpose": 1...25, "Trilu": 14...14,
      "Unique": 11...11, "Unsqueeze": 1...25, "Upsample": 1...10,
    ],
    .reduction: [
      "ArgMax": 1...13, "ArgMin": 1...13, "ReduceL1": 1...18, "ReduceL2": 1...18, "ReduceLogSum": 1...18,
      "ReduceLogSumExp": 1...18, "ReduceMax": 1...20, "ReduceMean": 1...18, "ReduceMin": 1...20,
      "ReduceProd": 1...18, "ReduceSum": 1...13, "ReduceSumSquare": 1...18,
    ],
    .detection: [
      "Col2Im": 18...18, "DeformConv": 19...22, "GridSample": 16...22, "MaxUnpool": 9...22,
      "NonMaxSuppression": 10...11, "OneHot": 9...11, "RoiAlign": 10...22, "TopK": 1...24,
    ],
    .quantized: [
      "ConvInteger": 10...10, "DequantizeLinear": 10...25, "DynamicQuantizeLinear": 11...11,
      "MatMulInteger": 10...10, "QLinearConv": 10...10, "QLinearMatMul": 10...21, "QuantizeLinear": 10...25,
      "com.microsoft::QGemm": 1...1, "com.microsoft::QLinearAdd": 1...1,
      "com.microsoft::QLinearAveragePool": 1...1,
      "com.microsoft::QLinearConcat": 1...1, "com.microsoft::QLinearGlobalAveragePool": 1...1,
      "com.microsoft::QLinearLeakyRelu": 1...1, "com.microsoft::QLinearMul": 1...1,
      "com.microsoft::QLinearSigmoid": 1...1, "com.microsoft::QLinearSoftmax": 1...1,
    ],
    .attention: [
      "RMSNormalization": 23...23
    ],
  ]
}
