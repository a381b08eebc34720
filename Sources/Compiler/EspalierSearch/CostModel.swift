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
      return (
        Double(products + transforms),
        Double(points * shape.inputChannels * outputs * (shape.precision == .float32 ? 4 : 2))
      )
    }
  }

  /// Rates of one thread of a processor of our time with an instruction set, for a first guess.
  static func builtIn(_ instructionSet: String) -> CostTable.Rates {
    let billions: (gemm: Double, winograd: Double, bytes: Double) =
      switch instructionSet {
      case "avx512vnni": (115, 90, 380)
      case "avx512": (115, 90, 100)
      case "avxvnni": (58, 45, 200)
      case "avx2": (58, 45, 80)
      case "neon": (16, 12, 30)
      default: (2, 1.5, 1)
      }
    return [
      .callOverhead: 0.2, .floatGemm: billions.gemm * 1e9, .floatWinograd: billions.winograd * 1e9,
      .floatDepthwise: billions.gemm * 0.4e9, .byteGemm: billions.bytes * 1e9,
      .byteWinograd: billions.bytes * 0.4e9, .byteDepthwise: billions.bytes * 0.3e9, .level1: 200e9,
      .level2: 100e9, .level3: 50e9, .memory: 15e9,
    ]
  }
}
