import CEspalierKernels
import PlanFixtures
import Testing

@testable import EspalierPlan

@Suite("A packed file with coded sections") struct CodedSectionTests {
  private let network = ResidualNetwork(rows: 20, channels: 40)
  private let bytes: [UInt8]

  init() throws { bytes = try PlanWriter.bytes(of: network.plan, weights: .coded) }

  @Test func `gives back the plan that it was made from`() throws {
    let packed = try PlanReader.read(bytes)
    #expect(Plan(packed, weightsFrom: bytes) == network.plan)
    #expect(PackEditor(bytes).section("WGHT") == nil && PackEditor(bytes).section("PLAN") == nil)
  }

  /// Filters of seven whole numbers: less than a byte where float32 takes four.
  @Test func `is small`() throws {
    let coded = try #require(PackEditor(bytes).section("CWGT"))
    #expect(coded.count < network.plan.weights.count / 4)
    #expect(try bytes == PlanWriter.bytes(of: network.plan, weights: .coded))
  }

  @Test func `keeps weights as they are where coding saves nothing`() throws {
    var random = SeededGenerator(seed: 3)
    var builder = PlanBuilder()
    let (x, y) = (builder.input("x", shape: [64]), builder.output("y", shape: [64]))
    let noise = builder.weights((0..<64).map { _ in Int32.random(in: .min ... .max, using: &random) })
    builder.combine(espalier_binary_add, 64, x, noise, to: y)
    let bytes = try PlanWriter.bytes(of: builder.plan, weights: .coded)
    #expect(PackEditor(bytes).section("WGHT") != nil)
    #expect(Plan(try PlanReader.read(bytes), weightsFrom: bytes) == builder.plan)
  }

  @Test func `fails when any byte changes`() throws {
    var random = SeededGenerator(seed: 12)
    for _ in 0..<1_000 {
      var damaged = bytes
      damaged[Int.random(in: 0..<bytes.count, using: &random)] ^= UInt8.random(in: 1...255, using: &random)
      #expect(throws: PlanError.self) { try PlanReader.read(damaged) }
    }
  }

  @Test func `names a size that no section of its length stands for`() throws {
    let section = try #require(PackEditor(bytes).section("CWGT"))
    let limit = UInt64(section.count * 64)
    #expect(throws: PlanError.limitExceeded(.decodedBytes, limit: limit, found: 1 << 40)) {
      try read { $0.write(1 << 40, at: section.lowerBound, width: 8) }
    }
    #expect(throws: PlanError.limitExceeded(.streams, limit: 64, found: 65)) {
      try read { $0.write(65, at: section.lowerBound + 8, width: 4) }
    }
    #expect(throws: PlanError.invalid(.streamContexts, index: 0, found: 2)) {
      try read { $0.write(2, at: section.lowerBound + 40, width: 1) }
    }
  }

  @Test func `names a section that is there in both forms`() throws {
    let plan = try #require(PackEditor(bytes).section("PORT")).isEmpty ? 0 : 64 + 32
    #expect(throws: PlanError.duplicateSection(.plan)) {
      try read { $0.write(0x4E41_4C50, at: plan + 2 * 32, width: 4) }
    }
  }

  private func read(_ change: (inout PackEditor) -> Void) throws -> PackedPlan {
    var editor = PackEditor(bytes)
    change(&editor)
    editor.mendChecksums()
    return try PlanReader.read(editor.bytes)
  }
}

@Suite("Books of words") struct WordBookTests {
  /// A sum with 3,000 numbers, of which 200 are different and multiples of nothing.
  private func plan() -> Plan {
    var builder = PlanBuilder()
    let (x, y) = (builder.input("x", shape: [3_000]), builder.output("y", shape: [3_000]))
    let words = builder.weights(
      (0..<3_000).map { index in
        Int32(bitPattern: Float(1 + Double(index * 7 % 200)).squareRoot().bitPattern)
      })
    builder.combine(espalier_binary_add, 3_000, x, words, to: y)
    return builder.plan
  }

  @Test func `make a section of a byte for each word, and give the words back`() throws {
    let bytes = try PlanWriter.bytes(of: plan(), weights: .coded)
    #expect(Plan(try PlanReader.read(bytes), weightsFrom: bytes) == plan())
    let section = try #require(PackEditor(bytes).section("CWGT"))
    #expect(section.count < 3_000 + 800 + 600)
  }

  @Test func `are none of many words, or of few that come once`() {
    func book(_ words: [UInt32]) -> WordBook? {
      WordBook(words.flatMap { word in (0..<4).map { UInt8(truncatingIfNeeded: word >> (8 * $0)) } }[...])
    }
    #expect(book((0..<1_028).map { $0 % 257 }) == nil)
    #expect(book((0..<1_024).map { $0 % 256 })?.codes.count == 1_024)
    #expect(book([1, 2, 3]) == nil)
    #expect(book([7, 7, 7, 7, 9, 9, 9, 9])?.codes == [0, 0, 0, 0, 1, 1, 1, 1])
    #expect(book([7, 7, 7, 7, 9, 9, 9, 9])?.words == [7, 0, 0, 0, 9, 0, 0, 0])
  }

  /// Sections by hand: a piece of two words, out of a book of so many.
  @Test(arguments: [(1, UInt8(1)), (2, 2), (0, 0), (257, 0)])
  func `are refused where a place is not there`(words: Int, code: UInt8) throws {
    var coder = SectionCoder()
    let (codes, book) = (coder.addStream(), coder.addStream())
    coder.append(
      CodedSection.Piece(form: .book, stream: codes, scaleStream: book, lanes: words, byteCount: 8),
      codes: [0, code], scales: [UInt8](repeating: 1, count: 4 * words))
    let section = coder.finished()
    #expect(throws: PlanError.self) {
      try section.withUnsafeBytes { _ = try CodedSection.decoded($0, of: .codedWeights) }
    }
  }
}

@Suite("Codes of lanes") struct LaneCodeTests {
  private func bytes(_ numbers: [Float]) -> ArraySlice<UInt8> {
    numbers.withUnsafeBytes { [UInt8]($0) }[...]
  }

  @Test func `are the whole numbers behind multiples of a scale`() throws {
    let numbers: [Float] = [1.5, -400, 0, 300, -2.25, 511]
    let found = try #require(LaneCodes(bytes(numbers), lanes: 2))
    for (index, number) in numbers.enumerated() {
      let product = Float(found.codes[index]) * found.scales[index % 2]
      #expect(product == number)
    }
    #expect(!found.fitBytes)
    #expect(try #require(LaneCodes(bytes([1.5, -0.75, 0, 3]), lanes: 1)).fitBytes)
  }

  @Test func `are none of numbers that share no scale`() {
    #expect(LaneCodes(bytes([1, 0.333_333_34, 0.125_000_01, 0.7]), lanes: 1) == nil)
    #expect(LaneCodes(bytes([1, -0.0]), lanes: 1) == nil)
    #expect(LaneCodes(bytes([1, .nan]), lanes: 1) == nil)
    #expect(LaneCodes(bytes([1, .infinity]), lanes: 1) == nil)
  }

  @Test func `of silence have no scale`() throws {
    let found = try #require(LaneCodes(bytes([0, 5, 0, 10]), lanes: 2))
    #expect(found.scales[0] == 0 && found.codes[0] == 0 && found.codes[2] == 0)
  }
}
