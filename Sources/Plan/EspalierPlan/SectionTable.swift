/// Where the sections of a packed file lie, after header, table and every checksum were verified.
struct SectionTable {
  private struct Entry {
    let identifier: SectionIdentifier
    let bytes: Range<Int>
  }

  private let file: UnsafeRawBufferPointer
  private var entries: [Entry] = []

  /// - Parameter file: Stays valid and unchanged while the table is used.
  init(_ file: UnsafeRawBufferPointer, limits: PlanLimits) throws(PlanError) {
    unsafe self.file = file
    let count = try SectionTable.readHeader(file, limits: limits)
    let end = PackFormat.headerByteCount + count * PackFormat.sectionEntryByteCount
    var previousEnd = end
    let table = unsafe UnsafeRawBufferPointer(rebasing: file[PackFormat.headerByteCount..<end])
    var reader = unsafe ByteReader(table, part: .sectionTable)
    for index in 0..<count {
      let entry = try readEntry(&reader, index: index, after: previousEnd)
      previousEnd = entry.bytes.upperBound
      entries.append(entry)
    }
    guard previousEnd == file.count else {
      throw .invalid(.fileByteCount, index: 0, found: UInt64(file.count))
    }
  }

  /// The bytes of a section, nil where the file has none.
  func optionalSection(_ identifier: SectionIdentifier) -> UnsafeRawBufferPointer? {
    guard let range = range(of: identifier) else { return nil }
    return unsafe UnsafeRawBufferPointer(rebasing: file[range])
  }

  /// - Throws: `missingSection` where the file has none.
  func section(_ identifier: SectionIdentifier) throws(PlanError) -> UnsafeRawBufferPointer {
    guard let bytes = unsafe optionalSection(identifier) else { throw .missingSection(identifier) }
    return unsafe bytes
  }

  /// Where a section lies in the file.
  func range(of identifier: SectionIdentifier) -> Range<Int>? {
    entries.first { $0.identifier == identifier }?.bytes
  }

  /// Checks everything in front of the table, and the checksum over both.
  ///
  /// - Returns: The number of sections.
  private static func readHeader(
    _ file: UnsafeRawBufferPointer, limits: PlanLimits
  ) throws(PlanError) -> Int {
    var reader = unsafe ByteReader(file, part: .header)
    for expected in PackFormat.magic where try reader.read(UInt8.self) != expected { throw .notAPack }
    let (major, minor) = (try reader.read(UInt16.self), try reader.read(UInt16.self))
    guard major == PackFormat.majorVersion else { throw .unsupportedVersion(major: major, minor: minor) }
    let packingClass = try reader.read(UInt32.self)
    guard packingClass == PackFormat.packingClass else { throw .unsupportedPackingClass(packingClass) }
    let count = try reader.read(UInt32.self)
    try PlanError.require(.sections, UInt64(count), atMost: limits.sectionCount)
    let headerByteCount = try reader.read(UInt32.self)
    let expected = PackFormat.headerByteCount + Int(count) * PackFormat.sectionEntryByteCount
    guard headerByteCount == UInt32(expected) else {
      throw .invalid(.headerByteCount, index: 0, found: UInt64(headerByteCount))
    }
    let fileByteCount = try reader.read(UInt64.self)
    guard fileByteCount <= UInt64(file.count) else {
      throw .truncated(.header, expected: fileByteCount, found: UInt64(file.count))
    }
    guard fileByteCount == UInt64(file.count), expected <= file.count else {
      throw .invalid(.fileByteCount, index: 0, found: fileByteCount)
    }
    let checksum = try reader.read(UInt32.self)
    try verify(checksum, headerAndTable: unsafe UnsafeRawBufferPointer(rebasing: file[..<expected]))
    let alignment = try reader.read(UInt32.self)
    guard alignment == UInt32(PackFormat.sectionAlignment) else {
      throw .invalid(.reserved, index: 0, found: UInt64(alignment))
    }
    try reader.skipReserved(PackFormat.headerByteCount - reader.offset, index: 0)
    return Int(count)
  }

  /// The checksum's own field counts as zero.
  private static func verify(
    _ expected: UInt32, headerAndTable bytes: UnsafeRawBufferPointer
  ) throws(PlanError) {
    var copy = ByteWriter()
    copy.write(contentsOf: unsafe [UInt8](bytes))
    copy.patch(0, at: PackFormat.headerChecksumOffset)
    let found = Checksum.of(copy.bytes)
    guard found == expected else { throw .checksum(.header, expected: expected, found: found) }
  }

  /// One entry, whose section must begin at the first cache line behind `end` and match its checksum.
  private func readEntry(
    _ reader: inout ByteReader, index: Int, after end: Int
  ) throws(PlanError) -> Entry {
    let identifier = SectionIdentifier(code: try reader.read(UInt32.self))
    let flags = try reader.read(UInt32.self)
    let (offset, count) = (try reader.read(UInt64.self), try reader.read(UInt64.self))
    let checksum = try reader.read(UInt32.self)
    try reader.skipReserved(4, index: index)
    guard flags & ~PackFormat.requiredFlag == 0 else {
      throw .invalid(.sectionFlags, index: index, found: UInt64(flags))
    }
    if !SectionIdentifier.known.contains(identifier), flags & PackFormat.requiredFlag != 0 {
      throw .unknownRequiredSection(identifier)
    }
    guard range(of: identifier) == nil else { throw .duplicateSection(identifier) }
    let start = PackFormat.roundUp(end, to: PackFormat.sectionAlignment)
    guard offset == UInt64(start) else { throw .invalid(.sectionOffset, index: index, found: offset) }
    guard start <= file.count, count <= UInt64(file.count - start) else {
      let found = UInt64(max(0, file.count - start))
      throw .truncated(.section(identifier), expected: count, found: found)
    }
    for position in end..<start where unsafe file[position] != 0 {
      throw .invalid(.padding, index: index, found: UInt64(unsafe file[position]))
    }
    let bytes = start..<start + Int(count)
    let found = unsafe Checksum.of(UnsafeRawBufferPointer(rebasing: file[bytes]))
    guard found == checksum else {
      throw .checksum(.section(identifier), expected: checksum, found: found)
    }
    return Entry(identifier: identifier, bytes: bytes)
  }
}
