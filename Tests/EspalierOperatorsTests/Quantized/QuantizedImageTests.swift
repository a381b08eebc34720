import CEspalierKernels
import EspalierGraph
import EspalierOperators
import Testing

/// Operators over quantized images, each held to the float operator between DequantizeLinear and QuantizeLinear.
@Suite("Quantized images") struct QuantizedImageTests {
  private static let input = Quantization(scale: 0.05, zeroPoint: 90)
  private static let output = Quantization(scale: 0.0437, zeroPoint: 110)

  private func image(_ shape: Shape, _ element: ElementType = .uint8) -> Tensor {
    let least: Int64 = element == .int8 ? -128 : 0
    return Tensor(
      shape: shape, element: element,
      integers: (0..<shape.elementCount).map { least + Int64($0 * 83 + $0 / 7 * 19) % 256 })
  }

  private func values(_ tensor: Tensor, _ quantization: Quantization) -> Tensor {
    Tensor(shape: tensor.shape, floats: tensor.integers.map { quantization.value(of: Int($0)) })
  }

  /// What the operator gives: the same from kernels of every instruction set as from the reference.
  private func result(_ op: any Operator, _ x: Tensor, _ constants: [Tensor] = []) throws -> Tensor {
    var graph = Graph()
    let frame = graph.appendInput(name: "x", type: TensorType(.float32, x.shape))
    let element = x.type.element
    let bytes = try graph.append(
      QuantizeLinear(scales: [1], zeroPoints: [0], element: element), name: "q", inputs: [frame])
    let inputs = bytes + constants.enumerated().map { graph.appendConstant(name: "c\($0)", $1) }
    let y = try graph.append(op, name: "y", inputs: inputs)[0]
    graph.appendOutput(y, name: "y")
    let given = [Tensor(shape: x.shape, floats: x.asFloats)]
    let expected = try Interpreter.run(graph, inputs: given)
    for isa in [espalier_isa_scalar, espalier_isa_avx2, espalier_isa_best()] {
      var executor = try LoweredExecutor(graph, isa: isa)
      #expect(try executor.run(given) == expected)
    }
    return expected[0]
  }

  private func resize(_ coordinates: Resize.CoordinateMode, _ extents: [Int], of shape: Shape) -> Resize {
    Resize(
      mode: .linear, coordinates: coordinates,
      axes: extents.enumerated().map { index, extent in
        let scale = Float(extent) / Float(shape[index + 2])
        return Resize.Axis(axis: index + 2, extent: extent, scale: scale, length: Float(extent))
      })
  }

  /// Twice as large, the weights are quarters: nothing but the rounding to whole elements is lost.
  @Test(arguments: [ElementType.uint8, .int8], [Resize.CoordinateMode.halfPixel, .asymmetric])
  func `twice as large are exact but for the last rounding`(
    element: ElementType, coordinates: Resize.CoordinateMode
  ) throws {
    let x = image([2, 5, 4, 7], element)
    let op = resize(coordinates, [8, 14], of: x.shape)
    let exact = try op.evaluate([Tensor(shape: x.shape, floats: x.asFloats)])[0].floats
    let found = try result(QuantizedResize(op), x)
    #expect(found.shape == [2, 5, 8, 14])
    #expect(found.integers == exact.map { Int64(($0 + 0.5).rounded(.down)) })
  }

  /// Weights are off by half a 128th along either axis, which 255 makes less than 2.
  @Test(arguments: [[9, 13], [3, 20], [4, 7], [1, 1], [11, 7]], [1, 16, 37])
  func `of any other size are less than three elements off`(extents: [Int], channels: Int) throws {
    let x = image([1, channels, 4, 7])
    for coordinates in [Resize.CoordinateMode.alignCorners, .halfPixel] {
      let op = resize(coordinates, extents, of: x.shape)
      let exact = try op.evaluate([Tensor(shape: x.shape, floats: x.asFloats)])[0].floats
      let found = try result(QuantizedResize(op), x)
      let worst = zip(found.integers, exact).map { abs(Float($0) - $1) }.max() ?? 0
      #expect(worst < 3)
    }
  }

  @Test func `refuse resampling that has no kernel`() {
    var op = resize(.halfPixel, [8, 14], of: [1, 2, 4, 7])
    op.mode = .cubic
    #expect(throws: ShapeError.self) {
      try QuantizedResize(op).inferOutputs([TensorType(.uint8, [1, 2, 4, 7])])
    }
  }

  @Test(
    arguments: [ElementType.uint8, .int8], [[2, 5], [1, 37, 3, 4], [2, 16, 5], [1, 3, 2, 2, 3]])
  func `have every channel scaled and its negative numbers again`(element: ElementType, shape: Shape) throws {
    let x = image(shape, element)
    let channels = shape[1]
    let factors = (0..<channels).map { 1.5 - 0.4 * Float($0 % 7) }
    let addends = (0..<channels).map { Float($0 % 5) - 2 }
    let slopes = (0..<channels).map { Float($0 % 3) * 0.3 }
    let op = QuantizedAffine(input: Self.input, output: Self.output, outputElement: element)
    let found = try result(op, x, [factors, addends, slopes].map { Tensor(shape: [channels], floats: $0) })
    let plane = shape.dropFirst(2).reduce(1, *)
    let range = element == .int8 ? -128...127 : 0...255
    var moved = 0
    for (position, value) in values(x, Self.input).floats.enumerated() {
      let c = position / plane % channels
      let t = Double(factors[c]) * Double(value) + Double(addends[c])
      let y = t < 0 ? t * Double(slopes[c]) : t
      let expected = Self.output.element(of: Float(y), in: range)
      #expect(abs(Int(found.integers[position]) - expected) <= 1)
      if Int(found.integers[position]) != expected { moved += 1 }
    }
    #expect(moved * 100 <= x.count, "only ties may differ")
  }
}
