/// Makes anything `Decodable` of a text value.
struct TextDecoder: Decoder {
  let value: TextValue
  let codingPath: [any CodingKey]
  var userInfo: [CodingUserInfoKey: Any] { [:] }

  init(_ value: TextValue, codingPath: [any CodingKey] = []) {
    self.value = value
    self.codingPath = codingPath
  }

  func container<Key: CodingKey>(keyedBy type: Key.Type) throws -> KeyedDecodingContainer<Key> {
    guard case .record(let fields) = value else { throw mismatch("values with names in braces") }
    let byName = Dictionary(fields.map { ($0.name, $0.value) }, uniquingKeysWith: { first, _ in first })
    return KeyedDecodingContainer(Keyed(fields: byName, codingPath: codingPath))
  }

  func unkeyedContainer() throws -> any UnkeyedDecodingContainer {
    guard case .list(let values) = value else { throw mismatch("a list in brackets") }
    return Unkeyed(values: values, codingPath: codingPath)
  }

  func singleValueContainer() -> any SingleValueDecodingContainer {
    Single(value: value, codingPath: codingPath)
  }

  fileprivate func decode<Result: Decodable>(_ type: Result.Type) throws -> Result {
    if let scalar = type as? any TextScalar.Type {
      guard let result = scalar.init(text: value) as? Result else { throw mismatch("\(type)") }
      return result
    }
    return try Result(from: self)
  }

  private func mismatch(_ expected: String) -> DecodingError {
    .dataCorrupted(.init(codingPath: codingPath, debugDescription: "must be \(expected), not \(value)"))
  }
}

/// What a single word or string can be read as.
private protocol TextScalar {
  init?(text: TextValue)
}

extension TextScalar where Self: LosslessStringConvertible {
  init?(text: TextValue) {
    guard case .word(let word) = text else { return nil }
    self.init(word)
  }
}

extension Bool: TextScalar {}
extension Int: TextScalar {}
extension Int8: TextScalar {}
extension Int16: TextScalar {}
extension Int32: TextScalar {}
extension Int64: TextScalar {}
extension UInt: TextScalar {}
extension UInt8: TextScalar {}
extension UInt16: TextScalar {}
extension UInt32: TextScalar {}
extension UInt64: TextScalar {}
extension Float: TextScalar {}
extension Double: TextScalar {}
extension String: TextScalar {
  fileprivate init?(text: TextValue) {
    guard case .string(let string) = text else { return nil }
    self = string
  }
}

// MARK: - Containers

extension TextDecoder {
  private struct Keyed<Key: CodingKey>: KeyedDecodingContainerProtocol {
    let fields: [String: TextValue]
    let codingPath: [any CodingKey]
    var allKeys: [Key] { fields.keys.sorted().compactMap { Key(stringValue: $0) } }

    private func decoder(_ key: any CodingKey) throws -> TextDecoder {
      guard let value = fields[key.stringValue] else {
        throw DecodingError.keyNotFound(key, .init(codingPath: codingPath, debugDescription: "is missing"))
      }
      return TextDecoder(value, codingPath: codingPath + [key])
    }

    func contains(_ key: Key) -> Bool { fields[key.stringValue] != nil }
    func decodeNil(forKey key: Key) throws -> Bool { try decoder(key).value == .null }
    func decode<Result: Decodable>(_ type: Result.Type, forKey key: Key) throws -> Result {
      try decoder(key).decode(type)
    }
    func nestedContainer<Nested: CodingKey>(
      keyedBy type: Nested.Type, forKey key: Key
    ) throws -> KeyedDecodingContainer<Nested> { try decoder(key).container(keyedBy: type) }
    func nestedUnkeyedContainer(forKey key: Key) throws -> any UnkeyedDecodingContainer {
      try decoder(key).unkeyedContainer()
    }
    func superDecoder() throws -> any Decoder {
      TextDecoder(fields["super"] ?? .null, codingPath: codingPath)
    }
    func superDecoder(forKey key: Key) throws -> any Decoder { try decoder(key) }
  }

  private struct Unkeyed: UnkeyedDecodingContainer {
    let values: [TextValue]
    let codingPath: [any CodingKey]
    var currentIndex = 0
    var count: Int? { values.count }
    var isAtEnd: Bool { currentIndex >= values.count }

    init(values: [TextValue], codingPath: [any CodingKey]) {
      self.values = values
      self.codingPath = codingPath
    }

    private mutating func next() throws -> TextDecoder {
      guard !isAtEnd else {
        throw DecodingError.dataCorrupted(
          .init(codingPath: codingPath, debugDescription: "has only \(values.count) elements"))
      }
      currentIndex += 1
      return TextDecoder(values[currentIndex - 1], codingPath: codingPath)
    }

    mutating func decodeNil() throws -> Bool {
      guard !isAtEnd, values[currentIndex] == .null else { return false }
      currentIndex += 1
      return true
    }
    mutating func decode<Result: Decodable>(_ type: Result.Type) throws -> Result {
      try next().decode(type)
    }
    mutating func nestedContainer<Nested: CodingKey>(
      keyedBy type: Nested.Type
    ) throws -> KeyedDecodingContainer<Nested> { try next().container(keyedBy: type) }
    mutating func nestedUnkeyedContainer() throws -> any UnkeyedDecodingContainer {
      try next().unkeyedContainer()
    }
    mutating func superDecoder() throws -> any Decoder { try next() }
  }

  private struct Single: SingleValueDecodingContainer {
    let value: TextValue
    let codingPath: [any CodingKey]

    func decodeNil() -> Bool { value == .null }
    func decode<Result: Decodable>(_ type: Result.Type) throws -> Result {
      try TextDecoder(value, codingPath: codingPath).decode(type)
    }
  }
}
