import EspalierOperators
import Testing

@testable import EspalierPasses

@Suite("Arena layout") struct ArenaLayoutTests {
  /// A call that touches the given arena buffers, the last one being what it writes.
  static func call(_ buffers: Int...) -> LoweredCall {
    LoweredCall(
      family: 7, parameters: [],
      operands: buffers.map { LoweredCall.Operand(buffer: .arena($0), byteOffset: 0) }, name: "call")
  }

  @Test func `lets a chain of layers share two buffers' memory`() {
    let calls = (0..<9).map { Self.call($0, $0 + 1) }
    let layout = ArenaLayout(
      sizes: [Int](repeating: 640, count: 10), lifetimes: Lifetimes(calls: calls, bufferCount: 10))
    #expect(layout.byteCount == 2 * 640)
  }

  @Test func `keeps a shortcut's memory until its last reader`() {
    let calls = [Self.call(0, 1), Self.call(1, 2), Self.call(2, 0, 3)]
    let layout = ArenaLayout(
      sizes: [64, 64, 64, 64], lifetimes: Lifetimes(calls: calls, bufferCount: 4))
    #expect(!layout.range(of: 0).overlaps(layout.range(of: 1)))
    #expect(!layout.range(of: 0).overlaps(layout.range(of: 2)))
  }

  /// 200 seeded programs: live buffers never share bytes, and the arena is no larger than all of them.
  @Test func `never lets two live buffers overlap`() {
    var random = SplitMix(seed: 7)
    for _ in 0..<200 {
      let count = 2 + random.next(below: 20)
      let calls = (0..<30).map { _ in
        Self.call(random.next(below: count), random.next(below: count))
      }
      let sizes = (0..<count).map { _ in 1 + random.next(below: 5000) }
      let lifetimes = Lifetimes(calls: calls, bufferCount: count)
      let layout = ArenaLayout(sizes: sizes, lifetimes: lifetimes)
      for a in 0..<count {
        guard let lifeA = lifetimes.ranges[a] else { continue }
        #expect(layout.offsets[a] % 64 == 0)
        #expect(layout.offsets[a] + sizes[a] <= layout.byteCount)
        for b in 0..<a where lifetimes.ranges[b]?.overlaps(lifeA) ?? false {
          #expect(!layout.range(of: a).overlaps(layout.range(of: b)))
        }
      }
    }
  }
}

/// Steele, Lea and Flood's SplitMix64: the tests' seeded source of numbers.
struct SplitMix {
  private var state: UInt64

  init(seed: UInt64) { state = seed }

  mutating func next() -> UInt64 {
    state &+= 0x9e37_79b9_7f4a_7c15
    var z = state
    z = (z ^ (z >> 30)) &* 0xbf58_476d_1ce4_e5b9
    z = (z ^ (z >> 27)) &* 0x94d0_49bb_1331_11eb
    return z ^ (z >> 31)
  }

  mutating func next(below limit: Int) -> Int { Int(next() % UInt64(limit)) }

  /// Uniform in −1…1.
  mutating func float() -> Float { Float(Int32(truncatingIfNeeded: next() >> 32)) / 2_147_483_648 }
}
