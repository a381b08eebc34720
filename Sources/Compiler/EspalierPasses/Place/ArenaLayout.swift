/// Where every buffer lies in the arena.
///
/// Buffers whose lifetimes meet get memory of their own. The largest is placed first, each into the smallest
/// gap that holds it (the greedy-by-size offset calculation of Pisarchyk and Lee 2020).
struct ArenaLayout {
  /// Bytes from the arena's start, indexed by buffer; 64-byte aligned.
  private(set) var offsets: [Int]
  private(set) var byteCount = 0
  private let sizes: [Int]

  static let alignment = 64

  init(sizes: [Int], lifetimes: Lifetimes) {
    self.sizes = sizes.map { ($0 + Self.alignment - 1) / Self.alignment * Self.alignment }
    offsets = [Int](repeating: 0, count: sizes.count)
    var placed: [(offset: Int, end: Int, lifetime: ClosedRange<Int>)] = []
    for buffer in self.sizes.indices.sorted(by: { (self.sizes[$0], $1) > (self.sizes[$1], $0) }) {
      guard let lifetime = lifetimes.ranges[buffer] else { continue }
      let neighbors = placed.filter { $0.lifetime.overlaps(lifetime) }.sorted { $0.offset < $1.offset }
      let offset = Self.smallestGap(of: self.sizes[buffer], between: neighbors.map { ($0.offset, $0.end) })
      offsets[buffer] = offset
      placed.append((offset, offset + self.sizes[buffer], lifetime))
      byteCount = max(byteCount, offset + self.sizes[buffer])
    }
  }

  /// The bytes that a buffer occupies.
  func range(of buffer: Int) -> Range<Int> { offsets[buffer]..<offsets[buffer] + sizes[buffer] }

  private static func smallestGap(of size: Int, between taken: [(offset: Int, end: Int)]) -> Int {
    var best: (offset: Int, gap: Int)?
    var end = 0
    for block in taken {
      let gap = block.offset - end
      if gap >= size, gap < best?.gap ?? .max { best = (end, gap) }
      end = max(end, block.end)
    }
    return best?.offset ?? end
  }
}
