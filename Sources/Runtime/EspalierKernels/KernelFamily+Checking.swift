public import CEspalierKernels

extension KernelFamily {
  /// The family's name in kernels.def.
  public var name: String {
    guard let family = unsafe espalier_family_numbered(number) else { return "" }
    return unsafe String(cString: family.pointee.name)
  }

  /// Validates a call whose parameter block is given word by word.
  public func validate(_ facts: inout espalier_call_facts, parameters: [UInt32]) -> Bool {
    let aligned = [UInt64](unsafeUninitializedCapacity: (parameters.count + 1) / 2) { words, count in
      count = words.count
      words.initialize(repeating: 0)
      let bytes = UnsafeMutableRawBufferPointer(words)
      for (index, word) in parameters.enumerated() {
        bytes.storeBytes(of: word, toByteOffset: index * 4, as: UInt32.self)
      }
    }
    return aligned.withUnsafeBytes { block in
      unsafe facts.parameters = block.baseAddress
      defer { unsafe facts.parameters = nil }
      return unsafe validate(&facts)
    }
  }
}

extension espalier_call_facts {
  /// Tells the checker how many bytes an operand has, and what it holds where that is known.
  ///
  /// - Precondition: `index` is below `ESPALIER_OPERAND_LIMIT`.
  package mutating func setOperand(_ index: Int, byteCount: UInt64, data: UnsafeRawPointer?) {
    precondition(index < Int(ESPALIER_OPERAND_LIMIT))
    unsafe withUnsafeMutableBytes(of: &operand_bytes) { counts in
      counts.storeBytes(of: byteCount, toByteOffset: index * 8, as: UInt64.self)
    }
    unsafe withUnsafeMutableBytes(of: &operand_data) { addresses in
      let stride = MemoryLayout<UnsafeRawPointer?>.stride
      unsafe addresses.storeBytes(of: data, toByteOffset: index * stride, as: UnsafeRawPointer?.self)
    }
  }

  /// Bytes that the kernel may touch of an operand, once the checker has passed.
  package func touchedByteCount(_ index: Int) -> UInt64 {
    precondition(index < Int(ESPALIER_OPERAND_LIMIT))
    return unsafe withUnsafeBytes(of: extent) { $0.load(fromByteOffset: index * 8, as: UInt64.self) }
  }

  /// Bytes that an operand has.
  package func availableByteCount(_ index: Int) -> UInt64 {
    precondition(index < Int(ESPALIER_OPERAND_LIMIT))
    return unsafe withUnsafeBytes(of: operand_bytes) { $0.load(fromByteOffset: index * 8, as: UInt64.self) }
  }
}
