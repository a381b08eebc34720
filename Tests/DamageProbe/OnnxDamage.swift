import EspalierOperators
import PlanFixtures

/// Makes one damaged ONNX file of a sound one, the same for the same seed.
struct OnnxDamage {
  private var random: SeededGenerator

  init(seed: UInt64) { random = SeededGenerator(seed: seed) }

  /// Numbers that break arithmetic: extremes, powers of two, and sizes that are merely wrong.
  static let absurd: [Int64] = [
    .min, .min + 1, -(1 << 62), -(1 << 32), -(1 << 31), -3, -2, -1, 0, 1, 2, 3, 4, 5, 7, 8, 16, 31, 64, 255,
    1000, 65_535, 1 << 20, 1 << 28, (1 << 31) - 1, 1 << 31, (1 << 32) - 1, 1 << 32, 1 << 40, 1 << 60, 1 << 62,
    .max - 1, .max,
  ]

  mutating func damage(_ bytes: [UInt8]) -> [UInt8] {
    // One in four is damaged as bytes; the others stay messages, so that what lies behind the parser is reached.
    guard below(4) > 0, let model = ProtobufField.model(bytes) else { return damageBytes(bytes) }
    for _ in 0...below(3) { damageMessage(model) }
    let damaged = model.payload
    return below(16) == 0 ? damageBytes(damaged) : damaged
  }

  private mutating func below(_ limit: Int) -> Int { Int.random(in: 0..<max(limit, 1), using: &random) }

  // MARK: - As bytes

  /// Cuts, flips, overwrites, removes, repeats and fills with noise, one to four times.
  private mutating func damageBytes(_ bytes: [UInt8]) -> [UInt8] {
    var result = bytes
    for _ in 0...below(3) where !result.isEmpty {
      let place = below(result.count)
      let piece = place..<place + below(min(64, result.count - place) + 1)
      switch below(7) {
      case 0: result.removeSubrange(place...)
      case 1, 2: result[place] ^= UInt8(1 << below(8))
      case 3: result[place] = [0, 1, 0x7F, 0x80, 0xFF][below(5)]
      case 4: result.removeSubrange(piece)
      case 5: result.insert(contentsOf: Array(result[piece]), at: below(result.count + 1))
      default: for index in piece { result[index] = UInt8(below(256)) }
      }
    }
    return result
  }

  // MARK: - As messages

  private mutating func damageMessage(_ model: ProtobufField) {
    let fields = model.all
    let parents = fields.filter { !$0.children.isEmpty }
    guard let field = fields.dropFirst().randomElement(using: &random),
      let parent = parents.randomElement(using: &random)
    else { return }
    switch below(12) {
    case 0: parent.children.remove(at: below(parent.children.count))
    case 1: parent.children.append(parent.children[below(parent.children.count)].copy())
    case 2: parent.children.swapAt(below(parent.children.count), below(parent.children.count))
    case 3: field.number = UInt64(below(26))
    case 4: field.claimedLength = below(2) == 0 ? absurdNumber() : UInt64(below(300))
    case 5: externalize(fields)
    case 6: renameOperator(fields)
    case 7, 8: exchangeNames(fields)
    default: damageNumber(fields)
    }
  }

  private mutating func absurdNumber() -> UInt64 {
    UInt64(bitPattern: Self.absurd[below(Self.absurd.count)])
  }

  /// One number of those that stand alone or packed: dimensions, types, versions, attributes, elements.
  private mutating func damageNumber(_ fields: [ProtobufField]) {
    let numbers = fields.filter {
      switch $0.content {
      case .varint, .fixed: true
      case .bytes(let bytes): !bytes.isEmpty && bytes.count < 65_536
      case .message: false
      }
    }
    guard let field = numbers.randomElement(using: &random) else { return }
    switch field.content {
    case .varint(let value): field.content = .varint(near(value))
    case .fixed(var bytes):
      let special: [UInt32] = [0, 0x8000_0000, 0x7F80_0000, 0xFF80_0000, 0x7FC0_0000, 1, 0x7F7F_FFFF]
      let word = special[below(special.count)]
      for index in bytes.indices { bytes[index] = UInt8(truncatingIfNeeded: word >> UInt32(index % 4 * 8)) }
      field.content = .fixed(bytes)
    case .bytes(let bytes): field.content = .bytes(damagePacked(bytes))
    case .message: break
    }
  }

  private mutating func near(_ value: UInt64) -> UInt64 {
    below(3) == 0 ? value &+ UInt64(bitPattern: Int64(below(5) - 2)) : absurdNumber()
  }

  /// One of several packed varints or one little-endian word; else a byte.
  private mutating func damagePacked(_ bytes: [UInt8]) -> [UInt8] {
    var rest = bytes[...]
    var numbers: [UInt64] = []
    while let number = ProtobufField.varint(&rest) { numbers.append(number) }
    if rest.isEmpty, below(2) == 0 {
      let index = below(numbers.count)
      numbers[index] = near(numbers[index])
      if below(4) == 0 { numbers.append(absurdNumber()) }
      return numbers.flatMap { ProtobufField.bytes(ofVarint: $0) }
    }
    var result = bytes
    let width = bytes.count % 8 == 0 ? 8 : bytes.count % 4 == 0 ? 4 : 1
    let start = below(bytes.count / width) * width
    let number = absurdNumber()
    for index in 0..<width { result[start + index] = UInt8(truncatingIfNeeded: number >> UInt64(index * 8)) }
    return result
  }

  /// Gives a node another operator's name.
  private mutating func renameOperator(_ fields: [ProtobufField]) {
    let names = fields.flatMap { field -> [ProtobufField] in
      if case .message(.node, let children) = field.content { children.filter { $0.number == 4 } } else { [] }
    }
    let operators = OperatorRegistry.onnxNames
    names.randomElement(using: &random)?.content = .bytes(Array(operators[below(operators.count)].utf8))
  }

  /// Lets one short text stand where another stood: cycles, values defined twice, attributes of other names.
  private mutating func exchangeNames(_ fields: [ProtobufField]) {
    let texts = fields.filter { if case .bytes(let bytes) = $0.content { bytes.count < 64 } else { false } }
    guard let a = texts.randomElement(using: &random), let b = texts.randomElement(using: &random) else {
      return
    }
    a.content = b.content
  }

  /// Lets a tensor claim that its elements lie in another file.
  private mutating func externalize(_ fields: [ProtobufField]) {
    let tensors = fields.filter { if case .message(.tensor, _) = $0.content { true } else { false } }
    guard let tensor = tensors.randomElement(using: &random) else { return }
    let places = [
      "weights.bin", "../weights.bin", "/etc/passwd", "", ".", "link.bin", "no/such/file", "a\0b",
    ]
    let numbers = Self.absurd.map(String.init) + ["", "x", "1e3", "99999999999999999999", "0x10", " 4"]
    let entries = [
      ("location", places[below(2) == 0 ? 0 : below(places.count)]),
      ("offset", numbers[below(numbers.count)]), ("length", numbers[below(numbers.count)]),
    ]
    if below(4) > 0 { tensor.children.removeAll { (4...10).contains($0.number) } }
    tensor.children.append(ProtobufField(14, .varint(1)))
    for (key, value) in entries.prefix(1 + below(3)) {
      let entry = [
        ProtobufField(1, .bytes(Array(key.utf8))), ProtobufField(2, .bytes(Array(value.utf8))),
      ]
      tensor.children.append(ProtobufField(13, .message(.entry, entry)))
    }
  }
}
