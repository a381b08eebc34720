import CEspalierKernels
import EspalierKernels

/// What bytes and weights an example holds.
enum ByteValues: CaseIterable {
  /// All bytes and all weights.
  case any
  /// All bytes, weights whose pairs fit 16 bits.
  case pairsFit
  /// All bytes, weights of which four fit 16 bits.
  case foursFit
  /// Bytes of 255 and weights of 127 and -128: the largest sums there are.
  case extreme
  /// Bytes of 255 and 0, weights whose pairs use up 16 bits.
  case extremePairs
  /// Bytes of 255 and 0, weights of which four use up 16 bits.
  case extremeFours
  /// From one panel of 16 filters to the next, all weights, pairs that fit, and fours that fit.
  case mixed
  /// Small numbers whose scaled sums lie halfway between two bytes.
  case halfway

  func byte(using generator: inout SeededGenerator) -> UInt8 {
    switch self {
    case .any, .pairsFit, .foursFit, .mixed: UInt8.random(in: 0...255, using: &generator)
    case .extreme: 255
    case .extremePairs, .extremeFours: generator.pick([0, 255, 255])
    case .halfway: UInt8.random(in: 0...3, using: &generator)
    }
  }

  /// Two weights that are multiplied and added together.
  func pair(using generator: inout SeededGenerator) -> (Int8, Int8) {
    switch self {
    case .any, .mixed:
      (Int8.random(in: -128...127, using: &generator), Int8.random(in: -128...127, using: &generator))
    case .pairsFit:
      (Int8.random(in: -64...64, using: &generator), Int8.random(in: -64...64, using: &generator))
    case .foursFit:
      (Int8.random(in: -32...32, using: &generator), Int8.random(in: -32...32, using: &generator))
    case .extreme: generator.pick([(127, 127), (-128, -128), (127, 127), (127, -128)])
    case .extremePairs: generator.pick([(64, 64), (127, 1), (-64, -64), (-128, 0), (127, -128), (-128, 127)])
    case .extremeFours:
      generator.pick([(64, 0), (0, 64), (32, 32), (-64, 0), (-32, -32), (64, -64), (-64, 64)])
    case .halfway: (Int8.random(in: -1...1, using: &generator), Int8.random(in: -1...1, using: &generator))
    }
  }

  /// What the weights of a filter are.
  func ofFilter(_ filter: Int) -> ByteValues {
    self == .mixed ? [.any, .pairsFit, .foursFit][filter / 16 % 3] : self
  }

  func weights(_ count: Int, using generator: inout SeededGenerator) -> [Int8] {
    var weights: [Int8] = []
    while weights.count < count {
      let (a, b) = pair(using: &generator)
      weights += [a, b]
    }
    return Array(weights.prefix(count))
  }

  /// A scale that spreads the sums of `terms` products over the bytes.
  func scale(terms: Int, using generator: inout SeededGenerator) -> Float {
    let count = Float(terms)
    let size =
      switch self {
      case .any, .pairsFit, .foursFit, .mixed: count.squareRoot() * 10_000
      case .extreme, .extremePairs, .extremeFours: count * 255 * 127
      case .halfway: Float(120)  // a scale of 0.5
      }
    return 60 / size * (self == .halfway ? 1 : Float.random(in: 0.5...1.5, using: &generator))
  }

  func offset(using generator: inout SeededGenerator) -> Float {
    self == .halfway ? 20 : Float.random(in: 40...200, using: &generator)
  }
}

/// t inside low … high, a NaN as low: what espalier_quantized_parameters.h says of every quantized number.
func clamped(_ t: Float, _ low: Float, _ high: Float) -> Float {
  guard t > low else { return low }
  return t < high ? t : high
}

/// The byte nearest to t, the even one of two, inside low … high.
func quantized(_ t: Float, _ low: Float, _ high: Float) -> UInt8 {
  UInt8(clamped(t, low, high).rounded(.toNearestOrEven))
}

/// What a convolution of bytes makes of its sums.
struct ByteEpilogue: CustomStringConvertible {
  var values = ByteValues.any
  var hasTable = false
  var outputIsFloat = false
  var low: Float = 0
  var high: Float = 255

  var description: String {
    "\(values) \(low)…\(high)\(hasTable ? " table" : "")\(outputIsFloat ? " float" : "")"
  }

  /// fma(sum, scale, offset), then with a residual fma(residual, its scale, t).
  func t(_ sum: Int, _ scale: Float, _ offset: Float, _ residual: (value: UInt8, scale: Float)?) -> Float {
    let t = offset.addingProduct(Float(Int32(truncatingIfNeeded: sum)), scale)
    guard let residual else { return t }
    return t.addingProduct(Float(residual.value), residual.scale)
  }

  func byte(_ t: Float, _ table: [UInt8]) -> UInt8 {
    let y = quantized(t, low, high)
    return hasTable ? table[Int(y)] : y
  }
}

/// Random bytes of a convolution and the exact sums that its definition makes of them.
struct ByteConvolution {
  let shape: ConvolutionCase
  /// `[N, H, W, C]`.
  let input: [UInt8]
  /// `[M, C / groups, K, K]`.
  var weights: [Int8]
  /// What stands around the image.
  var zero: UInt8
  let scales: [Float]
  let offsets: [Float]
  /// `[N, OH, OW, M]`.
  let residual: [UInt8]
  let residualScale: Float = 0.375
  let table: [UInt8]

  init(_ shape: ConvolutionCase, _ values: ByteValues, using generator: inout SeededGenerator) {
    self.shape = shape
    input = (0..<shape.batch * shape.height * shape.width * shape.inputs).map { _ in
      values.byte(using: &generator)
    }
    let terms = shape.inputs / shape.groups * shape.kernel * shape.kernel
    let (channels, taps) = (shape.inputs / shape.groups, shape.kernel * shape.kernel)
    var weights = [Int8](repeating: 0, count: shape.outputs * terms)
    for filter in 0..<shape.outputs {
      for tap in 0..<taps {
        for (c, weight) in values.ofFilter(filter).weights(channels, using: &generator)
          .enumerated()
        {
          weights[(filter * channels + c) * taps + tap] = weight
        }
      }
    }
    self.weights = weights
    zero = values.byte(using: &generator)
    scales = (0..<shape.outputs).map { _ in values.scale(terms: terms, using: &generator) }
    offsets = (0..<shape.outputs).map { _ in values.offset(using: &generator) }
    residual = generator.bytes(shape.batch * shape.outputHeight * shape.outputWidth * shape.outputs)
    table = generator.bytes(256)
  }

  /// t of the definition for every output, `[N, OH, OW, M]`.
  func results(_ epilogue: ByteEpilogue) -> [Float] {
    var results: [Float] = []
    forEachIndex([shape.batch, shape.outputHeight, shape.outputWidth, shape.outputs]) { i in
      let rest = shape.hasResidual ? (value: residual[results.count], scale: residualScale) : nil
      results.append(epilogue.t(sum(i[0], i[1], i[2], i[3]), scales[i[3]], offsets[i[3]], rest))
    }
    return results
  }

  private func sum(_ n: Int, _ oy: Int, _ ox: Int, _ m: Int) -> Int {
    let channels = shape.inputs / shape.groups
    let first = m / (shape.outputs / shape.groups) * channels
    var sum = 0
    for ky in 0..<shape.kernel {
      let y = oy * shape.stride + ky * shape.dilation - shape.padding
      for kx in 0..<shape.kernel {
        let x = ox * shape.stride + kx * shape.dilation - shape.padding
        let isInside = y >= 0 && y < shape.height && x >= 0 && x < shape.width
        let pixel = ((n * shape.height + y) * shape.width + x) * shape.inputs + first
        for c in 0..<channels {
          let value = isInside ? input[pixel + c] : zero
          sum += Int(value) * Int(weights[((m * channels + c) * shape.kernel + ky) * shape.kernel + kx])
        }
      }
    }
    return sum
  }
}

extension PaddedImage {
  /// The image of any elements, `halo` around it and `gap` behind the channels of every pixel.
  func spread<Element>(_ values: [Element], halo: Element, gap: Element) -> [Element] {
    var memory = [Element](repeating: gap, count: count)
    for pixel in 0..<batch * (height + 2 * self.halo) * (width + 2 * self.halo) {
      for c in 0..<channels { memory[pixel * pixelStride + c] = halo }
    }
    for (i, value) in values.enumerated() { memory[index(i)] = value }
    return memory
  }
}

/// Whether no sum of two products of a byte with these weights leaves 16 bits, at any of the bytes' extremes.
func pairsStayInSixteenBits(_ weights: [Int8]) -> Bool {
  stride(from: 0, to: weights.count, by: 2).allSatisfy { first in
    sumsStayInSixteenBits([Int(weights[first]), Int(weights[first + 1])])
  }
}

/// Whether no sum of products of bytes with some weights leaves 16 bits, found by trying 0 and 255 for every byte.
func sumsStayInSixteenBits(_ weights: [Int]) -> Bool {
  (0..<1 << weights.count).allSatisfy { chosen in
    let sum = weights.indices.reduce(0) { $0 + (chosen >> $1 & 1 == 1 ? 255 * weights[$1] : 0) }
    return (-32768...32767).contains(sum)
  }
}

/// The strongest claim that holds of a panel `[runs][quads][16][4]`, by the definition of `espalier_byte_sums`.
func provedSums(_ panel: ArraySlice<Int8>, runLength: Int) -> ByteSums {
  func weight(_ k: Int, _ channel: Int) -> Int {
    Int(panel[panel.startIndex + k / 4 * 64 + channel * 4 + k % 4])
  }
  func holds(_ quadsAtOnce: Int) -> Bool {
    for run in 0..<panel.count / 16 / runLength {
      for first in stride(from: 0, to: runLength, by: 4 * quadsAtOnce) {
        let quads = stride(from: first, to: min(first + 4 * quadsAtOnce, runLength), by: 4)
        for channel in 0..<16 {
          for tap in [0, 2] {
            let lane = quads.flatMap { quad in
              (0..<2).map { weight(run * runLength + quad + tap + $0, channel) }
            }
            if !sumsStayInSixteenBits(lane) { return false }
          }
        }
      }
    }
    return true
  }
  return holds(2) ? .fours : holds(1) ? .pairs : .words
}
