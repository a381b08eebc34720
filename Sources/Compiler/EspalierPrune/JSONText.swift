/// A value of JSON, as far as files of ours need it.
///
/// Source: RFC 8259.
indirect enum JSONValue: Equatable {
  case null
  case boolean(Bool)
  case number(Double)
  case string(String)
  case array([JSONValue])
  /// Members in the order of the text.
  case object([(name: String, value: JSONValue)])

  static func == (a: JSONValue, b: JSONValue) -> Bool {
    switch (a, b) {
    case (.null, .null): true
    case (.boolean(let x), .boolean(let y)): x == y
    case (.number(let x), .number(let y)): x == y
    case (.string(let x), .string(let y)): x == y
    case (.array(let x), .array(let y)): x == y
    case (.object(let x), .object(let y)):
      x.count == y.count && zip(x, y).allSatisfy { $0.name == $1.name && $0.value == $1.value }
    default: false
    }
  }

  /// The member of an object; nil where there is none, or no object.
  subscript(_ name: String) -> JSONValue? {
    guard case .object(let members) = self else { return nil }
    return members.first { $0.name == name }?.value
  }

  /// A string in quotes.
  static func quoted(_ text: String) -> String {
    var result = "\""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "\"": result += "\\\""
      case "\\": result += "\\\\"
      case "\n": result += "\\n"
      case "\t": result += "\\t"
      case _ where scalar.value < 0x20:
        let digits = String(scalar.value, radix: 16)
        result += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
      default: result.unicodeScalars.append(scalar)
      }
    }
    return result + "\""
  }
}

/// Where a text stops being JSON.
struct JSONError: Error, Equatable {
  /// The first is 1.
  var line: Int
  var problem: String
}

/// Reads JSON.
struct JSONParser {
  private let bytes: [UInt8]
  private var position = 0
  /// Values within values: a file of ours has three.
  private static let depthLimit = 32

  /// - Throws: `JSONError`
  static func value(of text: String) throws(JSONError) -> JSONValue {
    var parser = JSONParser(bytes: Array(text.utf8))
    let value = try parser.value(depth: 0)
    parser.skipSpace()
    guard parser.position == parser.bytes.count else { throw parser.error("more text behind the value") }
    return value
  }

  private init(bytes: [UInt8]) { self.bytes = bytes }

  private func error(_ problem: String) -> JSONError {
    JSONError(
      line: 1 + bytes[..<min(position, bytes.count)].count { $0 == UInt8(ascii: "\n") }, problem: problem)
  }

  private var next: UInt8? { position < bytes.count ? bytes[position] : nil }

  private mutating func skipSpace() {
    while let byte = next, [0x20, 0x09, 0x0A, 0x0D].contains(byte) { position += 1 }
  }

  private mutating func take(_ character: Unicode.Scalar) -> Bool {
    skipSpace()
    guard next == UInt8(ascii: character) else { return false }
    position += 1
    return true
  }

  private mutating func value(depth: Int) throws(JSONError) -> JSONValue {
    guard depth < Self.depthLimit else {
      throw error("more than \(Self.depthLimit) values within each other")
    }
    skipSpace()
    switch next {
    case UInt8(ascii: "{"): return try object(depth)
    case UInt8(ascii: "["): return try array(depth)
    case UInt8(ascii: "\""): return .string(try string())
    case nil: throw error("the text ends where a value should be")
    default: return try word()
    }
  }

  private mutating func object(_ depth: Int) throws(JSONError) -> JSONValue {
    position += 1
    var members: [(name: String, value: JSONValue)] = []
    var names: Set<String> = []
    if take("}") { return .object([]) }
    repeat {
      skipSpace()
      guard next == UInt8(ascii: "\"") else { throw error("a name in quotes should stand here") }
      let name = try string()
      guard names.insert(name).inserted else { throw error("\"\(name)\" stands here a second time") }
      guard take(":") else { throw error("a colon should stand behind \"\(name)\"") }
      members.append((name, try value(depth: depth + 1)))
    } while take(",")
    guard take("}") else { throw error("a comma or a closing brace should stand here") }
    return .object(members)
  }

  private mutating func array(_ depth: Int) throws(JSONError) -> JSONValue {
    position += 1
    var elements: [JSONValue] = []
    if take("]") { return .array([]) }
    repeat { elements.append(try value(depth: depth + 1)) } while take(",")
    guard take("]") else { throw error("a comma or a closing bracket should stand here") }
    return .array(elements)
  }

  private mutating func word() throws(JSONError) -> JSONValue {
    let start = position
    while let byte = next, byte > 0x20, !",]}:\"[{".utf8.contains(byte) { position += 1 }
    let text = String(decoding: bytes[start..<position], as: UTF8.self)
    switch text {
    case "null": return .null
    case "true": return .boolean(true)
    case "false": return .boolean(false)
    default:
      // Double also reads hexadecimal, infinities and NaN, which JSON does not know.
      let isNumber = text.utf8.allSatisfy { "+-.eE0123456789".utf8.contains($0) }
      guard isNumber, let number = Double(text), number.isFinite else {
        position = start
        throw error("'\(text)' is neither a number nor another value")
      }
      return .number(number)
    }
  }

  private mutating func string() throws(JSONError) -> String {
    position += 1
    var result: [UInt8] = []
    while let byte = next, byte != UInt8(ascii: "\"") {
      position += 1
      guard byte >= 0x20 else { throw error("a string ends with its line") }
      if byte == UInt8(ascii: "\\") { result += try escape() } else { result.append(byte) }
    }
    guard next != nil else { throw error("a string has no end") }
    position += 1
    return String(decoding: result, as: UTF8.self)
  }

  private mutating func escape() throws(JSONError) -> [UInt8] {
    guard let byte = next else { throw error("a string has no end") }
    position += 1
    switch byte {
    case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): return [byte]
    case UInt8(ascii: "b"): return [0x08]
    case UInt8(ascii: "f"): return [0x0C]
    case UInt8(ascii: "n"): return [0x0A]
    case UInt8(ascii: "r"): return [0x0D]
    case UInt8(ascii: "t"): return [0x09]
    case UInt8(ascii: "u"):
      var code = try hexadecimal()
      if (0xD800..<0xDC00).contains(code), next == UInt8(ascii: "\\") {
        position += 1
        guard next == UInt8(ascii: "u") else { throw error("half of a character stands alone") }
        position += 1
        code = 0x10000 + (code - 0xD800) << 10 + (try hexadecimal() &- 0xDC00)
      }
      guard let scalar = Unicode.Scalar(code) else { throw error("half of a character stands alone") }
      return Array(String(Character(scalar)).utf8)
    default: throw error("a backslash stands before '\(Character(Unicode.Scalar(byte)))'")
    }
  }

  private mutating func hexadecimal() throws(JSONError) -> UInt32 {
    let end = min(position + 4, bytes.count)
    let text = String(decoding: bytes[position..<end], as: UTF8.self)
    guard text.utf8.count == 4, let code = UInt32(text, radix: 16), !text.hasPrefix("+") else {
      throw error("four hexadecimal digits should follow \\u")
    }
    position = end
    return code
  }
}
