extension PlanWriter {
  /// - Throws: `limitExceeded` or `invalid` for the first thing that no reader would accept.
  static func require(_ plan: Plan, within limits: PlanLimits) throws(PlanError) {
    try PlanError.require(.calls, UInt64(plan.calls.count), atMost: limits.callCount)
    for (index, call) in plan.calls.enumerated() {
      try PlanError.require(.operands, UInt64(call.operands.count), atMost: limits.operandCount)
      try PlanError.require(.parameterWords, UInt64(call.parameters.count), atMost: limits.parameterWordCount)
      try requireName(call.name, index: index, limits: limits)
    }
    let ports = plan.inputs + plan.outputs
    try PlanError.require(.ports, UInt64(ports.count), atMost: limits.portCount)
    for (index, port) in ports.enumerated() {
      try requireName(port.name, index: index, limits: limits)
      try port.require(index: index, within: limits)
    }
    try PlanError.require(
      .provenanceEntries, UInt64(plan.provenance.count), atMost: limits.provenanceEntryCount)
    for (index, entry) in plan.provenance.enumerated() {
      try requireName(entry.key, index: index, limits: limits)
      try PlanError.require(
        .provenanceBytes, UInt64(entry.value.utf8.count), atMost: limits.provenanceValueByteCount)
      guard !entry.value.utf8.contains(0) else { throw .invalid(.name, index: index, found: 0) }
    }
    if !plan.levels.isEmpty {
      let whole = Plan.Level(calls: 0..<plan.calls.count, multiplyAdds: plan.multiplyAdds)
      try plan.levels.require(partsOf: whole, within: limits)
    }
    for (index, watch) in plan.watches.enumerated() {
      try requireName(watch.statistics.name, index: index, limits: limits)
    }
    try plan.pictures.require(for: plan.inputs)
    if let results = plan.results {
      for (index, label) in results.labels.enumerated() {
        try requireName(label, index: index, limits: limits)
      }
      try results.require(inputs: plan.inputs, outputs: plan.outputs, within: limits)
    }
    try plan.golden?.require(
      inputs: plan.inputs, outputs: plan.outputs, levelCount: max(1, plan.levels.count), within: limits)
    try PlanError.require(.arenaBytes, UInt64(plan.arenaByteCount), atMost: limits.arenaByteCount)
    guard plan.multiplyAdds <= limits.multiplyAdds else {
      throw .limitExceeded(.multiplyAdds, limit: limits.multiplyAdds, found: plan.multiplyAdds)
    }
  }

  private static func requireName(
    _ name: String, index: Int, limits: PlanLimits
  ) throws(PlanError) {
    try PlanError.require(.nameBytes, UInt64(name.utf8.count), atMost: limits.nameByteCount)
    guard !name.utf8.contains(0) else { throw .invalid(.name, index: index, found: 0) }
  }
}

extension Plan.Port {
  /// - Throws: `invalid` for the rank or an extent, `limitExceeded` for the product.
  func require(index: Int, within limits: PlanLimits) throws(PlanError) {
    guard shape.count <= PackFormat.portRankLimit else {
      throw .invalid(.rank, index: index, found: UInt64(shape.count))
    }
    var byteCount = 4
    for extent in shape {
      guard extent >= 0, extent <= Int(Int32.max) else {
        throw .invalid(.extent, index: index, found: UInt64(bitPattern: Int64(extent)))
      }
      let (product, overflow) = byteCount.multipliedReportingOverflow(by: extent)
      guard !overflow, product <= limits.portByteCount else {
        let found = overflow ? UInt64.max : UInt64(product)
        throw .limitExceeded(.portBytes, limit: UInt64(limits.portByteCount), found: found)
      }
      byteCount = product
    }
  }
}
