internal import ArgumentParser

/// An argument that names a case of a library's enumeration.
struct NamedCase<Value: RawRepresentable & CaseIterable>: ExpressibleByArgument
where Value.RawValue == String {
  let value: Value

  init(_ value: Value) { self.value = value }

  init?(argument: String) {
    guard let value = Value(rawValue: argument) else { return nil }
    self.value = value
  }

  static var allValueStrings: [String] { Value.allCases.map(\.rawValue) }

  var defaultValueDescription: String { value.rawValue }
}
