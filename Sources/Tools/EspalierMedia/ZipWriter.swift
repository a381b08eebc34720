internal import CMedia

/// Writes zip files with stored entries, all dated 1980-01-01, so that the same contents give the same bytes.
struct ZipWriter {
  private var bytes: [UInt8] = []
  private var directory: [UInt8] = []
  private var entryCount = 0
  private static let byteLimit = Int(UInt32.max) - 1

  /// - Throws: `MediaError.tooLarge` where the file would pass 4 GiB.
  mutating func append(name: String, contents: [UInt8], path: String) throws(MediaError) {
    let offset = bytes.count
    guard offset + contents.count + directory.count + 2 * name.utf8.count + 256 <= Self.byteLimit else {
      throw .tooLarge(path: path, what: "bytes", limit: Self.byteLimit)
    }
    let crc = contents.withUnsafeBufferPointer { espalier_crc32($0.baseAddress, $0.count) }
    var common: [UInt8] = []
    // Version 2.0, UTF-8 names, stored, midnight of 1980-01-01.
    for field in [20, 0x800, 0, 0, 0x21] { Self.put(field, bytes: 2, in: &common) }
    for field in [Int(crc), contents.count, contents.count] { Self.put(field, bytes: 4, in: &common) }
    Self.put(name.utf8.count, bytes: 2, in: &common)
    Self.put(0, bytes: 2, in: &common)

    Self.put(0x0403_4B50, bytes: 4, in: &bytes)
    bytes += common + Array(name.utf8) + contents

    Self.put(0x0201_4B50, bytes: 4, in: &directory)
    Self.put(20, bytes: 2, in: &directory)
    directory += common
    // No comment, disk 0, no attributes.
    directory += [UInt8](repeating: 0, count: 10)
    Self.put(offset, bytes: 4, in: &directory)
    directory += Array(name.utf8)
    entryCount += 1
  }

  consuming func finish() -> [UInt8] {
    let offset = bytes.count
    bytes += directory
    Self.put(0x0605_4B50, bytes: 4, in: &bytes)
    Self.put(0, bytes: 4, in: &bytes)
    Self.put(entryCount, bytes: 2, in: &bytes)
    Self.put(entryCount, bytes: 2, in: &bytes)
    Self.put(directory.count, bytes: 4, in: &bytes)
    Self.put(offset, bytes: 4, in: &bytes)
    Self.put(0, bytes: 2, in: &bytes)
    return bytes
  }

  private static func put(_ value: Int, bytes count: Int, in target: inout [UInt8]) {
    for byte in 0..<count { target.append(UInt8(truncatingIfNeeded: value >> (8 * byte))) }
  }
}
