public import CEspalierKernels

/// A kernel family of kernels.def, with the facts that its checker finds out about a call.
public struct KernelFamily: Sendable {
  public let number: UInt16
  /// How many operands a call has, absent ones included.
  public let operandCount: Int
  /// Bit i is set where operand i is written.
  public let writtenMask: UInt8
  /// Bit i is set where operand i may begin at any byte.
  public let byteMask: UInt8
  public let parameterByteCount: Int
  private let check: espalier_checker

  /// Nil where no kernel of this number was built in.
  public init?(number: UInt16) {
    guard let family = espalier_family_numbered(number) else { return nil }
    let facts = family.pointee
    guard let check = facts.check else { return nil }
    self.number = number
    self.operandCount = Int(facts.operand_count)
    self.writtenMask = facts.written_mask
    self.byteMask = facts.byte_mask
    self.parameterByteCount = Int(facts.parameter_bytes)
    self.check = check
  }

  public func writes(operand: Int) -> Bool { writtenMask >> operand & 1 == 1 }

  /// The bytes that the operand's offset must be a multiple of, outside the weights.
  public func alignment(operand: Int) -> Int { byteMask >> operand & 1 == 1 ? 1 : 4 }

  /// Proves that a call stays inside its operands and finds its work items, scratch size and extents.
  ///
  /// - Returns: Whether the call is safe; `facts` is filled only then.
  public func validate(_ facts: inout espalier_call_facts) -> Bool {
    Int(facts.parameter_bytes) == parameterByteCount && Int(facts.operand_count) == operandCount
      && check(&facts)
  }
}
