import EspalierPlan
import EspalierRuntime
import PlanFixtures
import Testing

/// Plans changed in ways that a checksum does not notice: each is refused with an error or runs safely.
@Suite("A hostile packed file") struct MutationTests {
  /// Reading limits that keep a mutated frame short.
  private static let limits: PlanLimits = {
    var limits = PlanLimits()
    limits.arenaByteCount = 1 << 22
    limits.portByteCount = 1 << 20
    limits.scratchByteCount = 1 << 24
    limits.multiplyAdds = 1 << 24
    return limits
  }()

  /// Numbers that break arithmetic: extremes, powers of two and their neighbors.
  private static let nasty: [UInt64] = [
    0, 1, 2, 3, 4, 7, 8, 63, 64, 65, 255, 256, 4095, 4096, 65_535, 65_536, 1 << 24, 0x7FFF_FFFF,
    0x8000_0000, 0xFFFF_FFC0, 0xFFFF_FFFF, 1 << 32, 1 << 62, 0x7FFF_FFFF_FFFF_FFFF, 1 << 63, .max,
  ]

  @Test(arguments: 0..<10)
  func `is refused or runs safely, whatever field was changed`(seed: UInt64) throws {
    var random = SeededGenerator(seed: seed)
    let network = ResidualNetwork(rows: 20, channels: 16)
    let bytes = try PlanWriter.bytes(of: network.plan)
    let sections = ["PLAN", "PLAN", "PLAN", "PORT", "CERT", "PROV", "WGHT"]
    let ranges = sections.compactMap { PackEditor(bytes).section($0) } + [0..<64 + 5 * 32]
    var refused = 0
    for _ in 0..<300 {
      var editor = PackEditor(bytes)
      for _ in 0..<Int.random(in: 1...3, using: &random) { Self.mutate(&editor, ranges, &random) }
      editor.mendChecksums()
      if try !Self.survives(editor.bytes) { refused += 1 }
    }
    #expect(refused > 100 && refused < 290)
  }

  @Test(arguments: 0..<10)
  func `is refused or runs safely where its sections are coded`(seed: UInt64) throws {
    var random = SeededGenerator(seed: seed)
    let bytes = try PlanWriter.bytes(of: ResidualNetwork(rows: 20, channels: 16).plan, weights: .coded)
    let ranges = ["CPLN", "CWGT"].compactMap { PackEditor(bytes).section($0) }
    #expect(ranges.count == 2)
    var refused = 0
    for _ in 0..<300 {
      var editor = PackEditor(bytes)
      for _ in 0..<Int.random(in: 1...3, using: &random) { Self.mutate(&editor, ranges, &random) }
      editor.mendChecksums()
      if try !Self.survives(editor.bytes) { refused += 1 }
    }
    // The states that a stream ends with tell nearly every change.
    #expect(refused > 200)
  }

  /// Cut at every place behind which the header could still be mended.
  @Test func `is refused when it is cut and its size is mended`() throws {
    let bytes = try PlanWriter.bytes(of: ResidualNetwork(rows: 2, channels: 4).plan)
    for count in stride(from: 64, to: bytes.count, by: 7) {
      var editor = PackEditor(Array(bytes[..<count]))
      editor.write(UInt64(count), at: 24, width: 8)
      editor.mendChecksums()
      #expect(throws: ModelError.self) { try Model(bytes: editor.bytes) }
    }
  }

  /// Changes one field in one of the ranges.
  private static func mutate(
    _ editor: inout PackEditor, _ ranges: [Range<Int>], _ random: inout SeededGenerator
  ) {
    let range = ranges.randomElement(using: &random) ?? 0..<64
    let width = [1, 2, 4, 4, 4, 8].randomElement(using: &random) ?? 4
    let offset = Int.random(in: range.lowerBound...range.upperBound - width, using: &random) / width * width
    guard offset >= range.lowerBound else { return }
    let old = editor.read(offset, width)
    let new =
      switch Int.random(in: 0..<4, using: &random) {
      case 0: old ^ 1 << UInt64.random(in: 0..<UInt64(width * 8), using: &random)
      case 1: old &+ UInt64(bitPattern: Int64.random(in: -64...64, using: &random))
      default: nasty.randomElement(using: &random) ?? 0
      }
    editor.write(new, at: offset, width: width)
  }

  /// Whether the file was accepted; it then ran to the end.
  private static func survives(_ bytes: [UInt8]) throws -> Bool {
    let model: Model
    do throws(ModelError) {
      model = try Model(bytes: bytes, limits: limits)
    } catch {
      #expect(!"\(error)".isEmpty)
      return false
    }
    var session = try Session(model, threads: 2)
    let inputs = model.inputs.map { [Float](repeating: 1, count: $0.byteCount / 4) }
    let outputs = try session.run(inputs)
    #expect(outputs.map(\.count) == model.outputs.map { $0.byteCount / 4 })
    return true
  }
}
