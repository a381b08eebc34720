/// Takes Swift source apart just far enough to tell code from comments and texts.
struct SwiftScanner {
  private var rest: Substring.UTF8View
  private var code: [UInt8] = []

  static func code(of source: String) -> String {
    var scanner = SwiftScanner(rest: source[...].utf8)
    scanner.scan(until: nil)
    return String(decoding: scanner.code, as: UTF8.self)
  }

  private init(rest: Substring.UTF8View) { self.rest = rest }

  /// Copies code up to the parenthesis that closes an interpolation, or to the end.
  private mutating func scan(until close: UInt8?) {
    var depth = 0
    while let byte = rest.first {
      if skip("//") {
        while let next = rest.first, next != UInt8(ascii: "\n") { rest.removeFirst() }
      } else if skip("/*") {
        while !rest.isEmpty, !skip("*/") { rest.removeFirst() }
      } else if skip("\"\"\"") {
        skipText(to: "\"\"\"")
      } else if skip("\"") {
        skipText(to: "\"")
      } else {
        if byte == UInt8(ascii: "(") { depth += 1 }
        if byte == UInt8(ascii: ")") { depth -= 1 }
        if byte == close, depth < 0 { return }
        code.append(byte)
        rest.removeFirst()
      }
    }
  }

  /// Skips a text, what is interpolated included, and leaves `""` of it.
  private mutating func skipText(to quote: String) {
    while !rest.isEmpty, !skip(quote) {
      if skip("\\(") {
        let before = code.count
        scan(until: UInt8(ascii: ")"))
        code.removeSubrange(before...)
      } else if skip("\\") {
        rest = rest.dropFirst()
      } else {
        rest.removeFirst()
      }
    }
    code += [UInt8(ascii: "\""), UInt8(ascii: "\"")]
  }

  private mutating func skip(_ text: String) -> Bool {
    guard rest.starts(with: text.utf8) else { return false }
    rest = rest.dropFirst(text.utf8.count)
    return true
  }
}
