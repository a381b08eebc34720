import EspalierOperators
import Testing

@Suite("The operators that can be imported") struct OperatorCatalogTests {
  @Test func `stand in the catalog, all of them and no others`() {
    #expect(OperatorCatalog.names == OperatorRegistry.onnxNames)
  }

  /// Operators without which hardly a convolutional network runs, then those of detectors and segmentation.
  @Test(arguments: [
    """
    Conv Relu Add MaxPool GlobalAveragePool Gemm Flatten Reshape Concat Constant BatchNormalization Clip
    Sigmoid Mul Transpose Resize Identity Dropout
    """,
    """
    Slice Split LeakyRelu AveragePool Pad Softmax Sub Div Exp Unsqueeze Squeeze Gather Shape Cast
    ConstantOfShape ConvTranspose Upsample MatMul ReduceMean Sum HardSigmoid HardSwish PRelu Tanh DepthToSpace
    SpaceToDepth Expand Tile ArgMax
    """,
  ])
  func `cover what exported networks are made of`(list: String) {
    let names = list.split(whereSeparator: \.isWhitespace).map(String.init)
    #expect(names.filter { !OperatorRegistry.onnxNames.contains($0) } == [])
  }

  @Test func `name the opsets of ONNX's history`() throws {
    // Source: Operators.md and Changelog.md of ONNX 1.22.
    #expect(try #require(OperatorCatalog.entry(of: "Resize")).opsets == 10...19)
    #expect(try #require(OperatorCatalog.entry(of: "ArgMax")).tier == .reduction)
    #expect(OperatorCatalog.entry(of: "LSTM") == nil)
  }
}
