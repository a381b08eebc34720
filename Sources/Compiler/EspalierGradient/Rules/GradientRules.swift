internal import EspalierGraph
internal import EspalierOperators

/// The steps of a node: how it is computed, and how errors flow back through it.
typealias GradientRule = @Sendable (inout RuleContext) throws(GradientError) -> [any Step]

/// Which rule holds for which operator.
enum GradientRules {
  private static let table: [String: GradientRule] = [
    Conv.name: ConvolutionStep.record,
    ConvTranspose.name: TransposedConvolutionStep.record,
    Gemm.name: MatrixProductStep.recordGemm,
    MatMul.name: MatrixProductStep.recordMatMul,
    Unary.name: FunctionStep.record,
    Binary.name: BinaryStep.record,
    BatchNormalization.name: NormalizationStep.record,
    Reduce.name: ReductionStep.record,
    Softmax.name: SoftmaxStep.record,
    MaxPool.name: PoolingStep.recordMax,
    AveragePool.name: PoolingStep.recordAverage,
    Resize.name: ResamplingStep.record,
  ]

  /// Operators that copy elements to other places.
  private static let movements: Set<String> = [
    Identity.name, Reshape.name, Flatten.name, Squeeze.name, Unsqueeze.name, Transpose.name,
    Slice.name, Split.name, Concat.name, Gather.name, Pad.name, ChannelShuffle.name, DepthToSpace.name,
    SpaceToDepth.name, Expand.name, Tile.name,
  ]

  static func rule(for op: any Operator) -> GradientRule? {
    movements.contains(op.name) ? MovementStep.record : table[op.name]
  }

  /// Every operator that has a rule, by name.
  static var operators: [String] { (Array(table.keys) + movements).sorted() }
}
