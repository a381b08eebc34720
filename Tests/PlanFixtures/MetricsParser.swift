/// A strict reader of Prometheus text, by the format's description: every line must be what it may be.
public struct MetricsParser {
  public struct Sample: Equatable {
    public let name: String
    public let labels: [String: String]
    public let value: Double
  }

  public enum Failure: Error { case line(Substring) }

  public private(set) var samples: [Sample] = []
  public private(set) var types: [String: String] = [:]

  /// - Throws: `Failure` for the first line that breaks the format.
  public init(_ text: String) throws {
    guard text.hasSuffix("\n") else { throw Failure.line("no end of the last line") }
    var helped: Set<String> = []
    for line in text.dropLast().split(separator: "\n", omittingEmptySubsequences: false) {
      if line.hasPrefix("# HELP ") {
        let words = line.dropFirst(7).split(separator: " ", maxSplits: 1)
        guard words.count == 2, helped.insert(String(words[0])).inserted else { throw Failure.line(line) }
      } else if line.hasPrefix("# TYPE ") {
        let words = line.dropFirst(7).split(separator: " ")
        let name = String(words[0])
        guard words.count == 2, ["counter", "gauge"].contains(words[1]), helped.contains(name),
          types.updateValue(String(words[1]), forKey: name) == nil
        else { throw Failure.line(line) }
      } else {
        let sample = try Self.sample(line)
        let isLast = samples.last.map { $0.name == sample.name } ?? false
        let isNew = !samples.contains { $0.name == sample.name }
        let isDouble = samples.contains { $0.name == sample.name && $0.labels == sample.labels }
        guard types[sample.name] != nil, isLast || isNew, !isDouble else { throw Failure.line(line) }
        samples.append(sample)
      }
    }
  }

  public func value(_ name: String, _ labels: [String: String] = [:]) -> Double? {
    samples.first { $0.name == name && $0.labels == labels }?.value
  }

  private static func sample(_ line: Substring) throws -> Sample {
    var rest = line
    let name = rest.prefix { $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "_" || $0 == ":") }
    rest = rest.dropFirst(name.count)
    guard let first = name.first, !first.isNumber else { throw Failure.line(line) }
    var labels: [String: String] = [:]
    if rest.first == "{" {
      repeat {
        rest.removeFirst()
        let (key, value) = try label(&rest, of: line)
        guard labels.updateValue(value, forKey: key) == nil else { throw Failure.line(line) }
      } while rest.first == ","
      guard rest.first == "}" else { throw Failure.line(line) }
      rest.removeFirst()
    }
    guard rest.first == " " else { throw Failure.line(line) }
    return Sample(name: String(name), labels: labels, value: try number(rest.dropFirst(), of: line))
  }

  private static func label(_ rest: inout Substring, of line: Substring) throws -> (String, String) {
    let key = rest.prefix { $0.isASCII && ($0.isLetter || $0 == "_") }
    rest = rest.dropFirst(key.count)
    guard !key.isEmpty, rest.hasPrefix("=\"") else { throw Failure.line(line) }
    rest = rest.dropFirst(2)
    var value = ""
    while let character = rest.popFirst() {
      if character == "\"" { return (String(key), value) }
      if character == "\\" {
        guard let escaped = rest.popFirst(), let plain = ["\\": "\\", "\"": "\"", "n": "\n"][escaped] else {
          throw Failure.line(line)
        }
        value += plain
      } else {
        value.append(character)
      }
    }
    throw Failure.line(line)
  }

  private static func number(_ text: Substring, of line: Substring) throws -> Double {
    switch text {
    case "NaN": return .nan
    case "+Inf": return .infinity
    case "-Inf": return -.infinity
    default:
      guard text.allSatisfy({ "0123456789.e-".contains($0) }), let value = Double(text) else {
        throw Failure.line(line)
      }
      return value
    }
  }
}
