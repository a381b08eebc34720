/// An attribute's value in the text form: what `Codable` makes of it, before it is text.
indirect enum TextValue: Equatable, Sendable {
  /// A number, `true`, `false`, `inf`, `nan` or `null`, as it is written.
  case word(String)
  case string(String)
  case list([TextValue])
  /// Named values in the order in which they were written.
  case record([Field])

  struct Field: Equatable, Sendable {
    var name: String
    var value: TextValue
  }

  static let null = TextValue.word("null")
}

extension TextValue: CustomStringConvertible {
  var description: String {
    switch self {
    case .word(let word): word
    case .string(let string): Self.quoted(string)
    case .list(let values): "[\(values.map(\.description).joined(separator: ", "))]"
    case .record(let fields):
      "{\(fields.map { "\(Self.name($0.name)) = \($0.value)" }.joined(separator: ", "))}"
    }
  }

  /// A name as it is, or quoted where it holds anything but letters, digits and `_ . + - / $`.
  static func name(_ name: String) -> String {
    !name.isEmpty && name.utf8.allSatisfy(isNameByte) ? name : quoted(name)
  }

  static func isNameByte(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
      UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"), UInt8(ascii: "."), UInt8(ascii: "+"),
      UInt8(ascii: "-"), UInt8(ascii: "/"), UInt8(ascii: "$"):
      true
    default: false
    }
  }

  static func quoted(_ text: String) -> String {
    var result = "\""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "\"": result += "\\\""
      case "\\": result += "\\\\"
      case "\n": result += "\\n"
      case "\r": result += "\\r"
      case "\t": result += "\\t"
      default: result.unicodeScalars.append(scalar)
      }
    }
    return result + "\""
  }
}
