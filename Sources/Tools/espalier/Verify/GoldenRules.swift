internal import CEspalierKernels
internal import EspalierKernels
internal import EspalierPlan
internal import EspalierRuntime

/// How far a kernel's results may be told beforehand.
enum KernelArithmetic {
  /// The same bits on every kernel of the family, by contract.
  case exact
  /// The same bits on portable kernels everywhere: IEEE 754's own operations, in a fixed order.
  case portable
  /// Functions of the C library, whose last bits differ from one version to the next.
  case library

  init(of call: Plan.Call) {
    switch call.family {
    case FillParameters.family, CopyParameters.family, SelectParameters.family, GatherParameters.family,
      ByteConvGemmParameters.family...FrameParameters.family:
      self = .exact
    // Of these the portable kernel is the only one, and it moves and compares.
    case TopKParameters.family, NonMaxSuppressionParameters.family, TakeParameters.family: self = .exact
    case ConvGemmParameters.family: self.init(call.block(ConvGemmParameters.self).function)
    case ConvWinogradParameters.family: self.init(call.block(ConvWinogradParameters.self).function)
    case ConvDepthwiseParameters.family: self.init(call.block(ConvDepthwiseParameters.self).function)
    case UnaryParameters.family: self.init(call.block(UnaryParameters.self).function)
    case BinaryParameters.family:
      let block = call.block(BinaryParameters.self)
      self.init(block.function)
      if block.operation == Int32(espalier_binary_power.rawValue) { self = .library }
    case PoolParameters.family:
      let isPower = call.block(PoolParameters.self).mode == Int32(espalier_pool_lp.rawValue)
      self = isPower ? .library : .portable
    case ReduceParameters.family:
      let reduction = call.block(ReduceParameters.self).reduction
      let logarithms = [espalier_reduction_log_sum, espalier_reduction_log_sum_exp]
      self = logarithms.contains { Int32($0.rawValue) == reduction } ? .library : .portable
    case ResizeParameters.family, MatMulParameters.family, NormalizeParameters.family,
      SampleParameters.family, RoiAlignParameters.family:
      self = .portable
    default: self = .library
    }
  }

  /// Of what an element passes through.
  private init(_ function: Int32) {
    let simple = [
      espalier_function_identity, espalier_function_relu, espalier_function_clip,
      espalier_function_leaky_relu, espalier_function_hard_sigmoid, espalier_function_hard_swish,
      espalier_function_sqrt, espalier_function_reciprocal, espalier_function_abs, espalier_function_neg,
      espalier_function_floor, espalier_function_ceil, espalier_function_round, espalier_function_sign,
      espalier_function_softsign, espalier_function_thresholded_relu, espalier_function_not,
      espalier_function_is_nan, espalier_function_is_inf, espalier_function_shrink,
      espalier_function_truncate, espalier_function_affine, espalier_function_bool,
    ]
    self = simple.contains { Int32($0.rawValue) == function } ? .portable : .library
  }
}

extension Plan.Call {
  /// - Precondition: The call is of the block's family, and was checked.
  fileprivate func block<Block: KernelParameters & BitwiseCopyable>(_ type: Block.Type) -> Block {
    parameters.withUnsafeBytes { $0.loadUnaligned(as: Block.self) }
  }

  /// Whether a difference in the last bit of what it reads may become a large one.
  fileprivate var jumps: Bool {
    switch family {
    // Another order, another box, another pixel.
    case TopKParameters.family, NonMaxSuppressionParameters.family, TakeParameters.family,
      SampleParameters.family, RoiAlignParameters.family:
      return true
    case UnaryParameters.family:
      let steps = [
        espalier_function_floor, espalier_function_ceil, espalier_function_round, espalier_function_sign,
        espalier_function_thresholded_relu, espalier_function_not, espalier_function_is_nan,
        espalier_function_is_inf, espalier_function_shrink, espalier_function_truncate,
        espalier_function_bool,
      ]
      let function = block(UnaryParameters.self).function
      return steps.contains { Int32($0.rawValue) == function }
    case BinaryParameters.family:
      let operation = UInt32(bitPattern: block(BinaryParameters.self).operation)
      return (espalier_binary_modulo.rawValue...espalier_binary_xor.rawValue).contains(operation)
    case ReduceParameters.family:
      let reduction = UInt32(bitPattern: block(ReduceParameters.self).reduction)
      return reduction >= espalier_reduction_arg_max.rawValue
    default: return false
    }
  }
}

extension Model.GoldenRule {
  /// Float32 sums in another order: of eleven networks that were measured the largest difference was 10⁻⁵.
  static let floatTolerance: Float = 3e-4
  /// Behind float32 layers bytes may be rounded the other way.
  static let byteTolerance: Float = 0.1

  /// What the outputs of a network are held to.
  ///
  /// - Parameter calls: Its own, in order.
  init(of calls: some Sequence<Plan.Call>) {
    var (isExact, isPortable, rounds, jumps) = (true, true, false, false)
    for call in calls {
      // Of what is exact so far, all kernels see the same bits.
      if !isExact {
        jumps = jumps || call.jumps
        rounds = rounds || call.family == QuantizeParameters.family
      }
      switch KernelArithmetic(of: call) {
      case .exact: break
      case .portable: isExact = false
      case .library: (isExact, isPortable) = (false, false)
      }
    }
    let tolerance = jumps ? 1 : rounds ? Self.byteTolerance : Self.floatTolerance
    self.init(isPortable: isPortable, tolerance: isExact ? 0 : tolerance)
  }
}

extension Plan {
  /// Frames that seeds make, with what the portable kernels make of them.
  ///
  /// - Throws: `PlanError`, `ModelError` or `SessionError`.
  func recordedGoldenVectors(seed: UInt64, threads: Int) throws -> GoldenVectors {
    let model = try Model(bytes: PlanWriter.bytes(of: self))
    return try model.recordGoldenVectors(
      seed: seed, inputs: inputs.indices.map(goldenInput),
      rules: model.levels.map { Model.GoldenRule(of: model.calls[$0.calls]) }, threads: threads)
  }

  /// Between which numbers the elements of an input lie: those of pictures, where the plan knows how these become the
  /// input, otherwise those that quantized inputs stand for, otherwise -1 … 1.
  private func goldenInput(_ index: Int) -> GoldenVectors.Input {
    let picture = index < pictures.count ? pictures[index] : nil
    if let picture {
      return GoldenVectors.Input(
        ends: (0..<picture.channels.count).flatMap { channel in
          [0, 255].map { ($0 - picture.mean[channel]) / picture.scale[channel] }
        })
    }
    if let pixelEnds { return GoldenVectors.Input(ends: pixelEnds) }
    let reader = calls.first {
      $0.family == QuantizeParameters.family && $0.operands[0].space == .input
        && $0.operands[0].index == UInt32(index)
    }
    guard let block = reader?.block(QuantizeParameters.self) else { return GoldenVectors.Input() }
    return GoldenVectors.Input(ends: [block.low, block.high].map { ($0 - block.zero) * block.scale })
  }
}

extension Plan {
  /// What the values 0 and 255 of pictures become by `--mean` and `--scale`; nil where neither was given.
  private var pixelEnds: [Float]? {
    func stored(_ key: String) -> [Float]? {
      provenance.first { $0.key == key }.flatMap { ChannelValues(argument: $0.value)?.values }
    }
    let (mean, scale) = (stored(PictureKey.mean), stored(PictureKey.scale))
    guard mean != nil || scale != nil else { return nil }
    func value(_ values: [Float]?, _ channel: Int, or usual: Float) -> Float {
      values.map { $0[min(channel, $0.count - 1)] } ?? usual
    }
    return (0..<3).flatMap { channel in
      [0, 255].map { ($0 - value(mean, channel, or: 0)) / value(scale, channel, or: 1) }
    }
  }
}

extension Plan.GoldenVectors.Input {
  /// From the least to the largest of some numbers; -1 … 1 where these make no range.
  fileprivate init(ends: [Float]) {
    let (least, largest) = (ends.min() ?? -1, ends.max() ?? 1)
    self = least < largest && (largest - least).isFinite ? Self(least: least, largest: largest) : Self()
  }
}
