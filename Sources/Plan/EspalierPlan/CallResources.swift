/// What one call needs, as its family's checker found out.
public struct CallResources: Sendable, Equatable {
  /// Independent work items; threads share them.
  public var items: UInt32
  /// Bytes of scratch memory that each thread needs.
  public var scratchByteCount: Int
  /// Useful multiply-adds; 0 for pure data movement.
  public var multiplyAdds: UInt64
  /// Bytes that the kernel may touch, all operands together.
  public var touchedByteCount: UInt64
  /// The first byte of the arena behind everything that the call touches.
  public var arenaEnd: UInt64
  /// No item has more multiply-adds.
  public var itemMultiplyAdds: UInt64 = 0
  /// How many of the touched bytes are weights.
  public var weightsByteCount: UInt64 = 0
  /// How many multiply-adds take as long as what a kernel does before the first of a run of items.
  public var beginningMultiplyAdds: UInt64 = 0

  public init(
    items: UInt32, scratchByteCount: Int, multiplyAdds: UInt64, touchedByteCount: UInt64, arenaEnd: UInt64,
    itemMultiplyAdds: UInt64 = 0, weightsByteCount: UInt64 = 0, beginningMultiplyAdds: UInt64 = 0
  ) {
    self.items = items
    self.scratchByteCount = scratchByteCount
    self.multiplyAdds = multiplyAdds
    self.touchedByteCount = touchedByteCount
    self.arenaEnd = arenaEnd
    self.itemMultiplyAdds = itemMultiplyAdds
    self.weightsByteCount = weightsByteCount
    self.beginningMultiplyAdds = beginningMultiplyAdds
  }

  /// Multiply-adds, with every touched byte counted as two: about what both cost on a current core.
  public var cost: UInt64 { multiplyAdds + touchedByteCount * 2 }

  /// How many items run between two looks at the deadline: about 2²⁰ units of cost, at least one item.
  public var itemsPerCheckpoint: UInt32 {
    guard cost > CallResources.costPerCheckpoint else { return max(items, 1) }
    return max(1, UInt32(Double(items) * Double(CallResources.costPerCheckpoint) / Double(cost)))
  }

  /// No piece between two looks at the deadline has more multiply-adds.
  public var checkpointMultiplyAdds: UInt64 {
    let (work, overflow) = itemMultiplyAdds.multipliedReportingOverflow(by: UInt64(itemsPerCheckpoint))
    return overflow ? multiplyAdds : min(work, multiplyAdds)
  }

  /// The bytes of a piece: all weights, and its share of everything else. Where windows overlap, what two pieces
  /// read counts once.
  public var checkpointByteCount: UInt64 {
    let count = UInt64(max(items, 1))
    let shared = touchedByteCount - min(weightsByteCount, touchedByteCount)
    let perItem = shared / count + (shared % count == 0 ? 0 : 1)
    return min(touchedByteCount, weightsByteCount + perItem * min(UInt64(itemsPerCheckpoint), count))
  }

  static let costPerCheckpoint: UInt64 = 1 << 20
}

/// What a frame needs, known before it runs.
public struct ResourceCertificate: Sendable, Equatable {
  public var arenaByteCount: UInt64 = 0
  /// Beside the arena, for each thread.
  public var scratchByteCount: UInt64 = 0
  public var weightsByteCount: UInt64 = 0
  /// Useful multiply-adds of one frame.
  public var multiplyAdds: UInt64 = 0
  /// One thread never does more multiply-adds between two looks at the deadline.
  public var checkpointMultiplyAdds: UInt64 = 0
  /// About the most bytes that one thread touches between two looks at the deadline: all weights of a call,
  /// and a piece's share of everything else.
  public var checkpointByteCount: UInt64 = 0

  public init() {}

  /// Raises scratch and distances to what these calls need.
  mutating func include(_ calls: [CallResources]) {
    for call in calls {
      scratchByteCount = max(scratchByteCount, UInt64(call.scratchByteCount))
      checkpointMultiplyAdds = max(checkpointMultiplyAdds, call.checkpointMultiplyAdds)
      checkpointByteCount = max(checkpointByteCount, call.checkpointByteCount)
    }
  }
}
