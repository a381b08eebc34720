extension Graph {
  /// Reads the text form that `text` prints.
  ///
  /// A constant is `constant TYPE [1, 2, …]`, `constant TYPE splat 0.5`, or `constant TYPE random SEED`:
  /// evenly spread over -1..<1 (integers over -8..<8, or 0..<8 where they have no sign). A node's types may
  /// be left out.
  ///
  /// - Parameter operators: The operators that may stand in the text, by name.
  /// - Throws: `TextError`, with the line.
  public init(text: String, operators: [String: any Operator.Type]) throws(TextError) {
    var parser = try TextParser(text, operators: operators)
    self = try parser.parse()
  }
}

struct TextParser {
  private var lexer: TextLexer
  private let operators: [String: any Operator.Type]
  private var graph = Graph()
  private var values: [String: ValueID] = [:]

  init(_ text: String, operators: [String: any Operator.Type]) throws(TextError) {
    lexer = try TextLexer(text)
    self.operators = operators
  }

  mutating func parse() throws(TextError) -> Graph {
    while lexer.token != .end {
      if lexer.token == .punctuation("%") {
        try definition()
      } else if try accept(word: "input") {
        try input()
      } else if try accept(word: "output") {
        try output()
      } else {
        throw unexpected("'input', 'output' or a value's name")
      }
    }
    return graph
  }

  // MARK: - Lines

  private mutating func input() throws(TextError) {
    let name = try valueName()
    try expect(":")
    try define(name, graph.appendInput(name: name, type: try type()))
  }

  private mutating func output() throws(TextError) {
    let name = try valueName()
    let value = try lookUp(name)
    graph.appendOutput(value, name: try accept(word: "as") ? try self.name() : name)
  }

  private mutating func definition() throws(TextError) {
    var names = [try valueName()]
    while try accept(",") { names.append(try valueName()) }
    try expect("=")
    if try accept(word: "constant") {
      let type = try type()
      return try define(names[0], graph.appendConstant(name: names[0], try tensor(type, name: names[0])))
    }
    try node(names)
  }

  private mutating func node(_ names: [String]) throws(TextError) {
    let line = lexer.line
    let op = try name()
    guard let type = operators[op] else { throw .unknownOperator(op, line: line) }
    var inputs: [ValueID] = []
    try expect("(")
    while lexer.token != .punctuation(")") {
      inputs.append(try lookUp(try valueName()))
      if lexer.token != .punctuation(")") { try expect(",") }
    }
    try expect(")")
    let attributes = lexer.token == .punctuation("{") ? try record() : .record([])
    let made = try Self.make(type, attributes, name: op, line: line)
    let stated = try statedTypes()
    let nodeName = try accept("@") ? try name() : names[0]
    let outputs: [ValueID]
    do {
      outputs = try graph.append(made, name: nodeName, inputs: inputs, outputNames: names)
    } catch { throw .shape(error, line: line) }
    guard outputs.count == names.count else {
      throw .elementCount(expected: outputs.count, found: names.count, line: line)
    }
    for (name, output) in zip(names, outputs) { try define(name, output) }
    for (stated, output) in zip(stated, outputs) where graph.type(of: output) != stated {
      throw .type(graph[output].name, stated: stated, inferred: graph.type(of: output), line: line)
    }
  }

  private mutating func statedTypes() throws(TextError) -> [TensorType] {
    guard try accept(":") else { return [] }
    var types = [try type()]
    while try accept(",") { types.append(try type()) }
    return types
  }

  /// An operator from its attributes, none of which it may ignore.
  private static func make(
    _ type: any Operator.Type, _ attributes: TextValue, name: String, line: Int
  ) throws(TextError) -> any Operator {
    do {
      let op = try type.init(from: TextDecoder(attributes))
      if case .record(let given) = attributes, case .record(let known) = try TextEncoder.value(of: op) {
        for field in given where !known.contains(where: { $0.name == field.name }) {
          throw TextError.attributes(name, problem: "has no attribute '\(field.name)'", line: line)
        }
      }
      return op
    } catch let error as TextError {
      throw error
    } catch let error as DecodingError {
      throw .attributes(name, problem: error.sentence, line: line)
    } catch {
      throw .attributes(name, problem: "\(error)", line: line)
    }
  }

  private mutating func define(_ name: String, _ value: ValueID) throws(TextError) {
    guard values.updateValue(value, forKey: name) == nil else {
      throw .repeatedName(name, line: lexer.line)
    }
  }

  private func lookUp(_ name: String) throws(TextError) -> ValueID {
    guard let value = values[name] else { throw .unknownValue(name, line: lexer.line) }
    return value
  }
}

// MARK: - Values

extension TextParser {
  private mutating func type() throws(TextError) -> TensorType {
    let line = lexer.line
    let word = try name()
    guard let element = ElementType(rawValue: word) else {
      throw .unexpected("'\(word)'", expected: "an element type", line: line)
    }
    var shape: Shape = []
    try expect("[")
    while lexer.token != .punctuation("]") {
      guard case .word(let word) = lexer.token, let extent = Int(word), extent >= 0 else {
        throw unexpected("an extent")
      }
      shape.append(extent)
      try lexer.advance()
      if lexer.token != .punctuation("]") { try expect(",") }
    }
    try expect("]")
    return TensorType(element, shape)
  }

  private mutating func tensor(_ type: TensorType, name: String) throws(TextError) -> Tensor {
    let line = lexer.line
    if try accept(word: "elided") { throw .elided(name, line: line) }
    guard type.shape.checkedElementCount != nil else {
      throw .unexpected("\(type)", expected: "a smaller constant", line: line)
    }
    if try accept(word: "splat") {
      return try Tensor(type, words: Array(repeating: word(), count: type.elementCount), line: line)
    }
    if try accept(word: "random") {
      guard let seed = UInt64(try word()) else { throw unexpected("a seed") }
      return Tensor.random(type, seed: seed)
    }
    guard case .list(let values) = try value() else { throw unexpected("a list of elements") }
    let words = values.map(\.description)
    guard words.count == type.elementCount else {
      throw .elementCount(expected: type.elementCount, found: words.count, line: line)
    }
    return try Tensor(type, words: words, line: line)
  }

  private mutating func value() throws(TextError) -> TextValue {
    switch lexer.token {
    case .word(let word):
      try lexer.advance()
      return .word(word)
    case .string(let string):
      try lexer.advance()
      return .string(string)
    case .punctuation("["):
      var values: [TextValue] = []
      try lexer.advance()
      while lexer.token != .punctuation("]") {
        values.append(try value())
        if lexer.token != .punctuation("]") { try expect(",") }
      }
      try lexer.advance()
      return .list(values)
    case .punctuation("{"): return try record()
    default: throw unexpected("a value")
    }
  }

  private mutating func record() throws(TextError) -> TextValue {
    var fields: [TextValue.Field] = []
    try expect("{")
    while lexer.token != .punctuation("}") {
      let name = try name()
      try expect("=")
      fields.append(.init(name: name, value: try value()))
      if lexer.token != .punctuation("}") { try expect(",") }
    }
    try expect("}")
    return .record(fields)
  }
}

// MARK: - Tokens

extension TextParser {
  private mutating func accept(_ punctuation: Character) throws(TextError) -> Bool {
    guard lexer.token == .punctuation(punctuation) else { return false }
    try lexer.advance()
    return true
  }

  private mutating func accept(word: String) throws(TextError) -> Bool {
    guard lexer.token == .word(word) else { return false }
    try lexer.advance()
    return true
  }

  private mutating func expect(_ punctuation: Character) throws(TextError) {
    guard try accept(punctuation) else { throw unexpected("'\(punctuation)'") }
  }

  private mutating func word() throws(TextError) -> String {
    guard case .word(let word) = lexer.token else { throw unexpected("a number") }
    try lexer.advance()
    return word
  }

  /// A name, bare or in quotes.
  private mutating func name() throws(TextError) -> String {
    switch lexer.token {
    case .word(let name), .string(let name):
      try lexer.advance()
      return name
    default: throw unexpected("a name")
    }
  }

  private mutating func valueName() throws(TextError) -> String {
    try expect("%")
    return try name()
  }

  private func unexpected(_ expected: String) -> TextError {
    let found =
      switch lexer.token {
      case .word(let word): "'\(word)'"
      case .string(let string): TextValue.quoted(string)
      case .punctuation(let character): "'\(character)'"
      case .end: "the end"
      }
    return .unexpected(found, expected: expected, line: lexer.line)
  }
}
