extension PlanWriter {
  /// The header, then a record for each level.
  static func levelSection(_ levels: [Plan.Level]) -> [UInt8] {
    var section = ByteWriter()
    section.write(UInt32(levels.count))
    section.writeZeros(PackFormat.levelHeaderByteCount - section.bytes.count)
    for level in levels {
      section.write(UInt32(level.calls.lowerBound))
      section.write(UInt32(level.calls.count))
      section.write(level.multiplyAdds)
      section.writeZeros(PackFormat.levelByteCount - 16)
    }
    return section.bytes
  }
}

extension PlanReader {
  /// - Parameter whole: All calls, and the multiply-adds of the certificate.
  static func readLevels(
    _ section: UnsafeRawBufferPointer, of whole: Plan.Level, limits: PlanLimits
  ) throws(PlanError) -> [Plan.Level] {
    var reader = unsafe ByteReader(section, part: .section(.levels))
    let count = try reader.read(UInt32.self)
    try PlanError.require(.levels, UInt64(count), atMost: limits.levelCount)
    try reader.skipReserved(PackFormat.levelHeaderByteCount - reader.offset, index: 0)
    try reader.requireExactly(UInt64(count) * UInt64(PackFormat.levelByteCount))
    var levels: [Plan.Level] = []
    for index in 0..<Int(count) {
      let first = Int(try reader.read(UInt32.self))
      let calls = first..<first + Int(try reader.read(UInt32.self))
      levels.append(Plan.Level(calls: calls, multiplyAdds: try reader.read(UInt64.self)))
      try reader.skipReserved(PackFormat.levelByteCount - 16, index: index)
    }
    try levels.require(partsOf: whole, within: limits)
    return levels
  }
}

extension [Plan.Level] {
  /// - Throws: `limitExceeded`, or `invalid` for the first level that does not begin where the one before ends, has
  ///   no calls, or has no fewer multiply-adds than the one before; the first has those of the whole.
  func require(partsOf whole: Plan.Level, within limits: PlanLimits) throws(PlanError) {
    try PlanError.require(.levels, UInt64(count), atMost: limits.levelCount)
    guard !isEmpty else { throw .invalid(.levelCalls, index: 0, found: 0) }
    var end = 0
    for (index, level) in enumerated() {
      guard level.calls.lowerBound == end, !level.calls.isEmpty else {
        throw .invalid(.levelCalls, index: index, found: UInt64(level.calls.lowerBound))
      }
      let fits =
        index == 0
        ? level.multiplyAdds == whole.multiplyAdds : level.multiplyAdds < self[index - 1].multiplyAdds
      guard fits else { throw .invalid(.levelMultiplyAdds, index: index, found: level.multiplyAdds) }
      end = level.calls.upperBound
    }
    guard end == whole.calls.upperBound else {
      throw .invalid(.levelCalls, index: count, found: UInt64(end))
    }
  }
}

extension Plan {
  /// One plan of several networks, which share working memory and whatever weights are the same.
  ///
  /// - Parameter networks: The one with the most multiply-adds first; each a plan of one level.
  /// - Throws: `invalid` where one has other inputs or outputs than the first, or no fewer multiply-adds than the
  ///   one before.
  public init(levels networks: [Plan]) throws(PlanError) {
    precondition(!networks.isEmpty && networks.allSatisfy { $0.levels.isEmpty })
    self = networks[0]
    if networks.count == 1 { return }
    var store = WeightStore(networks[0])
    let arenaEnd = networks.reduce(0) { max($0, $1.arenaByteCountOfCalls) }
    levels = [Level(calls: 0..<calls.count, multiplyAdds: multiplyAdds)]
    for (index, network) in networks.enumerated().dropFirst() {
      guard network.hasPorts(of: self) else {
        throw .invalid(.levelPorts, index: index, found: UInt64(network.inputs.count))
      }
      let start = calls.count
      calls += store.adopt(network)
      levels.append(Level(calls: start..<calls.count, multiplyAdds: network.multiplyAdds))
      for watch in network.watches {
        watches.append(watch)
        watches[watches.count - 1].call += start
      }
    }
    weights = store.weights
    placeWatches(behind: arenaEnd)
    let whole = Level(calls: 0..<calls.count, multiplyAdds: multiplyAdds)
    try levels.require(partsOf: whole, within: PlanLimits())
  }

  private func hasPorts(of other: Plan) -> Bool {
    func same(_ ports: [Port], _ others: [Port]) -> Bool {
      ports.count == others.count
        && zip(ports, others).allSatisfy {
          $0.shape == $1.shape && $0.name.utf8.elementsEqual($1.name.utf8)
        }
    }
    return same(inputs, other.inputs) && same(outputs, other.outputs)
  }
}

/// Weights of several networks, each run of bytes once.
private struct WeightStore {
  private(set) var weights: [UInt8]
  private var places: [[UInt8]: Int] = [:]

  init(_ plan: Plan) {
    weights = plan.weights
    for run in Self.runs(of: plan) { places[Array(plan.weights[run])] = run.lowerBound }
  }

  /// The calls of another network, with their weights in this store.
  mutating func adopt(_ plan: Plan) -> [Plan.Call] {
    var moved: [UInt64: UInt64] = [:]
    for run in Self.runs(of: plan) { moved[UInt64(run.lowerBound)] = UInt64(place(Array(plan.weights[run]))) }
    var calls = plan.calls
    for call in calls.indices {
      for operand in calls[call].operands.indices where calls[call].operands[operand].space == .weights {
        if let place = moved[calls[call].operands[operand].offset] {
          calls[call].operands[operand].offset = place
        }
      }
    }
    return calls
  }

  private mutating func place(_ bytes: [UInt8]) -> Int {
    if let known = places[bytes] { return known }
    let start = PackFormat.roundUp(weights.count, to: PackFormat.sectionAlignment)
    weights += repeatElement(0, count: start - weights.count)
    weights += bytes
    places[bytes] = start
    return start
  }

  /// From each offset that a call reads from to the next.
  private static func runs(of plan: Plan) -> [Range<Int>] {
    var starts: Set<Int> = []
    for call in plan.calls {
      for operand in call.operands where operand.space == .weights { starts.insert(Int(operand.offset)) }
    }
    let ordered = starts.filter { $0 < plan.weights.count }.sorted()
    return ordered.enumerated().map { index, start in
      start..<(index + 1 < ordered.count ? ordered[index + 1] : plan.weights.count)
    }
  }
}
