/// Reads little-endian fields of one part of a file, never beyond its end.
struct ByteReader {
  private let bytes: UnsafeRawBufferPointer
  private let part: PlanError.Part
  private(set) var offset = 0

  /// - Parameter bytes: Stay valid and unchanged while the reader is used.
  init(_ bytes: UnsafeRawBufferPointer, part: PlanError.Part) {
    unsafe self.bytes = bytes
    self.part = part
  }

  var remaining: Int { bytes.count - offset }

  /// The next field.
  ///
  /// - Throws: `truncated` where the part ends before it.
  mutating func read<Value: FixedWidthInteger & BitwiseCopyable>(
    _ type: Value.Type
  ) throws(PlanError) -> Value {
    let start = try advance(by: MemoryLayout<Value>.size)
    return Value(littleEndian: unsafe bytes.loadUnaligned(fromByteOffset: start, as: Value.self))
  }

  /// The next `count` bytes; valid as long as those that are read.
  ///
  /// - Throws: `truncated` where the part ends before.
  mutating func readBytes(_ count: Int) throws(PlanError) -> UnsafeRawBufferPointer {
    let start = try advance(by: count)
    return unsafe UnsafeRawBufferPointer(rebasing: bytes[start..<start + count])
  }

  /// The next `count` bytes as text.
  ///
  /// - Throws: `invalid` where they are not UTF-8 or hold a zero byte.
  mutating func readText(_ count: Int, index: Int) throws(PlanError) -> String {
    let start = try advance(by: count)
    let slice = unsafe UnsafeRawBufferPointer(rebasing: bytes[start..<start + count])
    guard !slice.contains(0), let text = String(validating: slice, as: UTF8.self) else {
      throw .invalid(.name, index: index, found: UInt64(offset))
    }
    return text
  }

  /// Skips `count` bytes that version 1.0 writes as zeros.
  mutating func skipReserved(_ count: Int, index: Int) throws(PlanError) {
    let start = try advance(by: count)
    for position in start..<start + count where bytes[position] != 0 {
      throw .invalid(.reserved, index: index, found: UInt64(bytes[position]))
    }
  }

  /// - Throws: `truncated` where fewer than `count` bytes are left.
  func requireRemaining(_ count: UInt64) throws(PlanError) {
    guard count <= UInt64(remaining) else {
      throw .truncated(part, expected: UInt64(offset) + count, found: UInt64(bytes.count))
    }
  }

  /// - Throws: `truncated` where not exactly `count` bytes are left.
  func requireExactly(_ count: UInt64) throws(PlanError) {
    guard count == UInt64(remaining) else {
      throw .truncated(part, expected: UInt64(offset) + count, found: UInt64(bytes.count))
    }
  }

  private mutating func advance(by count: Int) throws(PlanError) -> Int {
    try requireRemaining(UInt64(count))
    defer { offset += count }
    return offset
  }
}
