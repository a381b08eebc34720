/// Cuts the text form into words, strings and punctuation; `#` begins a comment.
struct TextLexer {
  enum Token: Equatable {
    case word(String)
    case string(String)
    case punctuation(Character)
    case end
  }

  private let bytes: [UInt8]
  private var position = 0
  private(set) var line = 1
  private(set) var token = Token.end

  /// Stands on the first token.
  init(_ text: String) throws(TextError) {
    bytes = Array(text.utf8)
    try advance()
  }

  /// Goes on to the next token.
  mutating func advance() throws(TextError) {
    skipBlanks()
    guard position < bytes.count else { return token = .end }
    let byte = bytes[position]
    if TextValue.isNameByte(byte) {
      let start = position
      while position < bytes.count, TextValue.isNameByte(bytes[position]) { position += 1 }
      token = .word(String(decoding: bytes[start..<position], as: UTF8.self))
    } else if byte == UInt8(ascii: "\"") {
      token = .string(try string())
    } else if "()[]{},=:%@".utf8.contains(byte) {
      position += 1
      token = .punctuation(Character(UnicodeScalar(byte)))
    } else {
      throw .unexpected("character '\(UnicodeScalar(byte))'", expected: "a name or a value", line: line)
    }
  }

  private mutating func skipBlanks() {
    while position < bytes.count {
      switch bytes[position] {
      case UInt8(ascii: "\n"):
        line += 1
        position += 1
      case UInt8(ascii: " "), UInt8(ascii: "\t"), UInt8(ascii: "\r"): position += 1
      case UInt8(ascii: "#"):
        while position < bytes.count, bytes[position] != UInt8(ascii: "\n") { position += 1 }
      default: return
      }
    }
  }

  private mutating func string() throws(TextError) -> String {
    var content: [UInt8] = []
    position += 1
    while position < bytes.count, bytes[position] != UInt8(ascii: "\"") {
      var byte = bytes[position]
      if byte == UInt8(ascii: "\\"), position + 1 < bytes.count {
        position += 1
        switch bytes[position] {
        case UInt8(ascii: "n"): byte = UInt8(ascii: "\n")
        case UInt8(ascii: "r"): byte = UInt8(ascii: "\r")
        case UInt8(ascii: "t"): byte = UInt8(ascii: "\t")
        default: byte = bytes[position]
        }
      } else if byte == UInt8(ascii: "\n") {
        break
      }
      content.append(byte)
      position += 1
    }
    guard position < bytes.count, bytes[position] == UInt8(ascii: "\"") else {
      throw .unexpected("the end of the line", expected: "\"", line: line)
    }
    position += 1
    return String(decoding: content, as: UTF8.self)
  }
}

/// Why a text is no graph.
public enum TextError: Error, Equatable, Sendable {
  case unexpected(String, expected: String, line: Int)
  case unknownOperator(String, line: Int)
  case unknownValue(String, line: Int)
  case repeatedName(String, line: Int)
  /// The elements were left out when the text was printed.
  case elided(String, line: Int)
  case elementCount(expected: Int, found: Int, line: Int)
  case attributes(String, problem: String, line: Int)
  case shape(ShapeError, line: Int)
  /// The type that the text states is not the one that the operator gives.
  case type(String, stated: TensorType, inferred: TensorType, line: Int)
}

extension TextError: CustomStringConvertible {
  public var description: String {
    switch self {
    case .unexpected(let found, let expected, let line): "line \(line): expected \(expected), found \(found)"
    case .unknownOperator(let name, let line): "line \(line): there is no operator '\(name)'"
    case .unknownValue(let name, let line): "line \(line): nothing before here defines '%\(name)'"
    case .repeatedName(let name, let line): "line \(line): '%\(name)' is defined already"
    case .elided(let name, let line):
      "line \(line): the elements of '%\(name)' were left out when this text was printed"
    case .elementCount(let expected, let found, let line):
      "line \(line): expected \(expected) elements, found \(found)"
    case .attributes(let type, let problem, let line): "line \(line): \(type): \(problem)"
    case .shape(let error, let line): "line \(line): \(error)"
    case .type(let name, let stated, let inferred, let line):
      "line \(line): '%\(name)' is \(inferred), but the text says \(stated)"
    }
  }
}
