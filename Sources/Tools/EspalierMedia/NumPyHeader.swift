/// Reads the one Python literal that a `.npy` header is: a dictionary of three known keys.
///
/// Nothing is evaluated. Anything but the three keys, each once, with a value of its own kind, is refused.
struct NumPyHeaderParser {
  struct Fields: Equatable {
    var description = ""
    var isFortranOrder = false
    var shape: [Int] = []
  }

  private var rest: ArraySlice<UInt8>
  /// More axes than this no array has (NumPy's own limit is 64).
  private static let axisLimit = 64

  init(_ text: ArraySlice<UInt8>) { rest = text }

  /// The fields, or nil where the text is anything else.
  mutating func parse() -> Fields? {
    var fields = Fields()
    var seen: Set<String> = []
    guard take("{") else { return nil }
    while !take("}") {
      guard let key = string(), seen.insert(key).inserted, take(":") else { return nil }
      switch key {
      case "descr":
        guard let value = string() else { return nil }
        fields.description = value
      case "fortran_order":
        guard let value = boolean() else { return nil }
        fields.isFortranOrder = value
      case "shape":
        guard let value = tuple() else { return nil }
        fields.shape = value
      default: return nil
      }
      if !take(",") {
        guard take("}") else { return nil }
        break
      }
    }
    skipSpaces()
    return seen.count == 3 && rest.isEmpty ? fields : nil
  }

  private mutating func skipSpaces() { rest = rest.drop { $0 == 0x20 || $0 == 0x0A } }

  private mutating func take(_ word: StaticString) -> Bool {
    skipSpaces()
    let bytes = UnsafeBufferPointer(start: word.utf8Start, count: word.utf8CodeUnitCount)
    guard rest.starts(with: bytes) else { return false }
    rest = rest.dropFirst(bytes.count)
    return true
  }

  private mutating func string() -> String? {
    skipSpaces()
    guard let quote = rest.first, quote == 0x27 || quote == 0x22 else { return nil }
    let body = rest.dropFirst().prefix { $0 != quote && $0 != 0x5C }
    guard body.endIndex < rest.endIndex, rest[body.endIndex] == quote else { return nil }
    rest = rest[(body.endIndex + 1)...]
    return String(decoding: body, as: UTF8.self)
  }

  private mutating func boolean() -> Bool? { take("True") ? true : take("False") ? false : nil }

  private mutating func tuple() -> [Int]? {
    var extents: [Int] = []
    guard take("(") else { return nil }
    while !take(")") {
      skipSpaces()
      let digits = rest.prefix { (0x30...0x39).contains($0) }
      guard let extent = Int(String(decoding: digits, as: UTF8.self)), extents.count < Self.axisLimit
      else { return nil }
      extents.append(extent)
      rest = rest[digits.endIndex...]
      if !take(",") {
        // "(3)" is a number in Python, not a tuple.
        guard extents.count > 1, take(")") else { return nil }
        break
      }
    }
    return extents
  }
}
