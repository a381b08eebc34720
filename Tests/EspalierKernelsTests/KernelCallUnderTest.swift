import CEspalierKernels
import EspalierKernels

/// A kernel call over guarded memory, with what its checker says of it.
struct KernelCallUnderTest<Parameters: KernelParameters> {
  var parameters: Parameters
  /// Nil where an operand is absent.
  var operands: [GuardedMemory?]
  /// Operands that the checker may read, as those of a pack's weights.
  var constants: Set<Int> = []

  /// The checker's findings, or nil where it refuses the call.
  func check() -> espalier_call_facts? {
    guard let family = KernelFamily(number: Parameters.family) else { return nil }
    return withUnsafeBytes(of: parameters) { block in
      var facts = espalier_call_facts()
      facts.parameters = block.baseAddress
      facts.parameter_bytes = UInt32(block.count)
      facts.operand_count = UInt32(operands.count)
      withUnsafeMutableBytes(of: &facts.operand_bytes) { bytes in
        for (i, operand) in operands.enumerated() {
          bytes.storeBytes(of: UInt64(operand?.byteCount ?? 0), toByteOffset: i * 8, as: UInt64.self)
        }
      }
      withUnsafeMutableBytes(of: &facts.operand_data) { data in
        for (i, operand) in operands.enumerated() where constants.contains(i) {
          let address = UInt(bitPattern: operand?.address)
          data.storeBytes(of: address, toByteOffset: i * 8, as: UInt.self)
        }
      }
      return family.validate(&facts) ? facts : nil
    }
  }

  /// Runs the work items in ranges of random length and random order, as threads would.
  ///
  /// - Returns: Whether the checker accepts the call and the processor has the instruction set.
  func run(_ isa: espalier_isa, using generator: inout SeededGenerator) -> Bool {
    guard let facts = check(), let kernel = espalier_kernel_exactly(Parameters.family, isa) else {
      return false
    }
    let scratch = GuardedMemory([Float](repeating: .nan, count: (Int(facts.scratch_bytes) + 63) / 64 * 16))
    precondition(scratch.count == 0 || UInt(bitPattern: scratch.pointer) % 64 == 0)
    var ranges: [Range<UInt32>] = []
    var first: UInt32 = 0
    while first < facts.items {
      let end = UInt32.random(in: first + 1...min(facts.items, first + 5), using: &generator)
      ranges.append(first..<end)
      first = end
    }
    ranges.shuffle(using: &generator)
    withUnsafeBytes(of: parameters) { block in
      var call = espalier_call()
      call.parameters = block.baseAddress
      withUnsafeMutableBytes(of: &call.operands) { addresses in
        for (i, operand) in operands.enumerated() {
          let address = UInt(bitPattern: operand?.address)
          addresses.storeBytes(of: address, toByteOffset: i * 8, as: UInt.self)
        }
      }
      for range in ranges { kernel(&call, range.lowerBound, range.upperBound, scratch.pointer) }
    }
    return scratch.isIntact && operands.allSatisfy { $0?.isIntact ?? true }
  }
}

extension espalier_call_facts {
  /// Bytes that the kernel may touch of each operand.
  var extents: [UInt64] { withUnsafeBytes(of: extent) { Array($0.bindMemory(to: UInt64.self)) } }
}

extension espalier_isa {
  /// The instruction sets of this processor that a family has kernels for.
  static func available(for family: UInt16) -> [espalier_isa] {
    (espalier_isa_scalar.rawValue...espalier_isa_neon_i8mm.rawValue).map { espalier_isa($0) }.filter {
      espalier_kernel_exactly(family, $0) != nil
    }
  }
}
