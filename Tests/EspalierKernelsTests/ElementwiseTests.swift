import CEspalierKernels
import EspalierKernels
import Testing

@Suite("Filling and copying views") struct MovementTests {
  @Test(arguments: espalier_isa.available(for: FillParameters.family))
  func `fill sets a view and nothing else`(isa: espalier_isa) throws {
    var generator = SeededGenerator(state: 1)
    for extent in testExtents {
      let view = TestView(random: extent, broadcast: false, using: &generator)
      let before = generator.floats(view.elementCount)
      var expected = before
      forEachIndex(extent) { expected[view.offset($0)] = 3.5 }
      let p = FillParameters(
        extent: sixAxes(extent, fill: 1), stride: view.axes, base: Int32(view.base), value: 3.5)
      #expect(try GuardedCall(p, [.floats(before)]).run(isa)[0] == expected, "\(extent) \(view)")
    }
  }

  @Test(arguments: espalier_isa.available(for: CopyParameters.family), 1...3 as ClosedRange<UInt64>)
  func `copy moves any view into any other`(isa: espalier_isa, seed: UInt64) throws {
    var generator = SeededGenerator(state: seed)
    for extent in testExtents {
      let from = TestView(random: extent, broadcast: true, using: &generator)
      let to = TestView(random: extent, broadcast: false, using: &generator)
      try expectCopy(extent, from, to, isa, &generator)
    }
  }

  /// Channel counts of pictures and of feature maps, sides with tails, pixels with and without a gap.
  @Test(
    arguments: espalier_isa.available(for: CopyParameters.family), [1, 2, 3, 4, 5, 8, 13, 16, 17, 24, 37, 64])
  func `copy changes between NCHW and NHWC`(isa: espalier_isa, channels: Int) throws {
    var generator = SeededGenerator(state: 5)
    for (height, width) in [(1, 1), (3, 5), (7, 7), (8, 16), (13, 33), (30, 31)] {
      for pixel in [channels, (channels + 7) / 8 * 8, channels + 1] {
        let row = pixel * (width + 2)
        let extent = [2, channels, height, width]
        let planar = TestView(contiguous: extent)
        var interleaved = planar
        interleaved.stride = [row * (height + 2), 1, row, pixel]
        interleaved.base = row + pixel
        interleaved.elementCount = 2 * row * (height + 2)
        try expectCopy(extent, planar, interleaved, isa, &generator)
        try expectCopy(extent, interleaved, planar, isa, &generator)
      }
    }
  }

  private func expectCopy(
    _ extent: [Int], _ from: TestView, _ to: TestView, _ isa: espalier_isa,
    _ generator: inout SeededGenerator
  ) throws {
    let source = generator.floats(from.elementCount)
    let before = generator.floats(to.elementCount)
    var expected = before
    forEachIndex(extent) { expected[to.offset($0)] = source[from.offset($0)] }
    let p = CopyParameters(
      extent: sixAxes(extent, fill: 1), input_stride: from.axes, output_stride: to.axes,
      input_base: Int32(from.base), output_base: Int32(to.base))
    let results = try GuardedCall(p, [.floats(source), .floats(before)]).run(isa)
    #expect(results[1] == expected, "\(extent) \(from) \(to)")
    #expect(results[0] == source)
  }
}

@Suite("Functions of one element") struct UnaryTests {
  /// Lengths below, at and above the vector widths; values of all sizes and the special ones.
  @Test(
    arguments: espalier_isa.available(for: UnaryParameters.family),
    (0..<espalier_function_count.rawValue).map { espalier_function(rawValue: $0) })
  func `agree with the definition`(isa: espalier_isa, function: espalier_function) throws {
    var generator = SeededGenerator(state: UInt64(function.rawValue))
    let (alpha, beta) = (Float(0.75), Float(1.5))
    var x: [Float] = [
      0, -0.0, 1, -1, .infinity, -.infinity, .nan, 0.5, -0.5, 1.5, 2.5, -2.5, 0.75, 100, -100,
    ]
    x += generator.floats(600, in: -1...1) + generator.floats(300, in: -12...12)
    x += generator.floats(100, in: -1e-3...1e-3) + generator.floats(58, in: -95...95)
    let p = UnaryParameters(
      extent: sixAxes([x.count], fill: 1), input_stride: sixAxes([1], fill: 0),
      output_stride: sixAxes([1], fill: 0), input_base: 0, output_base: 0,
      function: Int32(function.rawValue), alpha: alpha, beta: beta, reserved: 0)
    let y = try GuardedCall(p, [.floats(x), .floats(x)]).run(isa)[1]
    for (argument, value) in zip(x, y) {
      let expected = definition(function, Double(argument), Double(alpha), Double(beta))
      // -inf · sigmoid(-inf) is 0 · inf, which implementations may take for its limit 0
      if function == espalier_function_silu && argument == -.infinity { continue }
      if [espalier_function_mish, espalier_function_gelu_erf, espalier_function_gelu_tanh].contains(function)
        && argument == -.infinity
      {
        continue
      }
      expectClose(
        [value], [expected], tolerance: 4e-6, floor: 0.05, "at \(argument), function \(function.rawValue)")
    }
  }

  @Test(arguments: espalier_isa.available(for: UnaryParameters.family))
  func `read and write any views`(isa: espalier_isa) throws {
    var generator = SeededGenerator(state: 3)
    for extent in testExtents {
      for function in [espalier_function_relu, espalier_function_sigmoid, espalier_function_softsign] {
        let from = TestView(random: extent, broadcast: true, using: &generator)
        let to = TestView(random: extent, broadcast: false, using: &generator)
        let x = generator.floats(from.elementCount)
        let before = generator.floats(to.elementCount)
        var expected = before.map(Double.init)
        forEachIndex(extent) {
          expected[to.offset($0)] = definition(function, Double(x[from.offset($0)]), 0, 0)
        }
        let p = UnaryParameters(
          extent: sixAxes(extent, fill: 1), input_stride: from.axes, output_stride: to.axes,
          input_base: Int32(from.base), output_base: Int32(to.base), function: Int32(function.rawValue),
          alpha: 0, beta: 0, reserved: 0)
        let y = try GuardedCall(p, [.floats(x), .floats(before)]).run(isa)[1]
        expectClose(y, expected, tolerance: 1e-6, "\(extent) \(from) \(to)")
      }
    }
  }
}

@Suite("Functions of two elements") struct BinaryTests {
  @Test(
    arguments: espalier_isa.available(for: BinaryParameters.family),
    (0..<espalier_binary_count.rawValue).map { espalier_binary(rawValue: $0) })
  func `agree with the definition`(isa: espalier_isa, operation: espalier_binary) throws {
    var generator = SeededGenerator(state: UInt64(operation.rawValue))
    let special: [Float] = [0, -0.0, 1, -1, 3, .infinity, -.infinity, .nan, 0.5, -7.25]
    var a = special.flatMap { value in special.map { _ in value } }
    var b = special.flatMap { _ in special }
    a += generator.floats(501, in: -9...9)
    b += generator.floats(501, in: -3...3)
    let one = sixAxes([1], fill: 0)
    let p = BinaryParameters(
      extent: sixAxes([a.count], fill: 1), a_stride: one, b_stride: one, output_stride: one, a_base: 0,
      b_base: 0, output_base: 0, operation: Int32(operation.rawValue), function: 0, alpha: 0, beta: 0,
      reserved: 0)
    let y = try GuardedCall(p, [.floats(a), .floats(b), .floats(a)]).run(isa)[2]
    for i in a.indices {
      let expected = definition(operation, Double(a[i]), Double(b[i]))
      // a negative base and a power near an integer: equal in double, not so in float
      expectClose([y[i]], [expected], tolerance: 1e-6, floor: 1e-30, "\(a[i]), \(b[i])")
    }
  }

  @Test(arguments: espalier_isa.available(for: BinaryParameters.family), 1...4 as ClosedRange<UInt64>)
  func `broadcast and apply their function on any views`(isa: espalier_isa, seed: UInt64) throws {
    var generator = SeededGenerator(state: seed)
    for extent in testExtents {
      let operation = generator.pick([
        espalier_binary_add, espalier_binary_multiply, espalier_binary_greater, espalier_binary_prelu,
      ])
      let function = generator.pick([
        espalier_function_identity, espalier_function_relu, espalier_function_clip, espalier_function_silu,
      ])
      let views = [true, true, false].map {
        TestView(random: extent, broadcast: $0, using: &generator)
      }
      let data = views.map { generator.floats($0.elementCount) }
      var expected = data[2].map(Double.init)
      forEachIndex(extent) {
        let a = Double(data[0][views[0].offset($0)])
        let b = Double(data[1][views[1].offset($0)])
        expected[views[2].offset($0)] = definition(function, definition(operation, a, b), 0.25, 1)
      }
      let p = BinaryParameters(
        extent: sixAxes(extent, fill: 1), a_stride: views[0].axes, b_stride: views[1].axes,
        output_stride: views[2].axes, a_base: Int32(views[0].base), b_base: Int32(views[1].base),
        output_base: Int32(views[2].base), operation: Int32(operation.rawValue),
        function: Int32(function.rawValue), alpha: 0.25, beta: 1, reserved: 0)
      let y = try GuardedCall(p, data.map { .floats($0) }).run(isa)[2]
      expectClose(y, expected, tolerance: 2e-6, "\(extent) \(views) \(operation) \(function)")
    }
  }

  @Test(arguments: espalier_isa.available(for: SelectParameters.family))
  func `select takes a where c is not zero`(isa: espalier_isa) throws {
    var generator = SeededGenerator(state: 8)
    for extent in testExtents {
      let views = [true, true, true, false].map {
        TestView(random: extent, broadcast: $0, using: &generator)
      }
      var data = views.map { generator.floats($0.elementCount) }
      data[0] = data[0].map { $0 < 0 ? 0 : $0 < 0.1 ? .nan : $0 }
      var expected = data[3]
      forEachIndex(extent) {
        expected[views[3].offset($0)] =
          data[0][views[0].offset($0)] != 0 ? data[1][views[1].offset($0)] : data[2][views[2].offset($0)]
      }
      let p = SelectParameters(
        extent: sixAxes(extent, fill: 1), c_stride: views[0].axes, a_stride: views[1].axes,
        b_stride: views[2].axes, output_stride: views[3].axes, c_base: Int32(views[0].base),
        a_base: Int32(views[1].base), b_base: Int32(views[2].base), output_base: Int32(views[3].base))
      #expect(try GuardedCall(p, data.map { .floats($0) }).run(isa)[3] == expected, "\(extent)")
    }
  }
}
