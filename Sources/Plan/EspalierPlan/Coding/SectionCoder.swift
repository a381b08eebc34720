/// Makes a coded section: pieces in order, each of bytes of a stream.
struct SectionCoder {
  private var streams: [[UInt8]] = [[]]
  private var pieces: [CodedSection.Piece] = []
  private var byteCount = 0

  /// The calls of a section PLAN: records, operands, parameters and names are streams of their own.
  ///
  /// - Parameter parts: The section's bytes, cut where a stream begins.
  static func section(of parts: [[UInt8]]) -> [UInt8] {
    var coder = SectionCoder()
    for part in parts where !part.isEmpty { coder.append(part, to: coder.addStream()) }
    return coder.finished()
  }

  /// - Returns: A new stream, or the last one where there may be no more.
  mutating func addStream() -> Int {
    if streams.count < CodedSection.streamLimit { streams.append([]) }
    return streams.count - 1
  }

  /// Adds bytes as they are.
  mutating func append(_ bytes: [UInt8], to stream: Int) {
    streams[stream] += bytes
    byteCount += bytes.count
    if let last = pieces.last, last.form == .bytes, last.stream == stream {
      pieces[pieces.count - 1].byteCount += bytes.count
    } else {
      pieces.append(CodedSection.Piece(form: .bytes, stream: stream, byteCount: bytes.count))
    }
  }

  /// Adds rows of lanes.
  mutating func append(_ piece: CodedSection.Piece, codes: [UInt8], scales: [UInt8]) {
    // The reader takes the scales first.
    streams[piece.scaleStream] += scales
    streams[piece.stream] += codes
    byteCount += piece.byteCount
    pieces.append(piece)
  }

  /// The section's bytes.
  consuming func finished() -> [UInt8] {
    var records = ByteWriter()
    for piece in pieces { piece.write(to: &records) }
    streams[0] = records.bytes
    let coded = streams.map { ByteStream.coded($0) }
    var section = ByteWriter()
    section.write(UInt64(byteCount))
    section.write(UInt32(streams.count))
    section.writeZeros(CodedSection.headerByteCount - section.bytes.count)
    for (stream, own) in zip(streams, coded) {
      section.write(UInt32(stream.count))
      section.write(UInt32(own.data.count))
      section.write(UInt8(own.contexts))
      section.writeZeros(7)
    }
    for own in coded { section.write(contentsOf: own.data) }
    return section.bytes
  }
}
