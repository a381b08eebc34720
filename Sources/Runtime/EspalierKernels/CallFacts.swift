internal import CEspalierKernels

/// What a family's checker finds out about a call.
public struct CallFacts: Sendable {
  /// Independent pieces of work that threads share out.
  public var items: Int
  /// Working memory that each thread needs.
  public var scratchByteCount: Int
  /// Bytes that the kernel may touch of each operand, from its address on.
  public var extents: [Int]
  /// Useful multiply-adds; 0 for pure data movement.
  public var multiplyAdds: UInt64
  /// No piece has more of them.
  public var itemMultiplyAdds: UInt64
  /// How many multiply-adds take as long as what a kernel does before the first of a run of pieces.
  public var beginningMultiplyAdds: UInt64
}

extension KernelFamily {
  /// Asks the checker about a call that the compiler makes.
  ///
  /// - Parameters:
  ///   - parameters: The block, word by word.
  ///   - operands: For each operand the bytes from its address to the end of its memory (0: absent), and its
  ///     content where it lies among the weights.
  /// - Returns: Nil where the checker refuses the call.
  public func facts(
    parameters: [UInt32], operands: [(byteCount: Int, content: UnsafeRawPointer?)]
  ) -> CallFacts? {
    guard operands.count <= 8 else { return nil }
    // Blocks are read as 8-byte aligned memory, which an array of 4-byte words need not be.
    let block = UnsafeMutableRawPointer.allocate(byteCount: parameters.count * 4, alignment: 8)
    defer { block.deallocate() }
    for (index, word) in parameters.enumerated() {
      block.storeBytes(of: word, toByteOffset: index * 4, as: UInt32.self)
    }
    var facts = espalier_call_facts()
    facts.parameters = UnsafeRawPointer(block)
    facts.parameter_bytes = UInt32(parameters.count * 4)
    facts.operand_count = UInt32(operands.count)
    withUnsafeMutablePointer(to: &facts.operand_bytes) {
      $0.withMemoryRebound(to: UInt64.self, capacity: 8) { bytes in
        for (index, operand) in operands.enumerated() { bytes[index] = UInt64(operand.byteCount) }
      }
    }
    withUnsafeMutablePointer(to: &facts.operand_data) {
      $0.withMemoryRebound(to: UnsafeRawPointer?.self, capacity: 8) { data in
        for (index, operand) in operands.enumerated() { data[index] = operand.content }
      }
    }
    guard validate(&facts) else { return nil }
    let extents = withUnsafePointer(to: &facts.extent) {
      $0.withMemoryRebound(to: UInt64.self, capacity: 8) { extents in
        operands.indices.map { Int(clamping: extents[$0]) }
      }
    }
    return CallFacts(
      items: Int(facts.items), scratchByteCount: Int(clamping: facts.scratch_bytes), extents: extents,
      multiplyAdds: facts.multiply_adds, itemMultiplyAdds: facts.item_multiply_adds,
      beginningMultiplyAdds: facts.beginning_multiply_adds)
  }
}
