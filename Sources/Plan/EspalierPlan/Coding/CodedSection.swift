/// What a section CPLN or CWGT holds: PLAN or WGHT in fewer bytes.
///
/// Streams of coded bytes come first to memory, then pieces put the section together from them.
enum CodedSection {
  /// How a piece of the section is made from the bytes of streams.
  enum Form: UInt8 {
    /// As they are.
    case bytes = 0
    /// Rows of `lanes` float32, each a signed byte times the scale of its lane.
    case byteLanes = 1
    /// Likewise, of signed 16-bit numbers.
    case wordLanes = 2
    /// Words of 32 bits out of a book of `lanes` words, each by its place there, a byte.
    case book = 3

    /// Bytes of a code.
    var width: Int { self == .wordLanes ? 2 : 1 }
  }

  /// One piece; pieces follow one another from the first byte to the last.
  struct Piece {
    var form: Form
    /// The stream that the bytes or codes come from.
    var stream: Int
    /// The stream that the scales of lanes, or the words of the book, come from.
    var scaleStream = 0
    /// Or words in the book.
    var lanes = 0
    /// What it makes.
    var byteCount: Int

    static let recordByteCount = 12
  }

  /// Where the next bytes of every stream lie.
  struct Cursors {
    let bytes: UnsafeRawBufferPointer
    var next: [Int]
    let ends: [Int]

    /// - Throws: `invalid` where the stream has fewer left.
    mutating func take(_ count: Int, from stream: Int, piece: Int) throws(PlanError) -> UnsafeRawBufferPointer
    {
      guard stream > 0, stream < next.count, count <= ends[stream] - next[stream] else {
        throw .invalid(.codedPiece, index: piece, found: UInt64(clamping: count))
      }
      defer { next[stream] += count }
      return unsafe UnsafeRawBufferPointer(rebasing: bytes[next[stream]..<next[stream] + count])
    }
  }

  private struct Stream {
    let byteCount: Int
    let dataByteCount: Int
    let contexts: Int
  }

  static let headerByteCount = 32
  static let streamByteCount = 16
  /// What is decoded is at most so many times as large.
  static let largestRatio = 64
  static let streamLimit = 64

  /// The bytes that a section stands for.
  ///
  /// - Throws: The first thing that is wrong. Nothing larger than `largestRatio` sections is allocated.
  static func decoded(
    _ section: UnsafeRawBufferPointer, of identifier: SectionIdentifier
  ) throws(PlanError) -> AlignedCopy {
    var reader = unsafe ByteReader(section, part: .section(identifier))
    let byteCount = try reader.read(UInt64.self)
    let limit = UInt64(section.count) * UInt64(largestRatio)
    guard byteCount <= limit else {
      throw .limitExceeded(.decodedBytes, limit: limit, found: byteCount)
    }
    let streamCount = try reader.read(UInt32.self)
    try PlanError.require(.streams, UInt64(streamCount), atMost: streamLimit)
    try reader.skipReserved(headerByteCount - reader.offset, index: 0)
    let streams = try readStreams(&reader, count: Int(streamCount), limit: Int(limit))
    let bytes = AlignedCopy(byteCount: streams.reduce(0) { $0 + $1.byteCount })
    var cursors = Cursors(bytes: unsafe bytes.bytes, next: [], ends: [])
    try decode(streams, &reader, into: bytes, &cursors)
    let result = AlignedCopy(byteCount: Int(byteCount))
    unsafe try assemble(&cursors, into: result.memory)
    withExtendedLifetime(bytes) {}
    return result
  }

  private static func readStreams(
    _ reader: inout ByteReader, count: Int, limit: Int
  ) throws(PlanError) -> [Stream] {
    var streams: [Stream] = []
    var total = 0
    for index in 0..<count {
      let (byteCount, dataByteCount) = (Int(try reader.read(UInt32.self)), Int(try reader.read(UInt32.self)))
      let contexts = Int(try reader.read(UInt8.self))
      try reader.skipReserved(7, index: index)
      guard ByteStream.contextCounts.contains(contexts) else {
        throw .invalid(.streamContexts, index: index, found: UInt64(contexts))
      }
      total += byteCount
      guard total <= limit else {
        throw .limitExceeded(.decodedBytes, limit: UInt64(limit), found: UInt64(total))
      }
      streams.append(Stream(byteCount: byteCount, dataByteCount: dataByteCount, contexts: contexts))
    }
    try reader.requireExactly(streams.reduce(0) { $0 + UInt64($1.dataByteCount) })
    return streams
  }

  private static func decode(
    _ streams: [Stream], _ reader: inout ByteReader, into bytes: AlignedCopy, _ cursors: inout Cursors
  ) throws(PlanError) {
    var start = 0
    var ends: [Int] = []
    for (index, stream) in streams.enumerated() {
      let end = start + stream.byteCount
      let target = unsafe UnsafeMutableRawBufferPointer(rebasing: bytes.memory[start..<end])
      let data = unsafe try reader.readBytes(stream.dataByteCount)
      if stream.contexts == 0 {
        guard data.count == target.count else {
          throw .invalid(.codedBytes, index: index, found: UInt64(data.count))
        }
        unsafe target.copyMemory(from: data)
      } else {
        var own = unsafe ByteReader(data, part: .section(.codedWeights))
        unsafe try ByteStream.decode(&own, contexts: stream.contexts, into: target, stream: index)
      }
      cursors.next.append(start)
      ends.append(end)
      start = end
    }
    cursors = unsafe Cursors(bytes: cursors.bytes, next: cursors.next, ends: ends)
  }

  /// Stream 0 holds the records of the pieces.
  private static func assemble(
    _ cursors: inout Cursors, into target: UnsafeMutableRawBufferPointer
  ) throws(PlanError) {
    var made = 0
    var index = 0
    if let end = cursors.ends.first {
      let table = unsafe UnsafeRawBufferPointer(rebasing: cursors.bytes[..<end])
      var records = unsafe ByteReader(table, part: .section(.codedWeights))
      while records.remaining > 0 {
        let piece = try Piece(&records, index: index)
        guard piece.byteCount <= target.count - made else {
          throw .invalid(.codedPiece, index: index, found: UInt64(piece.byteCount))
        }
        let place = unsafe UnsafeMutableRawBufferPointer(rebasing: target[made..<made + piece.byteCount])
        unsafe try piece.make(place, from: &cursors, index: index)
        made += piece.byteCount
        index += 1
      }
      cursors.next[0] = end
    }
    guard made == target.count, cursors.next == cursors.ends else {
      throw .invalid(.decodedByteCount, index: 0, found: UInt64(made))
    }
  }
}

extension CodedSection.Piece {
  init(_ reader: inout ByteReader, index: Int) throws(PlanError) {
    let code = try reader.read(UInt8.self)
    guard let form = CodedSection.Form(rawValue: code) else {
      throw .invalid(.codedPiece, index: index, found: UInt64(code))
    }
    self.form = form
    stream = Int(try reader.read(UInt8.self))
    scaleStream = Int(try reader.read(UInt8.self))
    try reader.skipReserved(1, index: index)
    lanes = Int(try reader.read(UInt32.self))
    byteCount = Int(try reader.read(UInt32.self))
    let fits =
      switch form {
      case .bytes: lanes == 0
      case .byteLanes, .wordLanes: lanes > 0 && byteCount % (4 * lanes) == 0
      case .book: 1...WordBook.limit ~= lanes && byteCount % 4 == 0
      }
    guard fits else { throw .invalid(.codedPiece, index: index, found: UInt64(lanes)) }
  }

  func write(to writer: inout ByteWriter) {
    writer.write(form.rawValue)
    writer.write(UInt8(stream))
    writer.write(UInt8(scaleStream))
    writer.write(UInt8(0))
    writer.write(UInt32(lanes))
    writer.write(UInt32(byteCount))
  }

  /// - Parameter target: Of `byteCount` bytes.
  func make(
    _ target: UnsafeMutableRawBufferPointer, from cursors: inout CodedSection.Cursors, index: Int
  ) throws(PlanError) {
    guard form != .bytes else {
      unsafe target.copyMemory(from: try cursors.take(byteCount, from: stream, piece: index))
      return
    }
    let scales = unsafe try cursors.take(4 * lanes, from: scaleStream, piece: index)
    let codes = unsafe try cursors.take(byteCount / 4 * form.width, from: stream, piece: index)
    guard form != .book else {
      try unsafe Self.look(codes, up: scales, into: target, index: index)
      return
    }
    var lane = 0
    for position in 0..<byteCount / 4 {
      let scale = Float(
        bitPattern: UInt32(
          littleEndian: unsafe scales.loadUnaligned(fromByteOffset: 4 * lane, as: UInt32.self)))
      let code: Float =
        form == .byteLanes
        ? Float(unsafe codes.load(fromByteOffset: position, as: Int8.self))
        : Float(
          Int16(littleEndian: unsafe codes.loadUnaligned(fromByteOffset: 2 * position, as: Int16.self)))
      let bits = (code * scale).bitPattern.littleEndian
      unsafe target.storeBytes(of: bits, toByteOffset: 4 * position, as: UInt32.self)
      lane = lane + 1 == lanes ? 0 : lane + 1
    }
  }

  /// Words by their places in a book.
  private static func look(
    _ codes: UnsafeRawBufferPointer, up words: UnsafeRawBufferPointer,
    into target: UnsafeMutableRawBufferPointer, index: Int
  ) throws(PlanError) {
    for position in 0..<codes.count {
      let code = Int(unsafe codes[position])
      guard 4 * code < words.count else {
        throw .invalid(.codedPiece, index: index, found: UInt64(code))
      }
      let word = unsafe words.loadUnaligned(fromByteOffset: 4 * code, as: UInt32.self)
      unsafe target.storeBytes(of: word, toByteOffset: 4 * position, as: UInt32.self)
    }
  }
}
