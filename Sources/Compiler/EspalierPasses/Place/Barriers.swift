internal import EspalierKernels
internal import EspalierOperators

/// Finds the calls before which all threads must have finished what came before.
///
/// Two calls may overlap in time unless one writes memory that the other touches. Within one buffer every
/// element is written once (a concatenation by several calls, an image and its halo by different ones), so
/// two writers of one buffer never conflict; two buffers conflict where the arena gives them the same bytes.
struct Barriers {
  private struct Access {
    var buffer: Buffer
    var bytes: Range<Int>
    var writes: Bool

    func conflicts(with other: Access) -> Bool {
      guard writes || other.writes else { return false }
      if buffer == other.buffer { return writes != other.writes }
      guard case .arena = buffer, case .arena = other.buffer else { return false }
      return bytes.overlaps(other.bytes)
    }
  }

  private let layout: ArenaLayout
  private var open: [Access] = []

  init(layout: ArenaLayout) { self.layout = layout }

  /// Whether this call, the next in order, needs a barrier before it.
  mutating func isNeeded(before call: LoweredCall, of family: KernelFamily) -> Bool {
    let accesses = call.operands.enumerated().compactMap { index, operand in
      operand.flatMap { access(to: $0.buffer, writes: family.writes(operand: index)) }
    }
    let needed = accesses.contains { access in open.contains { access.conflicts(with: $0) } }
    if needed { open.removeAll(keepingCapacity: true) }
    open += accesses
    return needed
  }

  private func access(to buffer: Buffer, writes: Bool) -> Access? {
    switch buffer {
    case .arena(let index): Access(buffer: buffer, bytes: layout.range(of: index), writes: writes)
    case .output: Access(buffer: buffer, bytes: 0..<0, writes: writes)
    case .input, .weights, .weightBytes: nil
    }
  }
}
