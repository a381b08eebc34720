/// Bytes coded by how often their values occur: asymmetric numeral systems with four states, one for every fourth
/// byte, of 32 bits that are refilled 16 bits at a time.
///
/// Source: Duda 2013, "Asymmetric numeral systems", section 3 (rANS); Giesen 2014 for interleaved states.
enum ByteStream {
  static let stateCount = 4
  /// What every state is before the first and after the last byte.
  private static let leastState: UInt32 = 1 << 16

  /// How many models a stream has: 0, the bytes are stored as they are; 1; or 4, one for every fourth byte.
  static let contextCounts = [0, 1, 4]

  /// The shortest form of some bytes.
  static func coded(_ bytes: [UInt8]) -> (contexts: Int, data: [UInt8]) {
    var best = (contexts: 0, data: bytes)
    for contexts in contextCounts.dropFirst() {
      let data = coded(bytes, contexts: contexts)
      if data.count < best.data.count { best = (contexts, data) }
    }
    return best
  }

  /// Models, states, then 16-bit words in the order in which decoding needs them.
  private static func coded(_ bytes: [UInt8], contexts: Int) -> [UInt8] {
    let models = (0..<contexts).map { ByteModel(of: bytes, from: $0, by: contexts) }
    var states = [UInt32](repeating: leastState, count: stateCount)
    var words: [UInt16] = []
    for position in bytes.indices.reversed() {
      let model = models[position % contexts]
      let value = Int(bytes[position])
      let (frequency, start) = (UInt32(model.frequencies[value]), UInt32(model.starts[value]))
      var state = states[position % stateCount]
      if UInt64(state) >= UInt64(frequency) << 20 {
        words.append(UInt16(truncatingIfNeeded: state))
        state >>= 16
      }
      states[position % stateCount] = (state / frequency) << 12 + state % frequency + start
    }
    var writer = ByteWriter()
    for model in models { model.write(to: &writer) }
    for state in states { writer.write(state) }
    for word in words.reversed() { writer.write(word) }
    return writer.bytes
  }

  /// - Parameter target: As many bytes as were coded.
  /// - Throws: `invalid` or `truncated` where the data do not stand for just so many bytes.
  static func decode(
    _ reader: inout ByteReader, contexts: Int, into target: UnsafeMutableRawBufferPointer, stream: Int
  ) throws(PlanError) {
    var slots: [UInt32] = []
    for _ in 0..<contexts { slots += try ByteModel(&reader, stream: stream).slots }
    var states = [UInt32](repeating: 0, count: stateCount)
    for index in states.indices { states[index] = try reader.read(UInt32.self) }
    let words = unsafe try reader.readBytes(reader.remaining)
    guard unsafe fill(target, slots, contexts, &states, words),
      states.allSatisfy({ $0 == leastState })
    else { throw .invalid(.codedBytes, index: stream, found: UInt64(target.count)) }
  }

  /// - Returns: Whether there were just as many words as needed.
  private static func fill(
    _ target: UnsafeMutableRawBufferPointer, _ slots: [UInt32], _ contexts: Int, _ states: inout [UInt32],
    _ words: UnsafeRawBufferPointer
  ) -> Bool {
    var next = 0
    var (a, b, c, d) = (states[0], states[1], states[2], states[3])
    let step = contexts == 4 ? ByteModel.total : 0
    let ends = unsafe slots.withUnsafeBufferPointer { slots in
      func advance(_ state: inout UInt32, _ context: Int) -> UInt8? {
        let slot = unsafe slots[context + Int(state & 4095)]
        state = (slot >> 8 & 4095 &+ 1) &* (state >> 12) &+ slot >> 20
        if state < leastState {
          guard next &+ 2 <= words.count else { return nil }
          let word = UInt16(littleEndian: unsafe words.loadUnaligned(fromByteOffset: next, as: UInt16.self))
          state = state << 16 | UInt32(word)
          next &+= 2
        }
        return UInt8(truncatingIfNeeded: slot)
      }
      for position in 0..<target.count {
        let value =
          switch position & 3 {
          case 0: advance(&a, 0)
          case 1: advance(&b, step)
          case 2: advance(&c, 2 &* step)
          default: advance(&d, 3 &* step)
          }
        guard let value else { return false }
        unsafe target[position] = value
      }
      return true
    }
    states = [a, b, c, d]
    return ends && next == words.count
  }
}
