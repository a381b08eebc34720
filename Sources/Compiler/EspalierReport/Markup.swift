/// Text with the characters that HTML and SVG give a meaning replaced.
func escaped(_ text: String) -> String {
  var result = ""
  for character in text {
    switch character {
    case "&": result += "&amp;"
    case "<": result += "&lt;"
    case ">": result += "&gt;"
    case "\"": result += "&quot;"
    default: result.append(character)
    }
  }
  return result
}

/// `<name a="…">content</name>`, attributes in the order given.
func element(_ name: String, _ attributes: [(String, String)] = [], _ content: String = "") -> String {
  let list = attributes.map { " \($0.0)=\"\(escaped($0.1))\"" }.joined()
  return content.isEmpty ? "<\(name)\(list)/>" : "<\(name)\(list)>\(content)</\(name)>"
}
