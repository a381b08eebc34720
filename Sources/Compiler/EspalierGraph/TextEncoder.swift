/// Turns anything `Encodable` into a text value: structures become records, arrays lists.
struct TextEncoder: Encoder {
  /// Where an encoder leaves its value: containers are written to after they are handed out.
  final class Target {
    enum Content {
      case nothing
      case leaf(TextValue)
      case list([Target])
      case record([(name: String, target: Target)])
    }
    var content = Content.nothing

    var value: TextValue {
      switch content {
      case .nothing: .record([])
      case .leaf(let value): value
      case .list(let targets): .list(targets.map(\.value))
      case .record(let fields): .record(fields.map { .init(name: $0.name, value: $0.target.value) })
      }
    }

    func appendElement() -> Target {
      let target = Target()
      guard case .list(var targets) = content else { return target }
      content = .nothing  // else the array would be copied for every element
      targets.append(target)
      content = .list(targets)
      return target
    }

    func appendField(_ name: String) -> Target {
      let target = Target()
      guard case .record(var fields) = content else { return target }
      content = .nothing
      fields.append((name, target))
      content = .record(fields)
      return target
    }
  }

  let target: Target
  let codingPath: [any CodingKey]
  var userInfo: [CodingUserInfoKey: Any] { [:] }

  static func value(of encodable: some Encodable) throws -> TextValue {
    let target = Target()
    try encode(encodable, into: target, path: [])
    return target.value
  }

  fileprivate static func encode(
    _ encodable: some Encodable, into target: Target, path: [any CodingKey]
  ) throws {
    switch encodable {
    case let value as Bool: target.content = .leaf(.word(value ? "true" : "false"))
    case let value as String: target.content = .leaf(.string(value))
    case let value as any FixedWidthInteger: target.content = .leaf(.word("\(value)"))
    case let value as Float: target.content = .leaf(.word("\(value)"))
    case let value as Double: target.content = .leaf(.word("\(value)"))
    default: try encodable.encode(to: TextEncoder(target: target, codingPath: path))
    }
  }

  func container<Key: CodingKey>(keyedBy type: Key.Type) -> KeyedEncodingContainer<Key> {
    if case .record = target.content {} else { target.content = .record([]) }
    return KeyedEncodingContainer(Keyed(target: target, codingPath: codingPath))
  }

  func unkeyedContainer() -> any UnkeyedEncodingContainer {
    if case .list = target.content {} else { target.content = .list([]) }
    return Unkeyed(target: target, codingPath: codingPath)
  }

  func singleValueContainer() -> any SingleValueEncodingContainer {
    Single(target: target, codingPath: codingPath)
  }
}

// MARK: - Containers

extension TextEncoder {
  private struct Keyed<Key: CodingKey>: KeyedEncodingContainerProtocol {
    let target: Target
    let codingPath: [any CodingKey]

    private func field(_ key: some CodingKey) -> Target { target.appendField(key.stringValue) }

    mutating func encodeNil(forKey key: Key) { field(key).content = .leaf(.null) }
    mutating func encode(_ value: some Encodable, forKey key: Key) throws {
      try TextEncoder.encode(value, into: field(key), path: codingPath + [key])
    }
    mutating func nestedContainer<Nested: CodingKey>(
      keyedBy type: Nested.Type, forKey key: Key
    ) -> KeyedEncodingContainer<Nested> {
      TextEncoder(target: field(key), codingPath: codingPath + [key]).container(keyedBy: type)
    }
    mutating func nestedUnkeyedContainer(forKey key: Key) -> any UnkeyedEncodingContainer {
      TextEncoder(target: field(key), codingPath: codingPath + [key]).unkeyedContainer()
    }
    mutating func superEncoder() -> any Encoder {
      TextEncoder(target: target.appendField("super"), codingPath: codingPath)
    }
    mutating func superEncoder(forKey key: Key) -> any Encoder {
      TextEncoder(target: field(key), codingPath: codingPath + [key])
    }
  }

  private struct Unkeyed: UnkeyedEncodingContainer {
    let target: Target
    let codingPath: [any CodingKey]
    var count: Int { if case .list(let targets) = target.content { targets.count } else { 0 } }

    private var next: TextEncoder { TextEncoder(target: target.appendElement(), codingPath: codingPath) }

    mutating func encodeNil() { next.target.content = .leaf(.null) }
    mutating func encode(_ value: some Encodable) throws {
      try TextEncoder.encode(value, into: next.target, path: codingPath)
    }
    mutating func nestedContainer<Nested: CodingKey>(
      keyedBy type: Nested.Type
    ) -> KeyedEncodingContainer<Nested> { next.container(keyedBy: type) }
    mutating func nestedUnkeyedContainer() -> any UnkeyedEncodingContainer { next.unkeyedContainer() }
    mutating func superEncoder() -> any Encoder { next }
  }

  private struct Single: SingleValueEncodingContainer {
    let target: Target
    let codingPath: [any CodingKey]

    mutating func encodeNil() { target.content = .leaf(.null) }
    mutating func encode(_ value: some Encodable) throws {
      try TextEncoder.encode(value, into: target, path: codingPath)
    }
  }
}
