internal import CEspalierKernels
internal import EspalierKernels

/// Makes a section CWGT of a plan's weights: what calls read in one role goes to one stream.
struct WeightsCoder {
  /// What a call reads a piece of the weights as.
  private struct Role: Hashable {
    let family: UInt16
    let operand: Int
    /// Codes and scales of lanes, places in books and their words have streams of their own.
    var part = 0
  }

  /// A part of the weights that one call reads first.
  private struct Area {
    let bytes: Range<Int>
    let role: Role
    /// Rows of float32 that may have a scale for each lane: how many lanes, and rows to a piece.
    let lanes: (count: Int, rows: Int)?
  }

  private let weights: [UInt8]
  private var section = SectionCoder()
  private var places: [Role: Int] = [:]

  /// The section's bytes.
  static func section(_ plan: Plan) -> [UInt8] {
    var coder = WeightsCoder(weights: plan.weights)
    for area in areas(of: plan) { coder.add(area) }
    return coder.section.finished()
  }

  private init(weights: [UInt8]) { self.weights = weights }

  // MARK: - What calls read

  private static func areas(of plan: Plan) -> [Area] {
    var first: [Int: (role: Role, lanes: (count: Int, rows: Int)?)] = [:]
    for call in plan.calls {
      for (index, operand) in call.operands.enumerated() where operand.space == .weights {
        let start = Int(operand.offset)
        guard first[start] == nil else { continue }
        first[start] = (Role(family: call.family, operand: index), lanes(of: call, operand: index))
      }
    }
    if first[0] == nil { first[0] = (Role(family: 0, operand: 0), nil) }
    let starts = first.keys.filter { $0 < plan.weights.count }.sorted()
    return starts.enumerated().map { index, start in
      let end = index + 1 < starts.count ? starts[index + 1] : plan.weights.count
      let found = first[start] ?? (Role(family: 0, operand: 0), nil)
      return Area(bytes: start..<end, role: found.role, lanes: found.lanes)
    }
  }

  /// How the filters of a float32 convolution lie.
  private static func lanes(of call: Plan.Call, operand: Int) -> (count: Int, rows: Int)? {
    switch (call.family, operand) {
    case (ConvGemmParameters.family, 2):
      let rows = call.block(ConvGemmParameters.self).map { Int($0.run_count) * Int($0.run_length) }
      return rows.map { (16, $0) }
    case (ConvDepthwiseParameters.family, 1):
      return call.block(ConvDepthwiseParameters.self).map {
        (PackFormat.roundUp(Int($0.channels), to: 16), Int($0.kernel_h) * Int($0.kernel_w))
      }
    default: return nil
    }
  }

  // MARK: - Pieces

  private mutating func add(_ area: Area) {
    var start = area.bytes.lowerBound
    let whole = area.bytes.count / 4 * 4
    if whole > 0, let book = WordBook(weights[start..<start + whole]) {
      add(book, area.role)
      start += whole
    }
    if let lanes = area.lanes, lanes.count > 0, lanes.rows > 1 {
      let byteCount = 4 * lanes.count * lanes.rows
      while start + byteCount <= area.bytes.upperBound,
        let coded = LaneCodes(weights[start..<start + byteCount], lanes: lanes.count)
      {
        add(coded, lanes.count, area.role)
        start += byteCount
      }
    }
    guard start < area.bytes.upperBound else { return }
    let stream = stream(area.role)
    section.append(Array(weights[start..<area.bytes.upperBound]), to: stream)
  }

  private mutating func add(_ coded: LaneCodes, _ lanes: Int, _ role: Role) {
    var (codes, scales) = (ByteWriter(), ByteWriter())
    for code in coded.codes {
      if coded.fitBytes { codes.write(Int8(code)) } else { codes.write(Int16(code)) }
    }
    for scale in coded.scales { scales.write(scale.bitPattern) }
    var (codeRole, scaleRole) = (role, role)
    (codeRole.part, scaleRole.part) = (coded.fitBytes ? 1 : 2, 3)
    section.append(
      CodedSection.Piece(
        form: coded.fitBytes ? .byteLanes : .wordLanes, stream: stream(codeRole),
        scaleStream: stream(scaleRole), lanes: lanes, byteCount: 4 * coded.codes.count),
      codes: codes.bytes, scales: scales.bytes)
  }

  private mutating func add(_ book: WordBook, _ role: Role) {
    var (codeRole, wordRole) = (role, role)
    (codeRole.part, wordRole.part) = (4, 5)
    section.append(
      CodedSection.Piece(
        form: .book, stream: stream(codeRole), scaleStream: stream(wordRole), lanes: book.words.count / 4,
        byteCount: 4 * book.codes.count),
      codes: book.codes, scales: book.words)
  }

  private mutating func stream(_ role: Role) -> Int {
    if let known = places[role] { return known }
    let made = section.addStream()
    places[role] = made
    return made
  }
}

extension Plan.Call {
  /// The parameters as their family's block; nil where they are shorter.
  fileprivate func block<Parameters: BitwiseCopyable>(_: Parameters.Type) -> Parameters? {
    guard parameters.count * 4 >= MemoryLayout<Parameters>.size else { return nil }
    return unsafe parameters.withUnsafeBytes { unsafe $0.loadUnaligned(as: Parameters.self) }
  }
}
