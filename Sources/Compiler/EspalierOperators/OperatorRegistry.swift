public import EspalierGraph

/// Every operator that the compiler knows: one line each.
public enum OperatorRegistry {
  /// Operators that stand in graphs.
  public static let operators: [any LowerableOperator.Type] = [
    ArgReduce.self,
    AveragePool.self,
    BatchNormalization.self,
    Binary.self,
    BitCast.self,
    Cast.self,
    ChannelShuffle.self,
    Col2Im.self,
    Concat.self,
    Conv.self,
    ConvTranspose.self,
    Cumulation.self,
    DeformConv.self,
    DepthToSpace.self,
    DequantizeLinear.self,
    Expand.self,
    Flatten.self,
    Gather.self,
    GatherElements.self,
    GatherND.self,
    Gemm.self,
    GridSample.self,
    GroupNormalization.self,
    Identity.self,
    InstanceNormalization.self,
    LRN.self,
    LayerNormalization.self,
    LpNormalization.self,
    LpPool.self,
    MatMul.self,
    MaxPool.self,
    MaxUnpool.self,
    MeanVarianceNormalization.self,
    NonMaxSuppression.self,
    OneHot.self,
    Pad.self,
    QuantizeLinear.self,
    QuantizedAffine.self,
    QuantizedAveragePool.self,
    QuantizedBinary.self,
    QuantizedConv.self,
    QuantizedResize.self,
    QuantizedUnary.self,
    Reduce.self,
    Reshape.self,
    Resize.self,
    ReverseSequence.self,
    RoiAlign.self,
    ScatterElements.self,
    ScatterND.self,
    Slice.self,
    Softmax.self,
    SpaceToDepth.self,
    Split.self,
    Squeeze.self,
    Tile.self,
    TopK.self,
    Transpose.self,
    Trilu.self,
    Unary.self,
    Unsqueeze.self,
    Where.self,
  ]

  /// ONNX operators that are rewritten into others at import.
  public static let composites: [any NodeImporter.Type] = [
    BitwiseNot.self,
    CastLike.self,
    CenterCropPad.self,
    Clip.self,
    Compress.self,
    Constant.self,
    ConstantOfShape.self,
    Dropout.self,
    DynamicQuantizeLinear.self,
    EyeLike.self,
    GlobalPool.self,
    IntegerProducts.self,
    NonZero.self,
    PRelu.self,
    QuantizedConcat.self,
    QuantizedOperators.self,
    RangeOperator.self,
    ShapeOperator.self,
    Size.self,
    TensorScatter.self,
    Unique.self,
    Upsample.self,
    Variadic.self,
  ]

  private static let importers: [String: any NodeImporter.Type] = {
    var table: [String: any NodeImporter.Type] = [:]
    for importer in operators.map({ $0 as any NodeImporter.Type }) + composites {
      for name in importer.onnxNames {
        precondition(table.updateValue(importer, forKey: name) == nil, "two importers of \(name)")
      }
    }
    return table
  }()

  private static let byName: [String: any LowerableOperator.Type] = Dictionary(
    operators.map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })

  /// The importer of an ONNX operator; `domain` is `""` for ONNX's own.
  public static func importer(for name: String, domain: String) -> (any NodeImporter.Type)? {
    importers[domain.isEmpty ? name : "\(domain)::\(name)"]
  }

  /// The operator of this name in the text form.
  public static func `operator`(named name: String) -> (any LowerableOperator.Type)? { byName[name] }

  /// The ONNX operators that can be imported, sorted.
  public static var onnxNames: [String] { importers.keys.sorted() }
}
