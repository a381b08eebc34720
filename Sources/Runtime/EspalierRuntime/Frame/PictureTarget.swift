internal import CEspalierKernels
internal import EspalierKernels
internal import EspalierPlan

/// Where the pixels of a picture go: a view of the arena, or the input's own buffer.
struct PictureTarget {
  /// How a value becomes a byte; nil: the target holds float32.
  struct Quantization {
    var scale: Float
    var zero: Float
    var low: Float
    var high: Float
  }

  var input: Int
  /// Elements from one channel, row and column to the next.
  var strides: (channel: Int, row: Int, column: Int)
  var quantization: Quantization?
  /// The first element; `none`: a buffer of float32 in the input's own layout.
  var operand: Plan.Operand

  /// The input's own buffer.
  init(input: Int, shape: PictureShape) {
    self.input = input
    strides = shape.strides
    operand = .absent
  }

  /// What a call makes of a whole input and nothing else: its layout changed, or also its elements quantized.
  ///
  /// Nil where a call does something else; the input is then written as it is, and the call is left alone.
  init?(_ call: Plan.Call, input: Int, shape: PictureShape) {
    let isQuantizing = call.family == QuantizeParameters.family
    guard isQuantizing || call.family == CopyParameters.family,
      call.operands.count == 2, call.operands[0].space == .input, call.operands[0].offset == 0,
      call.operands[1].space == .arena, call.parameters.count == (isQuantizing ? 24 : 20)
    else { return nil }
    let words = call.parameters.map { Int(Int32(bitPattern: $0)) }
    guard words[18] == 0,
      let strides = Self.strides(
        extents: words[0..<6], inputs: words[6..<12], outputs: words[12..<18], of: shape)
    else { return nil }
    self.input = input
    self.strides = strides
    let elementByteCount = isQuantizing ? 1 : 4
    let base = words[19]
    guard base >= 0, strides.channel >= 0, strides.row >= 0, strides.column >= 0 else { return nil }
    operand = call.operands[1]
    operand.offset += UInt64(base * elementByteCount)
    if isQuantizing {
      let numbers = call.parameters[20..<24].map { Float(bitPattern: $0) }
      quantization = Quantization(scale: numbers[0], zero: numbers[1], low: numbers[2], high: numbers[3])
    }
  }

  /// What a view's axes say of channels, rows and columns: each axis is one of them, or several that lie one behind the
  /// other in input and output. Nil where the view is not the whole input, each element once.
  private static func strides(
    extents: ArraySlice<Int>, inputs: ArraySlice<Int>, outputs: ArraySlice<Int>, of shape: PictureShape
  ) -> (channel: Int, row: Int, column: Int)? {
    let places: [(extent: Int, name: Int)] =
      shape.isChannelsLast
      ? [(shape.channels, 0), (shape.width, 2), (shape.height, 1)]
      : [(shape.width, 2), (shape.height, 1), (shape.channels, 0)]
    var found = [0, 0, 0]
    var covered = [false, false, false]
    for (extent, (input, output)) in zip(extents, zip(inputs, outputs)) where extent != 1 {
      var (stride, rest, step) = (1, extent, output)
      for place in places {
        if stride >= input, rest > 1, place.extent > 1 {
          guard stride == input || rest < extent, rest % place.extent == 0, !covered[place.name] else {
            return nil
          }
          found[place.name] = step
          covered[place.name] = true
          (rest, step) = (rest / place.extent, step * place.extent)
        }
        stride *= place.extent
      }
      guard rest == 1 else { return nil }
    }
    for place in places where place.extent > 1 && !covered[place.name] { return nil }
    return (found[0], found[1], found[2])
  }
}
