import Testing

@testable import espalier

@Suite("Times taken in turns") struct PairedTimeTests {
  private func pair(_ full: Double, _ pruned: Double) -> PairedTime {
    func time(_ median: Double) -> PackTime {
      PackTime(median_ms: median, p99_ms: median, frames: 1, bytes: 1)
    }
    return PairedTime(full: time(full), pruned: time(pruned))
  }

  private func settled(_ first: PairedTime, _ later: [PairedTime]) -> (found: PairedTime, taken: Int) {
    var taken = 0
    let found = first.settled({ $0.share < 0.98 }) {
      defer { taken += 1 }
      return later[taken]
    }
    return (found, taken)
  }

  @Test func `are told by the middle one of three`() {
    var pairs = [pair(1, 1.8), pair(1, 0.7), pair(1, 0.8)]
    let middle = PairedTime.middle { pairs.removeFirst() }
    #expect(middle == pair(1, 0.8) && pairs.isEmpty)
  }

  @Test func `end with the first that is enough`() {
    let found = settled(pair(2, 1), [])
    #expect(found.taken == 0 && found.found == pair(2, 1))
  }

  /// The whole network was measured before a machine slowed down to half, the pruned one after.
  @Test func `outlast a machine that slows down`() {
    let found = settled(pair(1, 1.4), [pair(2, 1.4), pair(2.1, 1.4)])
    #expect(found.taken == 2 && found.found == pair(2, 1.4))
  }

  @Test func `do not take what is no faster for faster because of one that went well`() {
    let same = pair(1, 1)
    let found = settled(same, [pair(1, 0.9)] + Array(repeating: same, count: PairedTime.most - 2))
    #expect(found.taken == PairedTime.most - 1)
    #expect(found.found.share == 1)
  }
}
