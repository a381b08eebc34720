internal import EspalierKernels
internal import EspalierOperators

/// Estimates of kernel times from a processor's rates.
///
/// A call takes its overhead, its multiply-adds (those with padding too), and the bytes of its weights from the
/// shared cache. Output channels count in whole panels of 16, so times over the width of a layer are a staircase.
struct CostModel {
  let rates: CostTable.Rates

  /// - Parameter rates: Missing ones are those of `builtIn`.
  init(_ rates: CostTable.Rates, instructionSet: String) {
    self.rates = CostModel.builtIn(instructionSet).merging(rates) { _, measured in measured }
  }

  func microseconds(_ shape: LayerShape, _ choice: KernelChoice) -> Double {
    let rate = self[Self.rate(of: shape, choice)]
    let work = Self.work(shape, choice)
    let seconds = work.multiplyAdds / rate + work.weightBytes / self[.level3]
    return self[.callOverhead] + seconds * 1e6
  }

  /// The time of turning so many elements into bytes, or back.
  func conversion(elements: Int) -> Double {
    self[.callOverhead] + Double(elements) * 5 / self[.level2] * 1e6
  }

  private subscript(_ rate: MachineRate) -> Double { rates[rate] ?? 1 }

  /// The rate that a kernel's multiply-adds are done at.
  static func rate(of shape: LayerShape, _ choice: KernelChoice) -> MachineRate {
    switch (shape.precision, choice) {
    case (.float32, .gemm): .floatGemm
    case (.float32, .winograd): .floatWinograd
    case (.float32, .depthwise): .floatDepthwise
    case (.bytes, .gemm): .byteGemm
    case (.bytes, .winograd): .byteWinograd
    case (.bytes, .depthwise): .byteDepthwise
    }
  }

  /// What a kernel does for a layer, in multiply-adds, and the bytes of weights that it reads.
  static func work(_ shape: LayerShape, _ choice: KernelChoice) -> (multiplyAdds: Double, weightBytes: Double)
  {
    let panel = ConvGemm.panelWidth
    func whole(_ count: Int, of block: Int) -> Int { (count + block - 1) / block * block }
    let taps = shape.kernel[0] * shape.kernel[1]
    let elementBytes = shape.precision == .float32 ? 4 : 1
    switch choice {
    case .depthwise:
      let channels = whole(shape.outputChannels, of: panel)
      return (Double(shape.pixels * channels * taps), Double(channels * taps * elementBytes))
    case .gemm:
      let own = shape.outputChannels / shape.groups
      let merged = ConvGemm.groupsToMerge(groups: shape.groups, outputChannelsPerGroup: own)
      let outputs = whole(own * merged, of: panel) * (shape.groups / merged)
      let inputs = shape.inputChannels / shape.groups * merged
      let depth = taps * (shape.precision == .float32 ? inputs : whole(inputs, of: 4))
      // Beginning and storing a tile of registers costs as much as some steps of the depth.
      let steps = depth + (shape.precision == .float32 ? 6 : 32)
      return (Double(shape.pixels * steps * outputs), Double(depth * outputs * elementBytes))
    case .winograd(let tile):
      let points = (tile + 2) * (tile + 2)
      let tiles =
        shape.batch * ((shape.height + tile - 1) / tile) * ((shape.width + tile - 1) / tile)
      let outputs = whole(shape.outputChannels, of: panel)
      let vectors = whole(shape.inputChannels, of: panel) / panel + outputs / panel
      let transforms = tiles * vectors * (tile == 4 ? 5_440 : 2_400)
      let products = points * tiles * (shape.inputChannels + 4) * outputs
      // Filters of floats lie transformed in the pack, those of bytes as they are.
      let filterBytes = shape.precision == .float32 ? points * 4 : taps
      return (Double(products + transforms), Double(filterBytes * shape.inputChannels * outputs))
    }
  }

  /// Rates of one thread with an instruction set, for a first guess: those of x86-64 measured on a Zen 5 core at
  /// 4.1 GHz (`espalier measure`), those of NEON worked out from the issue widths of a core at 2 GHz.
  static func builtIn(_ instructionSet: String) -> CostTable.Rates {
    // Billions of multiply-adds a second: GEMM, Winograd and depthwise in float32, then on bytes.
    let kernels: [Double] =
      switch instructionSet {
      case "avx512vnni": [129, 104, 49, 530, 210, 89]
      case "avx512": [129, 104, 49, 256, 100, 43]
      case "avxvnni": [64, 68, 41, 258, 100, 43]
      case "avx2": [64, 68, 41, 122, 60, 37]
      case "neon": [16, 14, 8, 40, 16, 12]
      default: [2, 2, 1, 1, 1, 1]
      }
    let levels: [Double] = instructionSet.hasPrefix("avx") ? [155, 160, 128, 30] : [30, 20, 15, 8]
    let names: [MachineRate] = [
      .floatGemm, .floatWinograd, .floatDepthwise, .byteGemm, .byteWinograd, .byteDepthwise, .level1, .level2,
      .level3, .memory,
    ]
    var rates = Dictionary(uniqueKeysWithValues: zip(names, (kernels + levels).map { $0 * 1e9 }))
    rates[.callOverhead] = 0.05
    return rates
  }
}
