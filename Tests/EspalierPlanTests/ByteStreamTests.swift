import PlanFixtures
import Testing

@testable import EspalierPlan

@Suite("A stream of coded bytes") struct ByteStreamTests {
  private func decoded(_ bytes: [UInt8], _ contexts: Int, _ data: [UInt8]) throws -> [UInt8] {
    let (source, target) = (AlignedCopy(of: data), AlignedCopy(of: bytes.map { ~$0 }))
    var reader = ByteReader(source.bytes, part: .section(.codedWeights))
    try ByteStream.decode(&reader, contexts: contexts, into: target.memory, stream: 3)
    withExtendedLifetime(source) {}
    return Array(target.bytes)
  }

  /// Values that occur once, and one that takes all shares.
  @Test(arguments: [1, 2, 3, 4, 5, 8, 17, 4_095, 4_096, 4_097, 100_000])
  func `gives its bytes back`(count: Int) throws {
    var random = SeededGenerator(seed: UInt64(count))
    let skewed = (0..<count).map { _ in
      UInt8(
        truncatingIfNeeded: Int.random(in: -9...9, using: &random) * Int.random(in: -9...9, using: &random))
    }
    let planes = (0..<count).map { $0 % 4 == 3 ? UInt8(63) : UInt8.random(in: 0...255, using: &random) }
    let single = [UInt8](repeating: 7, count: count)
    for bytes in [skewed, planes, single] {
      let coded = ByteStream.coded(bytes)
      #expect(coded.data.count <= bytes.count)
      if coded.contexts > 0 { #expect(try decoded(bytes, coded.contexts, coded.data) == bytes) }
    }
  }

  @Test func `takes as many bits as the values' shares ask for`() throws {
    var random = SeededGenerator(seed: 5)
    // Entropy 1.75 bits, for all 17,500 bytes: shares 1/2, 1/4, 1/8, 1/8.
    let values: [UInt8] = [9, 9, 9, 9, 200, 200, 3, 4]
    let bytes = (0..<80_000).map { _ in values[Int.random(in: 0..<8, using: &random)] }
    let coded = ByteStream.coded(bytes)
    #expect(coded.contexts == 1)
    #expect((17_400...17_700).contains(coded.data.count))
  }

  @Test func `keeps bytes that have no pattern as they are`() {
    var random = SeededGenerator(seed: 6)
    let bytes = (0..<5_000).map { _ in UInt8.random(in: 0...255, using: &random) }
    #expect(ByteStream.coded(bytes).contexts == 0)
    #expect(ByteStream.coded(bytes).data == bytes)
  }

  @Test func `finds that bits changed, are missing or left over`() throws {
    let bytes = (0..<3_000).map { UInt8($0 % 7 * ($0 % 5)) }
    let coded = ByteStream.coded(bytes)
    #expect(coded.contexts > 0)
    var changed = coded.data
    for position in stride(from: 0, to: changed.count, by: 5) {
      changed[position] ^= 0x11
      let found = try? decoded(bytes, coded.contexts, changed)
      #expect(found == nil || found != bytes)
      changed[position] ^= 0x11
    }
    #expect(throws: PlanError.self) { try decoded(bytes, coded.contexts, coded.data.dropLast(2)) }
    #expect(throws: PlanError.self) { try decoded(bytes, coded.contexts, coded.data + [0, 0]) }
    #expect(throws: PlanError.self) { try decoded(bytes.dropLast(), coded.contexts, coded.data) }
  }
}
