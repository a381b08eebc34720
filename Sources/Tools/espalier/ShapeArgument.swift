internal import ArgumentParser

/// `NAME=1x3x224x224`: the shape of one of a model's inputs.
struct ShapeArgument: ExpressibleByArgument, Equatable {
  let name: String
  let shape: [Int]

  init?(argument: String) {
    guard let separator = argument.lastIndex(of: "=") else { return nil }
    name = String(argument[..<separator])
    let extents = argument[argument.index(after: separator)...].split(
      whereSeparator: { $0 == "x" || $0 == "," })
    let numbers = extents.compactMap { Int($0) }.filter { $0 > 0 }
    guard !name.isEmpty, !numbers.isEmpty, numbers.count == extents.count else { return nil }
    shape = numbers
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
