internal import Foundation

/// What a file of ranks holds, before it is held against a network.
struct RanksContent: Decodable {
  var format: String
  var criterion: String?
  var structure: String?
  /// One score for each output channel; nil where it cannot be cut.
  var layers: [String: [Double?]]

  static let format = "espalier ranks 1"
  private static let members = ["format", "criterion", "structure", "layers"]

  /// Any value of JSON.
  private struct Anything: Decodable {
    init(from decoder: any Decoder) {}
  }

  /// - Throws: `malformed`, or `member` for what is not known or of another kind.
  static func read(_ text: String) throws(RanksError) -> RanksContent {
    let data = Data(text.utf8)
    do {
      let found = try JSONDecoder().decode([String: Anything].self, from: data)
      if let name = found.keys.sorted().first(where: { !members.contains($0) }) {
        throw RanksError.member(name, problem: "is not known")
      }
      let content = try JSONDecoder().decode(RanksContent.self, from: data)
      guard content.format == format else { throw RanksError(wrong: [Key("format")]) }
      return content
    } catch let error as RanksError {
      throw error
    } catch let error as DecodingError {
      throw RanksError(error, data)
    } catch {
      throw .malformed(line: 1, problem: "\(error)")
    }
  }

  /// A text in quotes.
  static func quoted(_ text: String) -> String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = .withoutEscapingSlashes
    // A string alone is always encoded.
    return (try? encoder.encode(text)).map { String(decoding: $0, as: UTF8.self) } ?? "\"\""
  }

  /// A place in the file.
  fileprivate struct Key: CodingKey {
    let stringValue: String
    var intValue: Int? { nil }
    init(_ name: String) { stringValue = name }
    init?(stringValue: String) { self.stringValue = stringValue }
    init?(intValue: Int) { nil }
  }
}

extension RanksError {
  fileprivate init(_ error: DecodingError, _ data: Data) {
    switch error {
    case .typeMismatch(_, let context), .valueNotFound(_, let context): self.init(wrong: context.codingPath)
    case .keyNotFound(let key, let context): self.init(wrong: context.codingPath + [key])
    case .dataCorrupted(let context) where !context.codingPath.isEmpty: self.init(wrong: context.codingPath)
    default: self.init(syntaxOf: data)
    }
  }

  /// - Parameter path: Of what is missing or of another kind.
  fileprivate init(wrong path: [any CodingKey]) {
    guard let member = path.first?.stringValue else {
      self = .malformed(line: 1, problem: "the ranks are no object in braces")
      return
    }
    switch (member, path.count) {
    case ("format", _): self = .member(member, problem: "must be \"\(RanksContent.format)\"")
    case ("layers", 1):
      self = .member(member, problem: "must be an object with a list of scores for each layer")
    case ("layers", 2): self = .member(path[1].stringValue, problem: "must be a list of scores")
    case ("layers", _):
      self = .member(path[1].stringValue, problem: "must have a number for channel \(path[2].intValue ?? 0)")
    default: self = .member(member, problem: "must be a string")
    }
  }

  /// Foundation says at which byte a text stops being JSON, in words alone.
  private init(syntaxOf data: Data) {
    var place = data.count
    do { _ = try JSONSerialization.jsonObject(with: data, options: .fragmentsAllowed) } catch {
      let words = (error as NSError).userInfo[NSDebugDescriptionErrorKey] as? String ?? ""
      if let number = words.split(whereSeparator: { !$0.isNumber }).last.flatMap({ Int($0) }) {
        place = number
      }
    }
    let line = 1 + data.prefix(place).count { $0 == UInt8(ascii: "\n") }
    self = .malformed(line: line, problem: place < data.count ? "this is no JSON" : "the text ends too early")
  }
}
