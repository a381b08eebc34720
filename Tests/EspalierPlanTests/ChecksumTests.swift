import CEspalierKernels
import PlanFixtures
import Testing

@Suite("CRC-32C") struct ChecksumTests {
  /// Check values of RFC 3720, appendix B.4.
  @Test func `gives the published values`() {
    let rising = (0..<32).map { UInt8($0) }
    #expect(checksum([UInt8](repeating: 0, count: 32)) == 0x8A91_36AA)
    #expect(checksum([UInt8](repeating: 0xFF, count: 32)) == 0x62A8_AB43)
    #expect(checksum(rising) == 0x46DD_794E)
    #expect(checksum(rising.reversed()) == 0x113F_DB5C)
    #expect(checksum(Array("123456789".utf8)) == 0xE306_9283)
    #expect(checksum([]) == 0)
  }

  /// Lengths around the 8-byte step and around the size from which three thirds run side by side.
  @Test func `is the same by the processor's instruction and by tables`() {
    var random = SeededGenerator(seed: 7)
    let bytes = (0..<100_000).map { _ in UInt8.random(in: 0...255, using: &random) }
    for count in Array(0...40) + Array(3064...3104) + [9999, 65_536, 99_999, 100_000] {
      #expect(checksum(Array(bytes[..<count])) == portable(Array(bytes[..<count])))
    }
  }

  private func checksum(_ bytes: [UInt8]) -> UInt32 { espalier_crc32c(bytes, bytes.count) }
  private func portable(_ bytes: [UInt8]) -> UInt32 { espalier_crc32c_portable(bytes, bytes.count) }
}
