/// What a length-delimited field of an ONNX file holds.
///
/// Source: onnx.proto, IR version 10.
enum MessageKind {
  case model, graph, node, attribute, tensor, value, type, tensorType, shape, dimension, function, entry

  /// The kind of the message in a field; nil where it holds text, bytes or packed numbers.
  func child(_ field: UInt64) -> MessageKind? {
    switch (self, field) {
    case (.model, 7), (.attribute, 6), (.attribute, 11): .graph
    case (.model, 25): .function
    case (.model, 8), (.model, 14), (.function, 9), (.tensor, 13): .entry
    case (.graph, 1), (.function, 7): .node
    case (.graph, 5), (.attribute, 5), (.attribute, 10): .tensor
    case (.graph, 11...13), (.function, 12): .value
    case (.node, 5), (.function, 11): .attribute
    case (.value, 2): .type
    case (.type, 1): .tensorType
    case (.tensorType, 2): .shape
    case (.shape, 1): .dimension
    default: nil
    }
  }
}

/// One field of a message, with everything below it.
final class ProtobufField {
  enum Content {
    case varint(UInt64)
    case fixed([UInt8])
    case bytes([UInt8])
    case message(MessageKind, [ProtobufField])
  }

  var number: UInt64
  var content: Content
  /// The length that is written before a length-delimited field, where that is not its own.
  var claimedLength: UInt64?

  init(_ number: UInt64, _ content: Content) {
    self.number = number
    self.content = content
  }

  var children: [ProtobufField] {
    get { if case .message(_, let fields) = content { fields } else { [] } }
    set { if case .message(let kind, _) = content { content = .message(kind, newValue) } }
  }

  /// A field that shares nothing with this one.
  func copy() -> ProtobufField {
    guard case .message(let kind, let fields) = content else { return ProtobufField(number, content) }
    return ProtobufField(number, .message(kind, fields.map { $0.copy() }))
  }

  /// This field and all below it.
  var all: [ProtobufField] { [self] + children.flatMap(\.all) }
}

// MARK: - Reading

extension ProtobufField {
  /// Takes a whole file apart.
  ///
  /// - Returns: A message in a field of its own, or nil where the bytes are no message.
  static func model(_ bytes: [UInt8]) -> ProtobufField? {
    fields(bytes[...], .model).map { ProtobufField(0, .message(.model, $0)) }
  }

  private static func fields(_ bytes: ArraySlice<UInt8>, _ kind: MessageKind) -> [ProtobufField]? {
    var rest = bytes
    var fields: [ProtobufField] = []
    while !rest.isEmpty {
      guard let tag = varint(&rest), tag >> 3 > 0 else { return nil }
      switch tag & 7 {
      case 0:
        guard let value = varint(&rest) else { return nil }
        fields.append(ProtobufField(tag >> 3, .varint(value)))
      case 1, 5:
        let count = tag & 7 == 1 ? 8 : 4
        guard rest.count >= count else { return nil }
        fields.append(ProtobufField(tag >> 3, .fixed(Array(rest.prefix(count)))))
        rest.removeFirst(count)
      case 2:
        guard let count = varint(&rest), count <= UInt64(rest.count) else { return nil }
        let content = rest.prefix(Int(count))
        rest.removeFirst(Int(count))
        if let inner = kind.child(tag >> 3), let children = self.fields(content, inner) {
          fields.append(ProtobufField(tag >> 3, .message(inner, children)))
        } else {
          fields.append(ProtobufField(tag >> 3, .bytes(Array(content))))
        }
      default: return nil
      }
    }
    return fields
  }

  static func varint(_ bytes: inout ArraySlice<UInt8>) -> UInt64? {
    var value: UInt64 = 0
    for shift in stride(from: UInt64(0), to: 70, by: 7) {
      guard let byte = bytes.popFirst() else { return nil }
      value |= UInt64(byte & 0x7F) << shift
      if byte < 0x80 { return value }
    }
    return nil
  }
}

// MARK: - Writing

extension ProtobufField {
  /// The message that the field holds, without the field's own tag and length.
  var payload: [UInt8] {
    switch content {
    case .varint(let value): Self.bytes(ofVarint: value)
    case .fixed(let bytes), .bytes(let bytes): bytes
    case .message(_, let fields): fields.reduce(into: []) { $0 += $1.bytes }
    }
  }

  var bytes: [UInt8] {
    switch content {
    case .varint: return Self.bytes(ofVarint: number << 3) + payload
    case .fixed(let bytes): return Self.bytes(ofVarint: number << 3 | (bytes.count == 8 ? 1 : 5)) + bytes
    case .bytes, .message:
      let payload = payload
      let length = claimedLength ?? UInt64(payload.count)
      return Self.bytes(ofVarint: number << 3 | 2) + Self.bytes(ofVarint: length) + payload
    }
  }

  static func bytes(ofVarint value: UInt64) -> [UInt8] {
    var bytes: [UInt8] = []
    var rest = value
    while rest >= 0x80 {
      bytes.append(UInt8(rest & 0x7F) | 0x80)
      rest >>= 7
    }
    return bytes + [UInt8(rest)]
  }
}
