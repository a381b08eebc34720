/// Words of 32 bits of which there are few different ones: weights of a layer that share values.
///
/// Source: Han, Mao and Dally 2016, "Deep Compression", section 3: a codebook for each layer, and places in it.
struct WordBook {
  /// In the order in which they were first seen, little-endian.
  private(set) var words: [UInt8] = []
  /// The place of each word, from 0 on.
  private(set) var codes: [UInt8] = []

  /// A place is a byte.
  static let limit = 256
  /// A book of words that come less often saves nothing.
  private static let leastUses = 4

  /// Nil where there are too many different words for how many there are.
  ///
  /// - Parameter bytes: A multiple of 4.
  init?(_ bytes: ArraySlice<UInt8>) {
    var places: [UInt32: UInt8] = [:]
    codes.reserveCapacity(bytes.count / 4)
    for start in stride(from: bytes.startIndex, to: bytes.endIndex, by: 4) {
      let word = (0..<4).reduce(UInt32(0)) { $0 | UInt32(bytes[start + $1]) << (8 * UInt32($1)) }
      if let place = places[word] {
        codes.append(place)
        continue
      }
      guard places.count < Self.limit else { return nil }
      codes.append(UInt8(places.count))
      places[word] = UInt8(places.count)
      words += bytes[start..<start + 4]
    }
    guard codes.count >= Self.leastUses * places.count else { return nil }
  }
}
