internal import EspalierKernels

/// Holds every call against its kernel family's checker: after it, no kernel can leave its operands.
struct CallChecker {
  let inputByteCounts: [UInt64]
  let outputByteCounts: [UInt64]
  let arenaByteCount: UInt64
  /// Stays valid and unchanged while the checker is used.
  let weights: UnsafeRawBufferPointer
  let limits: PlanLimits

  init(
    inputs: [Plan.Port], outputs: [Plan.Port], arenaByteCount: UInt64, weights: UnsafeRawBufferPointer,
    limits: PlanLimits
  ) {
    inputByteCounts = inputs.map { UInt64($0.byteCount) }
    outputByteCounts = outputs.map { UInt64($0.byteCount) }
    self.arenaByteCount = arenaByteCount
    self.weights = unsafe weights
    self.limits = limits
  }

  /// - Throws: `callRefused` for the first call that is not safe, `limitExceeded` for scratch or work.
  func check(_ calls: [Plan.Call]) throws(PlanError) -> [CallResources] {
    var resources: [CallResources] = []
    resources.reserveCapacity(calls.count)
    var multiplyAdds: UInt64 = 0
    for index in calls.indices {
      let found: CallResources
      do throws(CallFault) {
        found = try check(calls[index])
      } catch {
        throw .callRefused(index: index, name: calls[index].name, reason: error)
      }
      try PlanError.require(.scratchBytes, UInt64(found.scratchByteCount), atMost: limits.scratchByteCount)
      let (sum, overflow) = multiplyAdds.addingReportingOverflow(found.multiplyAdds)
      guard !overflow, sum <= limits.multiplyAdds else {
        throw .limitExceeded(.multiplyAdds, limit: limits.multiplyAdds, found: overflow ? .max : sum)
      }
      multiplyAdds = sum
      resources.append(found)
    }
    return resources
  }

  private func check(_ call: Plan.Call) throws(CallFault) -> CallResources {
    guard let family = KernelFamily(number: call.family) else { throw .unknownFamily(call.family) }
    guard call.operands.count == family.operandCount else {
      throw .operandCount(expected: family.operandCount, found: call.operands.count)
    }
    guard call.parameters.count * 4 == family.parameterByteCount else {
      throw .parameterByteCount(expected: family.parameterByteCount, found: call.parameters.count * 4)
    }
    var operands: [(byteCount: Int, content: UnsafeRawPointer?)] = []
    for (index, operand) in call.operands.enumerated() {
      let byteCount = try availableByteCount(operand, index: index, of: family)
      unsafe operands.append((Int(byteCount), content(of: operand, byteCount: byteCount)))
    }
    guard let facts = unsafe family.facts(parameters: call.parameters, operands: operands) else {
      throw .parameters(family: family.name)
    }
    return try summarize(facts, of: call, byteCounts: operands.map { $0.byteCount })
  }

  /// Bytes from the operand to the end of its space; 0 for an absent one.
  private func availableByteCount(
    _ operand: Plan.Operand, index: Int, of family: KernelFamily
  ) throws(CallFault) -> UInt64 {
    let total = try spaceByteCount(operand, index: index)
    if family.writes(operand: index) && (operand.space == .weights || operand.space == .input) {
      throw .writesReadOnly(operand: index, space: operand.space)
    }
    let alignment = operand.space == .weights ? 64 : family.alignment(operand: index)
    guard operand.offset % UInt64(alignment) == 0 else {
      throw .misaligned(operand: index, offset: operand.offset, alignment: alignment)
    }
    guard operand.offset <= total else {
      throw .outside(operand: index, space: operand.space, offset: operand.offset, byteCount: total)
    }
    return total - operand.offset
  }

  private func spaceByteCount(_ operand: Plan.Operand, index: Int) throws(CallFault) -> UInt64 {
    switch operand.space {
    case .none: return 0
    case .arena: return arenaByteCount
    case .weights: return UInt64(weights.count)
    case .input, .output:
      let counts = operand.space == .input ? inputByteCounts : outputByteCounts
      guard operand.index < UInt32(counts.count) else {
        throw .noSuchPort(operand: index, space: operand.space, index: operand.index)
      }
      return counts[Int(operand.index)]
    }
  }

  private func content(of operand: Plan.Operand, byteCount: UInt64) -> UnsafeRawPointer? {
    guard operand.space == .weights, byteCount > 0, let base = unsafe weights.baseAddress else { return nil }
    return unsafe base + Int(operand.offset)
  }

  private func summarize(
    _ facts: CallFacts, of call: Plan.Call, byteCounts: [Int]
  ) throws(CallFault) -> CallResources {
    var touched: UInt64 = 0
    var weights: UInt64 = 0
    var arenaEnd: UInt64 = 0
    for (index, operand) in call.operands.enumerated() {
      let (extent, byteCount) = (UInt64(facts.extents[index]), UInt64(byteCounts[index]))
      guard extent <= byteCount else {
        throw .beyondEnd(operand: index, space: operand.space, extent: extent, byteCount: byteCount)
      }
      touched += extent
      if operand.space == .weights { weights += extent }
      if operand.space == .arena { arenaEnd = max(arenaEnd, operand.offset + extent) }
    }
    return CallResources(
      items: UInt32(clamping: facts.items), scratchByteCount: facts.scratchByteCount,
      multiplyAdds: min(facts.multiplyAdds, 1 << 60), touchedByteCount: touched, arenaEnd: arenaEnd,
      itemMultiplyAdds: min(facts.itemMultiplyAdds, facts.multiplyAdds), weightsByteCount: weights,
      beginningMultiplyAdds: min(facts.beginningMultiplyAdds, 1 << 60))
  }
}

extension PlanError {
  /// Throws `limitExceeded` where `found` is more than `limit`.
  static func require(_ quantity: Quantity, _ found: UInt64, atMost limit: Int) throws(PlanError) {
    guard found <= UInt64(limit) else {
      throw .limitExceeded(quantity, limit: UInt64(limit), found: found)
    }
  }
}
