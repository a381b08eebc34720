internal import CMedia

/// Reads zip files with stored and deflated entries, without encryption and below 4 GiB.
///
/// The central directory is what counts, as PKWARE's APPNOTE.TXT (6.3.10) says. Every offset and length is
/// checked before it is used, every entry's CRC afterwards.
struct ZipReader {
  struct File {
    let name: String
    let contents: [UInt8]
  }

  private struct Entry {
    var name: String
    var method: Int
    var crc: UInt32
    var packedCount: Int
    var count: Int
    var headerOffset: Int
  }

  private let bytes: [UInt8]
  private let path: String
  /// Deflate's greatest ratio is 1,032 to 1; whoever announces more lies.
  private static let greatestRatio = 1_032

  init(_ bytes: [UInt8], path: String) {
    self.bytes = bytes
    self.path = path
  }

  func files() throws(MediaError) -> [File] {
    var files: [File] = []
    for entry in try directory() {
      files.append(File(name: entry.name, contents: try contents(of: entry)))
    }
    return files
  }

  private func directory() throws(MediaError) -> [Entry] {
    let end = try endRecord()
    let count = integer(at: end + 10, bytes: 2)
    var offset = integer(at: end + 16, bytes: 4)
    var entries: [Entry] = []
    for _ in 0..<count {
      guard offset + 46 <= end, integer(at: offset, bytes: 4) == 0x0201_4B50 else {
        throw damaged("directory")
      }
      let nameCount = integer(at: offset + 28, bytes: 2)
      let next =
        offset + 46 + nameCount + integer(at: offset + 30, bytes: 2) + integer(at: offset + 32, bytes: 2)
      guard next <= end else { throw damaged("directory") }
      guard integer(at: offset + 8, bytes: 2) & 1 == 0 else {
        throw .malformed(path: path, problem: "it is an encrypted zip file")
      }
      entries.append(
        Entry(
          name: String(decoding: bytes[(offset + 46)..<(offset + 46 + nameCount)], as: UTF8.self),
          method: integer(at: offset + 10, bytes: 2),
          crc: UInt32(integer(at: offset + 16, bytes: 4)),
          packedCount: integer(at: offset + 20, bytes: 4),
          count: integer(at: offset + 24, bytes: 4),
          headerOffset: integer(at: offset + 42, bytes: 4)))
      offset = next
    }
    return entries
  }

  /// Where the end-of-central-directory record starts: behind it stands only a comment.
  private func endRecord() throws(MediaError) -> Int {
    guard bytes.count >= 22 else { throw .truncated(path: path, format: "zip") }
    var position = bytes.count - 22
    let last = max(0, position - 0xFFFF)
    while position >= last {
      if integer(at: position, bytes: 4) == 0x0605_4B50,
        position + 22 + integer(at: position + 20, bytes: 2) == bytes.count
      {
        return position
      }
      position -= 1
    }
    throw .truncated(path: path, format: "zip")
  }

  private func contents(of entry: Entry) throws(MediaError) -> [UInt8] {
    guard entry.count != 0xFFFF_FFFF, entry.packedCount != 0xFFFF_FFFF else {
      throw .malformed(path: path, problem: "entry '\(entry.name)' has 4 GiB or more; split the file")
    }
    let header = entry.headerOffset
    guard header + 30 <= bytes.count, integer(at: header, bytes: 4) == 0x0403_4B50 else {
      throw damaged("header of entry '\(entry.name)'")
    }
    let start = header + 30 + integer(at: header + 26, bytes: 2) + integer(at: header + 28, bytes: 2)
    guard start + entry.packedCount <= bytes.count else { throw .truncated(path: path, format: "zip") }
    let contents = try unpack(bytes[start..<(start + entry.packedCount)], entry)
    guard contents.withUnsafeBufferPointer({ espalier_crc32($0.baseAddress, $0.count) }) == entry.crc else {
      throw damaged("checksum of entry '\(entry.name)'")
    }
    return contents
  }

  private func unpack(_ packed: ArraySlice<UInt8>, _ entry: Entry) throws(MediaError) -> [UInt8] {
    switch entry.method {
    case 0:
      guard entry.count == entry.packedCount else { throw damaged("length of entry '\(entry.name)'") }
      return Array(packed)
    case 8:
      guard entry.count <= (entry.packedCount + 1) * Self.greatestRatio else {
        throw damaged("length of entry '\(entry.name)'")
      }
      var status: Int32 = 0
      let contents = [UInt8](unsafeUninitializedCapacity: entry.count) { target, initialized in
        packed.withUnsafeBufferPointer { source in
          status = espalier_inflate(source.baseAddress, source.count, target.baseAddress, entry.count)
        }
        initialized = status == 0 ? entry.count : 0
      }
      guard status == 0 else { throw damaged("deflate stream of entry '\(entry.name)'") }
      return contents
    default:
      throw .malformed(
        path: path,
        problem: "entry '\(entry.name)' is packed by method \(entry.method); save with numpy.savez instead")
    }
  }

  private func damaged(_ part: String) -> MediaError {
    .malformed(path: path, problem: "it is a damaged zip file: the \(part) is wrong")
  }

  /// - Precondition: The bytes are there.
  private func integer(at offset: Int, bytes count: Int) -> Int {
    (0..<count).reduce(0) { $0 | Int(bytes[offset + $1]) << (8 * $1) }
  }
}
