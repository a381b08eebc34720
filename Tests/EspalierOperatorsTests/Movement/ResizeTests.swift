import EspalierGraph
import EspalierOperators
import Testing

/// Expected values come from ONNX's reference evaluator 1.23, on x[i] = 7 i mod 11; ONNX Runtime agrees
/// with all but `tf_crop_and_resize`.
@Suite("Resize") struct ResizeTests {
  private func input(_ shape: Shape) -> Tensor {
    Tensor(shape: shape, floats: (0..<shape.elementCount).map { Float($0 * 7 % 11) })
  }

  private func resize(
    _ shape: Shape, sizes: [Int64]? = nil, scales: [Float]? = nil, roi: [Float]? = nil, opset: Int = 19,
    _ attributes: [String: AttributeValue]
  ) -> ImportCase {
    var inputs: [ImportCase.Input] = [.frame(input(shape))]
    inputs.append(roi.map { .known(Tensor(shape: [$0.count], floats: $0)) } ?? .absent)
    inputs.append(scales.map { .known(Tensor(shape: [$0.count], floats: $0)) } ?? .absent)
    if let sizes { inputs.append(.known(.integers(sizes))) }
    return ImportCase("Resize", opset: opset, attributes, inputs)
  }

  private func expect(
    _ node: ImportCase, _ shape: Shape, _ expected: [Float],
    sourceLocation: SourceLocation = #_sourceLocation
  ) throws {
    let expected = Tensor(shape: shape, floats: expected)
    expectClose(try node.evaluated()[0], expected, sourceLocation: sourceLocation)
    expectClose(try node.lowered()[0], expected, sourceLocation: sourceLocation)
  }

  @Test(
    arguments: [
      ("half_pixel", [0, 2.5, 6.5, 5, 3.5, 7.5, 10]), ("pytorch_half_pixel", [0, 2.5, 6.5, 5, 3.5, 7.5, 10]),
      ("align_corners", [0, 3.5, 7, 5, 3, 6.5, 10]),
      ("asymmetric", [0, 4, 6.428571, 4.142857, 5, 9, 10]),
    ] as [(String, [Float])])
  func `is linear between the places that the coordinate mode gives`(mode: String, expected: [Float]) throws {
    let attributes: [String: AttributeValue] = [
      "mode": .string("linear"), "coordinate_transformation_mode": .string(mode),
    ]
    try expect(resize([1, 1, 1, 4], sizes: [1, 1, 1, 7], attributes), [1, 1, 1, 7], expected)
  }

  @Test func `centers half_pixel_symmetric where the length is not whole`() throws {
    let attributes: [String: AttributeValue] = [
      "mode": .string("linear"), "coordinate_transformation_mode": .string("half_pixel_symmetric"),
    ]
    try expect(
      resize([1, 1, 1, 4], scales: [1, 1, 1, 1.6], attributes), [1, 1, 1, 6],
      [0, 3.9375, 6.25, 3.75, 6.0625, 10])
  }

  @Test(
    arguments: [
      ("round_prefer_floor", [0, 0, 7, 7, 3, 3, 10, 10]), ("floor", [0, 0, 7, 7, 3, 3, 10, 10]),
      ("round_prefer_ceil", [0, 7, 7, 3, 3, 10, 10, 10]), ("ceil", [0, 7, 7, 3, 3, 10, 10, 10]),
    ] as [(String, [Float])])
  func `takes the neighbor that nearest_mode names`(mode: String, expected: [Float]) throws {
    let attributes: [String: AttributeValue] = [
      "nearest_mode": .string(mode), "coordinate_transformation_mode": .string("asymmetric"),
    ]
    try expect(resize([1, 1, 1, 4], sizes: [1, 1, 1, 8], attributes), [1, 1, 1, 8], expected)
  }

  @Test func `is cubic with coefficient -0.75, or another without the outside`() throws {
    let plain: [String: AttributeValue] = ["mode": .string("cubic")]
    try expect(
      resize([1, 1, 1, 5], sizes: [1, 1, 1, 8], plain), [1, 1, 1, 8],
      [-0.64984, 3.33167, 7.07043, 3.74646, 4.80481, 9.80603, 8.28448, 5.62866])
    let other: [String: AttributeValue] = [
      "mode": .string("cubic"), "cubic_coeff_a": .float(-0.5), "exclude_outside": .int(1),
    ]
    try expect(
      resize([1, 1, 1, 5], sizes: [1, 1, 1, 8], other), [1, 1, 1, 8],
      [-0.50369, 2.96495, 7.03198, 3.80688, 4.74438, 9.84448, 7.93161, 5.71218])
  }

  @Test func `widens its filters to shrink with antialias`() throws {
    try expect(
      resize([1, 1, 1, 8], sizes: [1, 1, 1, 3], ["mode": .string("linear"), "antialias": .int(1)]),
      [1, 1, 1, 3], [3.76744, 6.16667, 5.83721])
    try expect(
      resize([1, 1, 1, 8], sizes: [1, 1, 1, 3], ["mode": .string("cubic"), "antialias": .int(1)]),
      [1, 1, 1, 3], [3.77317, 6.55608, 5.68227])
  }

  @Test func `extrapolates outside the region of tf_crop_and_resize`() throws {
    let node = resize(
      [1, 1, 1, 4], sizes: [1, 1, 1, 4], roi: [0, 0, 0, -0.5, 1, 1, 1, 1],
      [
        "mode": .string("linear"), "coordinate_transformation_mode": .string("tf_crop_and_resize"),
        "extrapolation_value": .float(9),
      ])
    try expect(node, [1, 1, 1, 4], [9, 0, 5, 10])
  }

  @Test(arguments: ["align_corners", "pytorch_half_pixel"])
  func `takes the first element for an output of size 1`(mode: String) throws {
    let attributes: [String: AttributeValue] = [
      "mode": .string("linear"), "coordinate_transformation_mode": .string(mode),
    ]
    try expect(resize([1, 1, 1, 4], sizes: [1, 1, 1, 1], attributes), [1, 1, 1, 1], [0])
  }

  /// Expected value: ONNX Runtime 1.31; ONNX's reference evaluator takes the fractional length here.
  @Test func `takes the first element where pytorch_half_pixel rounds the length down to 1`() throws {
    let attributes: [String: AttributeValue] = [
      "mode": .string("linear"), "coordinate_transformation_mode": .string("pytorch_half_pixel"),
    ]
    try expect(resize([1, 1, 1, 3], scales: [1, 1, 1, 0.5], attributes), [1, 1, 1, 1], [0])
  }

  @Test func `keeps the aspect ratio of the axes that it names`() throws {
    var attributes: [String: AttributeValue] = [
      "axes": .ints([3, -2]), "keep_aspect_ratio_policy": .string("not_larger"),
    ]
    try expect(resize([1, 1, 2, 4], sizes: [3, 3], attributes), [1, 1, 2, 3], [0, 7, 10, 6, 2, 5])
    attributes["keep_aspect_ratio_policy"] = .string("not_smaller")
    try expect(
      resize([1, 1, 2, 4], sizes: [3, 3], attributes), [1, 1, 3, 6],
      [0, 0, 7, 3, 3, 10, 0, 0, 7, 3, 3, 10, 6, 6, 2, 9, 9, 5])
  }

  @Test func `rounds scaled extents down`() throws {
    try expect(
      resize([1, 1, 2, 3], scales: [1, 1, 2, 1.5], ["mode": .string("linear")]), [1, 1, 4, 4],
      [
        0, 3.5, 6.33333, 3.66667, 2.5, 4.625, 6.08333, 3.41667, 7.5, 6.875, 5.58333, 2.91667, 10, 8, 5.33333,
        2.66667,
      ])
    // 0.7 is less than 7/10 in float32, yet 10 pixels give 7, as the product is rounded to float32 first.
    let graph = try resize([1, 1, 1, 10], scales: [1, 1, 1, 0.7], [:]).graph()
    #expect(graph.type(of: graph.outputs[0]).shape == [1, 1, 1, 7])
  }

  /// ONNX's test_resize_downsample_nearest of opset 10: 2x4 by 0.6 gives [1, 3].
  @Test func `of opset 10 has two inputs and takes the ceiling when it shrinks`() throws {
    let scales = Tensor(shape: [4], floats: [1, 1, 0.6, 0.6])
    let x = Tensor(shape: [1, 1, 2, 4], floats: [1, 2, 3, 4, 5, 6, 7, 8])
    let node = ImportCase("Resize", opset: 10, [:], [.frame(x), .known(scales)])
    try expect(node, [1, 1, 1, 2], [1, 3])
  }

  @Test func `takes Upsample with scales as an attribute and as an input`() throws {
    let expected: [Float] = [0, 0, 7, 7, 0, 0, 7, 7]
    let old = ImportCase(
      "Upsample", opset: 7, ["scales": .floats([1, 1, 2, 2])], [.frame(input([1, 1, 1, 2]))])
    try expect(old, [1, 1, 2, 4], expected)
    let newer = ImportCase(
      "Upsample", opset: 9, [:],
      [.frame(input([1, 1, 1, 2])), .known(Tensor(shape: [4], floats: [1, 1, 2, 2]))])
    try expect(newer, [1, 1, 2, 4], expected)
  }

  @Test(arguments: ["nearest", "linear", "cubic"], [[2, 3], [0, 1], [1, 2], [3], [1], [0, 2]])
  func `of any two axes agrees with the kernels`(mode: String, axes: [Int]) throws {
    var generator = SeededGenerator(seed: 6)
    for rank in [4, 3] where axes.allSatisfy({ $0 < rank }) {
      let x = generator.tensor(Array([3, 9, 5, 4].prefix(rank)))
      let sizes = axes.map { Int64(x.shape[$0] * 3 / 2) }
      let node = ImportCase(
        "Resize", opset: 18, ["mode": .string(mode), "axes": .ints(axes.map(Int64.init))],
        [.frame(x), .absent, .absent, .known(.integers(sizes))])
      expectClose(try node.lowered()[0], try node.evaluated()[0])
    }
  }

  @Test func `nearest of five axes agrees with the kernels, linear is left to the reference`() throws {
    var generator = SeededGenerator(seed: 7)
    let x = generator.tensor([1, 2, 3, 2, 3])
    let scales = Tensor(shape: [5], floats: [1, 1, 2, 2, 2])
    let nearest = ImportCase("Resize", opset: 13, [:], [.frame(x), .absent, .known(scales)])
    expectClose(try nearest.lowered()[0], try nearest.evaluated()[0], tolerance: 0)
    let linear = ImportCase(
      "Resize", opset: 13, ["mode": .string("linear")], [.frame(x), .absent, .known(scales)])
    #expect(try linear.evaluated()[0].shape == [1, 2, 6, 4, 6])
    #expect(throws: LoweringError.self) { try linear.lowered() }
  }

  @Test func `refuses sizes and scales that do not fit`() {
    #expect(throws: ImportError.self) { try resize([1, 1, 2, 2], sizes: [1, 1], [:]).graph() }
    #expect(throws: ImportError.self) { try resize([1, 1, 2, 2], scales: [1, 1, 0, -1], [:]).graph() }
    #expect(throws: ImportError.self) { try resize([1, 1, 2, 2], scales: [1, 1, .nan, 1], [:]).graph() }
    #expect(throws: ImportError.self) { try resize([1, 1, 2, 2], scales: [1, 1, 1e30, 1e30], [:]).graph() }
    #expect(throws: ImportError.self) {
      try resize([1, 1, 2, 2], sizes: [1, 1, 2, 2], ["mode": .string("lanczos")]).graph()
    }
  }

  @Test func `lets channels pass unless it resamples them`() throws {
    let map = [TensorType(.float32, [1, 4, 2, 2])]
    let spatial = try resize([1, 4, 2, 2], sizes: [1, 4, 4, 4], [:]).graph().nodes[0].op
    #expect(spatial.channelRule(map) == .passThrough)
    let channels = try resize([1, 4, 2, 2], sizes: [1, 8, 2, 2], [:]).graph().nodes[0].op
    #expect(channels.channelRule(map) == .barrier(reason: "Resize resamples the channel axis"))
  }
}
