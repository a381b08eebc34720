internal import CEspalierKernels

/// Changes fields of a packed file and mends its checksums, so that the change gets past them.
///
/// Knows the format from its specification (`PackedFile.md`), not from the code under test.
public struct PackEditor {
  public private(set) var bytes: [UInt8]

  public init(_ bytes: [UInt8]) { self.bytes = bytes }

  public var sectionCount: Int { Int(read(16, 4)) }

  /// Offset and length of the section with these four letters.
  public func section(_ letters: String) -> Range<Int>? {
    for index in 0..<sectionCount where bytes[64 + index * 32..<68 + index * 32].elementsEqual(letters.utf8) {
      let start = Int(read(72 + index * 32, 8))
      return start..<start + Int(read(80 + index * 32, 8))
    }
    return nil
  }

  public func read(_ offset: Int, _ width: Int) -> UInt64 {
    (0..<width).reduce(0) { $0 | UInt64(bytes[offset + $1]) << (8 * UInt64($1)) }
  }

  public mutating func write(_ value: UInt64, at offset: Int, width: Int) {
    for index in 0..<width { bytes[offset + index] = UInt8(truncatingIfNeeded: value >> (8 * UInt64(index))) }
  }

  /// CRC-32C.
  public static func checksum(of content: [UInt8]) -> UInt32 {
    content.withUnsafeBytes { espalier_crc32c($0.baseAddress, $0.count) }
  }

  /// Computes every checksum again: the sections' where they lie inside the file, then the header's.
  public mutating func mendChecksums() {
    for index in 0..<min(sectionCount, (bytes.count - 64) / 32) {
      let (start, count) = (read(72 + index * 32, 8), read(80 + index * 32, 8))
      guard start <= UInt64(bytes.count), count <= UInt64(bytes.count) - start else { continue }
      let content = bytes[Int(start)..<Int(start + count)]
      let checksum = content.withUnsafeBytes { espalier_crc32c($0.baseAddress, $0.count) }
      write(UInt64(checksum), at: 88 + index * 32, width: 4)
    }
    write(0, at: 32, width: 4)
    let end = min(64 + sectionCount * 32, bytes.count)
    let checksum = bytes[..<end].withUnsafeBytes { espalier_crc32c($0.baseAddress, $0.count) }
    write(UInt64(checksum), at: 32, width: 4)
  }
}
