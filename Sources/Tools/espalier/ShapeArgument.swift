internal import ArgumentParser

/// `NAME=1x3x224x224`: the shape of one of a model's inputs.
///
/// The forms of other tools are read too: `NAME:1x3x224x224` and `NAME[1,3,224,224]`.
struct ShapeArgument: ExpressibleByArgument, Equatable {
  let name: String
  let shape: [Int]

  init(name: String, shape: [Int]) { (self.name, self.shape) = (name, shape) }

  init?(argument: String) {
    guard let (name, extents) = Self.parts(of: argument) else { return nil }
    let texts = extents.split(omittingEmptySubsequences: false, whereSeparator: { $0 == "x" || $0 == "," })
    let numbers = texts.compactMap { Int($0) }.filter { $0 > 0 }
    guard !name.isEmpty, !numbers.isEmpty, numbers.count == texts.count else { return nil }
    self.name = String(name)
    shape = numbers
  }

  private static func parts(of argument: String) -> (name: Substring, extents: Substring)? {
    if let separator = argument.lastIndex(of: "=") {
      return (argument[..<separator], argument[argument.index(after: separator)...])
    }
    if argument.hasSuffix("]"), let separator = argument.lastIndex(of: "[") {
      return (argument[..<separator], argument[argument.index(after: separator)...].dropLast())
    }
    guard let separator = argument.lastIndex(of: ":") else { return nil }
    return (argument[..<separator], argument[argument.index(after: separator)...])
  }

  var defaultValueDescription: String { "NAME=1x3x224x224" }
  var text: String { "\(name)=\(shape.map(String.init).joined(separator: "x"))" }
}

/// `123.7,116.3,103.5` or one number for all channels.
struct ChannelValues: ExpressibleByArgument, Equatable {
  let values: [Float]

  init(_ values: [Float]) { self.values = values }

  init?(argument: String) {
    let parts = argument.split(separator: ",", omittingEmptySubsequences: false)
    let numbers = parts.compactMap { Float($0) }.filter(\.isFinite)
    guard numbers.count == parts.count, numbers.count == 1 || numbers.count == 3 else { return nil }
    values = numbers
  }

  var text: String { values.map { "\($0)" }.joined(separator: ",") }
}
