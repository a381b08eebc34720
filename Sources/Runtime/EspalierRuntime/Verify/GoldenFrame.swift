internal import CEspalierKernels
internal import EspalierPlan

/// Buffers for the frames of golden vectors, with the inputs as their seeds make them.
struct GoldenFrame {
  private let memory: SystemMemory
  private let inputs: [UnsafeMutableBufferPointer<Float>]
  let outputs: [UnsafeMutableBufferPointer<Float>]

  /// - Throws: `outOfMemory`.
  init(_ model: Model) throws(SessionError) {
    var plan = MemoryPlan()
    let inputs = model.inputs.map { plan.room(for: Float.self, count: $0.byteCount / 4) }
    let outputs = model.outputs.map { plan.room(for: Float.self, count: $0.byteCount / 4) }
    guard let memory = SystemMemory(byteCount: plan.byteCount) else {
      throw .outOfMemory(byteCount: plan.byteCount)
    }
    self.memory = memory
    self.inputs = inputs.map { $0.bound(in: memory) }
    self.outputs = outputs.map { $0.bound(in: memory) }
  }

  /// Element *i* of input *p* is least + u · (largest − least), each operation rounded to float32, where u is the upper
  /// 24 bits of output *i* + 1 of SplitMix64 over 2²⁴; its state begins as seed + 2³² · *p*.
  ///
  /// Source: Steele, Lea and Flood 2014, Fast Splittable Pseudorandom Number Generators, figure 15.
  func fill(seed: UInt64, ranges: [Plan.GoldenVectors.Input]) {
    for (port, input) in inputs.enumerated() {
      var state = seed &+ UInt64(port) << 32
      let (least, span) = (ranges[port].least, ranges[port].largest - ranges[port].least)
      for index in input.indices {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = (state ^ state >> 30) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ mixed >> 27) &* 0x94D0_49BB_1331_11EB
        mixed ^= mixed >> 31
        let unit = Float(mixed >> 40) * 0x1p-24
        input[index] = least + unit * span
      }
    }
  }

  /// Runs the frame; every NaN of the outputs then has the same bits.
  func run(_ session: inout Session) throws(SessionError) {
    for output in outputs {
      // What a kernel leaves out must not be what the replay before it wrote.
      output.update(repeating: Float(bitPattern: .max))
    }
    try session.run(
      inputs: inputs.map { UnsafePointer($0.baseAddress.unsafelyUnwrapped) },
      outputs: outputs.map { $0.baseAddress.unsafelyUnwrapped })
    for output in outputs {
      for index in output.indices where output[index].isNaN {
        output[index] = Float(bitPattern: Plan.GoldenVectors.canonicalNaN)
      }
    }
  }

  /// CRC-32C of an output's elements.
  func digest(_ output: Int) -> UInt32 {
    unsafe espalier_crc32c(outputs[output].baseAddress, outputs[output].count * 4)
  }
}

extension InstructionSet {
  /// Those that this processor has kernels for, up to `limit`, in rising order; portable C is the first.
  public static func available(upTo limit: InstructionSet = .limit) -> [InstructionSet] {
    allCases.filter { $0.rawValue <= limit.rawValue && espalier_isa_within($0.isa) == $0.isa }
  }
}
