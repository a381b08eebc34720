import EspalierGradient
import EspalierGraph
import EspalierOperators
import Testing

@Suite("Gradients of everything between convolutions") struct StructureGradientTests {
  private static func tensor(_ shape: Shape, _ seed: UInt64 = 1) -> Tensor {
    var numbers = Numbers(seed)
    return numbers.tensor(shape)
  }

  static let products: [OperatorCase] = [
    OperatorCase("Gemm", Gemm(hasAddend: true), [tensor([2, 3]), tensor([3, 4], 2), tensor([4], 3)]),
    OperatorCase(
      "Gemm, both transposed",
      Gemm(alpha: 0.5, beta: 2, transposesA: true, transposesB: true, hasAddend: true),
      [tensor([3, 2]), tensor([4, 3], 2), tensor([2, 1], 3)]),
    OperatorCase("Gemm, A transposed", Gemm(transposesA: true), [tensor([3, 2]), tensor([3, 4], 2)]),
    OperatorCase(
      "Gemm, B transposed", Gemm(transposesB: true, hasAddend: true, activation: ElementFunction(.sigmoid)),
      [tensor([1, 5]), tensor([4, 5], 2), tensor([4], 3)]),
    OperatorCase("MatMul", MatMul(), [tensor([3, 4]), tensor([4, 2], 2)]),
    OperatorCase("MatMul over a batch", MatMul(), [tensor([2, 3, 4]), tensor([2, 4, 2], 2)]),
    OperatorCase("MatMul, broadcast", MatMul(), [tensor([2, 1, 3, 4]), tensor([3, 4, 2], 2)]),
    OperatorCase("MatMul of a vector", MatMul(), [tensor([4]), tensor([4, 2], 2)]),
    OperatorCase("MatMul by a vector", MatMul(), [tensor([2, 4]), tensor([4], 2)]),
  ]

  static let movements: [OperatorCase] = [
    OperatorCase(
      "Concat", Concat(axis: 1), [tensor([1, 2, 3]), tensor([1, 3, 3], 2), tensor([1, 1, 3], 3)]),
    OperatorCase("Split", Split(axis: 1, sizes: [1, 3]), [tensor([2, 4, 2])]),
    OperatorCase("Slice", Slice([.init(axis: 2, start: 1, end: 6, step: 2)]), [tensor([1, 2, 7])]),
    OperatorCase(
      "Gather the same twice", Gather(axis: 1, table: .init(shape: [3], indices: [2, 0, 2])),
      [tensor([1, 3, 2])]),
    OperatorCase("ChannelShuffle", ChannelShuffle(groups: 2), [tensor([1, 6, 2, 2])]),
    OperatorCase("Reshape", Reshape(shape: [3, 4]), [tensor([2, 6])]),
    OperatorCase("Transpose", Transpose(permutation: [0, 2, 3, 1]), [tensor([1, 2, 3, 4])]),
    OperatorCase("Flatten", Flatten(axis: 1), [tensor([1, 2, 3])]),
    OperatorCase(
      "Pad by a value", Pad(value: 3, before: [0, 1, 0], after: [0, 2, 1]), [tensor([1, 2, 3])]),
    OperatorCase("Pad by mirroring", Pad(mode: .reflect, before: [0, 2], after: [0, 1]), [tensor([2, 4])]),
    OperatorCase("DepthToSpace", DepthToSpace(blockSize: 2), [tensor([1, 8, 2, 3])]),
    OperatorCase("SpaceToDepth", SpaceToDepth(blockSize: 2), [tensor([1, 2, 4, 2])]),
    OperatorCase("Squeeze", Squeeze(axes: [1]), [tensor([2, 1, 3])]),
    OperatorCase("Unsqueeze", Unsqueeze(axes: [0, 3]), [tensor([2, 3])]),
    OperatorCase("Tile", Tile(repeats: [2, 1, 3]), [tensor([1, 2, 2])]),
    OperatorCase("Identity", Identity(), [tensor([2, 3])]),
    OperatorCase("Expand", Expand(shape: [2, 3, 4]), [tensor([2, 1, 4])]),
  ]

  static let windows: [OperatorCase] = [
    OperatorCase(
      "MaxPool", MaxPool(kernel: [3, 3], strides: [2, 2], pads: [1, 1, 1, 1]), [spread([1, 2, 7, 5])],
      step: 0.005),
    OperatorCase(
      "MaxPool, rounded up", MaxPool(kernel: [2, 2], strides: [2, 2], roundsUp: true),
      [spread([1, 2, 5, 5])],
      step: 0.005),
    OperatorCase(
      "AveragePool", AveragePool(kernel: [3, 3], strides: [2, 2], pads: [1, 1, 1, 1]), [tensor([1, 2, 7, 5])]),
    OperatorCase(
      "AveragePool with its padding",
      AveragePool(
        kernel: [3, 2], strides: [1, 2], pads: [1, 0, 1, 1], roundsUp: true, countsPadding: true),
      [tensor([2, 2, 5, 6])]),
    OperatorCase(
      "AveragePool along one axis", AveragePool(kernel: [3], strides: [2], dilations: [1], pads: [1, 1]),
      [tensor([1, 3, 8])]),
    OperatorCase("mean", Reduce(.mean, axes: [2, 3]), [tensor([2, 3, 4, 3])]),
    OperatorCase("sum over channels", Reduce(.sum, axes: [1], keepsAxes: false), [tensor([2, 3, 4])]),
    OperatorCase("max", Reduce(.max, axes: [2]), [spread([1, 3, 5])], step: 0.005),
    OperatorCase("min", Reduce(.min, axes: [1], keepsAxes: false), [spread([1, 4, 3])], step: 0.005),
    OperatorCase("l1", Reduce(.l1, axes: [1, 2]), [spread([2, 3, 4])], step: 0.005),
    OperatorCase("l2", Reduce(.l2, axes: [1]), [tensor([2, 5, 2])]),
    OperatorCase("sum of squares", Reduce(.sumSquare, axes: [2]), [tensor([1, 2, 5])]),
  ]

  /// Elements at least 0.05 apart, so that differences change no maximum.
  private static func spread(_ shape: Shape) -> Tensor {
    let count = shape.elementCount
    let elements = (0..<count).map { 0.05 * (Float($0 * 37 % count) + 0.5) - 0.025 * Float(count) }
    return Tensor(shape: shape, floats: elements)
  }

  private static func resize(
    _ name: String, _ mode: Resize.Mode, _ coordinates: Resize.CoordinateMode, _ shape: Shape,
    to spatial: [Int]
  ) -> OperatorCase {
    let axes = spatial.enumerated().map { index, extent in
      let scale = Float(extent) / Float(shape[index + 2])
      return Resize.Axis(axis: index + 2, extent: extent, scale: scale, length: Float(extent))
    }
    return OperatorCase(name, Resize(mode: mode, coordinates: coordinates, axes: axes), [tensor(shape)])
  }

  static let resizes = [
    resize("nearest, twice", .nearest, .asymmetric, [1, 2, 3, 4], to: [6, 8]),
    resize("linear, twice", .linear, .halfPixel, [1, 2, 3, 4], to: [6, 8]),
    resize("linear, aligned corners, smaller", .linear, .alignCorners, [2, 1, 7, 5], to: [3, 4]),
    resize("cubic", .cubic, .halfPixel, [1, 1, 5, 4], to: [7, 9]),
  ]

  @Test(arguments: products + movements + windows + resizes)
  func `agree with difference quotients`(of one: OperatorCase) throws { try one.check() }
}
