import CEspalierKernels
import Glibc

/// A convolution with everything that its definition needs.
struct ConvolutionCase: CustomStringConvertible {
  var batch = 1
  var height: Int, width: Int
  /// Input and output channels, all groups together.
  var inputs: Int, outputs: Int
  var kernel = 1
  var stride = 1
  var dilation = 1
  var padding = 0
  var groups = 1
  var hasBias = true
  var hasResidual = false
  var function = espalier_function_identity
  var alpha: Float = 0
  var beta: Float = 0

  var description: String {
    "\(batch)x\(height)x\(width) \(inputs)→\(outputs) k\(kernel) s\(stride) d\(dilation) p\(padding)"
      + " g\(groups) f\(function.rawValue)\(hasBias ? " bias" : "")\(hasResidual ? " residual" : "")"
  }

  var outputHeight: Int { (height + 2 * padding - dilation * (kernel - 1) - 1) / stride + 1 }
  var outputWidth: Int { (width + 2 * padding - dilation * (kernel - 1) - 1) / stride + 1 }
}

/// Random operands of a convolution and what the definition makes of them, in double precision.
struct ConvolutionExample {
  let shape: ConvolutionCase
  /// `[N, H, W, C]`.
  let input: [Float]
  /// `[M, C / groups, K, K]`.
  let weights: [Float]
  let bias: [Float]
  /// `[N, OH, OW, M]`.
  let residual: [Float]
  /// `[N, OH, OW, M]`.
  private(set) var expected: [Double] = []
  /// The largest error that float32 sums in any order may have, element by element.
  private(set) var tolerance: [Double] = []

  /// - Parameter relativeError: What one sum may be off, relative to the sum of its terms' sizes; nil takes
  ///   the bound for sums in any order, (terms + 4) 2⁻²⁴.
  init(_ shape: ConvolutionCase, relativeError: Double? = nil, using generator: inout SeededGenerator) {
    self.shape = shape
    input = generator.floats(shape.batch * shape.height * shape.width * shape.inputs)
    weights = generator.floats(
      shape.outputs * shape.inputs / shape.groups * shape.kernel * shape.kernel)
    bias = generator.floats(shape.outputs)
    residual = generator.floats(shape.batch * shape.outputHeight * shape.outputWidth * shape.outputs)
    let terms = Double(shape.inputs / shape.groups * shape.kernel * shape.kernel + 4)
    compute(relativeError: relativeError ?? terms * 0x1p-24)
  }

  private mutating func compute(relativeError: Double) {
    for n in 0..<shape.batch {
      for oy in 0..<shape.outputHeight {
        for ox in 0..<shape.outputWidth {
          for m in 0..<shape.outputs {
            var (sum, size) = sumOfProducts(n, oy, ox, m)
            if shape.hasBias { sum += Double(bias[m]) }
            if shape.hasResidual { sum += Double(residual[expected.count]) }
            size += 2
            let result = shape.function.value(sum, Double(shape.alpha), Double(shape.beta))
            expected.append(result)
            // No function here is steeper than 1.1; those with exp are off by up to 2e-6.
            tolerance.append(1.1 * size * relativeError + 2e-6 * abs(result) + 1e-30)
          }
        }
      }
    }
  }

  private func sumOfProducts(_ n: Int, _ oy: Int, _ ox: Int, _ m: Int) -> (sum: Double, size: Double) {
    let channels = shape.inputs / shape.groups
    let firstChannel = m / (shape.outputs / shape.groups) * channels
    var sum = 0.0
    var size = 0.0
    for ky in 0..<shape.kernel {
      let y = oy * shape.stride + ky * shape.dilation - shape.padding
      guard y >= 0, y < shape.height else { continue }
      for kx in 0..<shape.kernel {
        let x = ox * shape.stride + kx * shape.dilation - shape.padding
        guard x >= 0, x < shape.width else { continue }
        for c in 0..<channels {
          let value = input[((n * shape.height + y) * shape.width + x) * shape.inputs + firstChannel + c]
          let weight = weights[((m * channels + c) * shape.kernel + ky) * shape.kernel + kx]
          sum += Double(value) * Double(weight)
          size += abs(Double(value) * Double(weight))
        }
      }
    }
    return (sum, size)
  }
}

extension espalier_function {
  /// The function's definition.
  func value(_ x: Double, _ alpha: Double, _ beta: Double) -> Double {
    switch self {
    case espalier_function_relu: max(x, 0)
    case espalier_function_clip: min(max(x, alpha), beta)
    case espalier_function_leaky_relu: x < 0 ? alpha * x : x
    case espalier_function_hard_sigmoid: max(0, min(1, alpha * x + beta))
    case espalier_function_hard_swish: x * max(0, min(1, x / 6 + 0.5))
    case espalier_function_sigmoid: 1 / (1 + exp(-x))
    case espalier_function_silu: x / (1 + exp(-alpha * x))
    case espalier_function_tanh: tanh(x)
    default: x
    }
  }
}

/// An NHWC image inside zero padding, with more room between pixels than it has channels.
struct PaddedImage {
  let batch: Int, height: Int, width: Int, channels: Int
  let pixelStride: Int
  let halo: Int
  var strideH: Int { (width + 2 * halo) * pixelStride }
  var strideN: Int { (height + 2 * halo) * strideH }

  /// Floats from the corner of the halo to the last channel of the last pixel of the halo.
  var count: Int { batch * strideN - (pixelStride - channels) }

  /// - Parameters:
  ///   - values: `[N, H, W, C]`.
  ///   - gap: What lies between the pixels; NaN shows who reads it.
  func spread(_ values: [Float], gap: Float = .nan) -> [Float] {
    var memory = [Float](repeating: gap, count: count)
    for pixel in 0..<batch * (height + 2 * halo) * (width + 2 * halo) {
      for c in 0..<channels { memory[pixel * pixelStride + c] = 0 }
    }
    for (i, value) in values.enumerated() { memory[index(i)] = value }
    return memory
  }

  func gather(_ memory: [Float]) -> [Float] {
    (0..<batch * height * width * channels).map { memory[index($0)] }
  }

  /// Where element `i` of `[N, H, W, C]` lies.
  func index(_ i: Int) -> Int {
    let c = i % channels, x = i / channels % width, y = i / channels / width % height
    let n = i / channels / width / height
    return n * strideN + (y + halo) * strideH + (x + halo) * pixelStride + c
  }
}

// MARK: - Judging a result

extension ConvolutionExample {
  /// What every float of an output holds before a run.
  static let untouched: Float = 77

  /// What is wrong with an output's memory after a run, or nil.
  ///
  /// - Parameter image: How the elements lie in the memory; between them nothing may have been written.
  func fault(in memory: [Float]?, of image: PaddedImage) -> String? {
    guard var memory else { return "no output" }
    let result = image.gather(memory)
    for (i, value) in result.enumerated() where !(abs(Double(value) - expected[i]) <= tolerance[i]) {
      return "element \(i) is \(value), not \(expected[i]) ± \(tolerance[i])"
    }
    for i in result.indices { memory[image.index(i)] = Self.untouched }
    return memory.allSatisfy { $0 == Self.untouched } ? nil : "something was written between the pixels"
  }
}
