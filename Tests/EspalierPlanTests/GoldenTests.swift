import EspalierPlan
import PlanFixtures
import Testing

@Suite("A packed file with golden vectors") struct GoldenTests {
  private static let golden = Plan.GoldenVectors(
    inputs: [Plan.GoldenVectors.Input(least: -2.5, largest: 7)],
    vectors: [
      Plan.GoldenVectors.Vector(
        seed: 0x0123_4567_89AB_CDEF,
        outputs: [
          Plan.GoldenVectors.Output(
            digest: 0xDEAD_BEEF, isPortable: true, tolerance: 0.25, magnitude: 3,
            kept: [0x3F80_0000, 0x7FC0_0000, 0x8000_0000])
        ])
    ], weightsChecksum: 0x1234_5678)
  private let plan: Plan

  init() {
    var plan = ResidualNetwork(rows: 3, channels: 20).plan
    plan.golden = Self.golden
    self.plan = plan
  }

  @Test func `gives them back as they were`() throws {
    let bytes = try PlanWriter.bytes(of: plan)
    let packed = try PlanReader.read(bytes)
    #expect(packed.golden == Self.golden)
    #expect(Plan(packed, weightsFrom: bytes) == plan)
    #expect(try PlanWriter.bytes(of: plan) == bytes)
  }

  @Test func `says what the specification says`() throws {
    let bytes = try PlanWriter.bytes(of: plan)
    let section = try #require(PackEditor(bytes).section("GOLD"))
    let specification = try Specification()
    var position = section.lowerBound
    func next(_ name: String) throws -> Reading {
      let record = try specification.record(name)
      defer { position += record.byteCount }
      return Reading(record, bytes, at: position)
    }
    let header = try next("GOLD header")
    #expect(try header["vector count"] == 1 && header["input count"] == 1)
    #expect(try header["output records"] == 1 && header["kept elements"] == 3)
    #expect(try header["checksum of"] == 0x1234_5678)
    let input = try next("Golden input")
    #expect(try input["least"] == UInt64(Float(-2.5).bitPattern))
    #expect(try input["largest"] == UInt64(Float(7).bitPattern))
    #expect(try next("Golden vector")["seed"] == 0x0123_4567_89AB_CDEF)
    let output = try next("Golden output")
    #expect(try output["checksum of"] == 0xDEAD_BEEF && output["flags"] == 1)
    #expect(try output["tolerance"] == UInt64(Float(0.25).bitPattern))
    #expect(try output["magnitude"] == UInt64(Float(3).bitPattern))
    #expect(try output["kept elements"] == 3)
    #expect(Reading.number(bytes, position, 4) == 0x3F80_0000)
    #expect(section.upperBound == position + 12)
  }

  @Test func `is the same file as before where there are none`() throws {
    let bytes = try PlanWriter.bytes(of: ResidualNetwork(rows: 3, channels: 20).plan)
    #expect(PackEditor(bytes).section("GOLD") == nil)
    #expect(try PlanReader.read(bytes).golden == nil)
  }

  @Test func `leaves the section to those who know it`() throws {
    var editor = PackEditor(try PlanWriter.bytes(of: plan))
    let entry = 64 + 32 * (editor.sectionCount - 1)
    #expect(editor.read(entry + 4, 4) == 0, "not required")
    editor.write(0x4154_5845, at: entry, width: 4)
    editor.mendChecksums()
    #expect(try PlanReader.read(editor.bytes).golden == nil)
  }

  /// Offset in the section, bytes, what to write there.
  static let damages: [(offset: Int, width: Int, value: UInt64)] = [
    // Counts and reserved bytes of the header.
    (0, 4, 0), (0, 4, 2), (0, 4, 0xFFFF_FFFF), (4, 4, 0), (4, 4, 2), (4, 4, 0xFFFF_FFFF), (8, 4, 0),
    (8, 4, 2),
    (8, 4, 0xFFFF_FFFF), (12, 4, 2), (12, 4, 4), (12, 4, 0xFFFF_FFFF), (20, 1, 1), (31, 1, 1),
    // Ends of the input: NaN, in the wrong order, too far apart.
    (32, 4, 0x7FC0_0000), (36, 4, 0x7FC0_0000), (32, 4, 0x4100_0000), (36, 4, 0x7F80_0000),
    (36, 4, 0xC100_0000), (40, 1, 1),
    // Reserved bytes of the vector, then flags, tolerance, magnitude and count of the output.
    (56, 1, 1), (68, 4, 2), (68, 4, 0x8000_0001), (72, 4, 0xBF80_0000), (72, 4, 0x3F80_0001),
    (72, 4, 0x7FC0_0000), (76, 4, 0xBF80_0000), (76, 4, 0x7F80_0000), (76, 4, 0x7FC0_0000), (80, 4, 2),
    (80, 4, 4), (80, 4, 0xFFFF_FFFF), (84, 1, 1), (95, 1, 1),
  ]

  @Test(arguments: damages)
  func `is refused where a field has no meaning`(damage: (offset: Int, width: Int, value: UInt64)) throws {
    var editor = PackEditor(try PlanWriter.bytes(of: plan))
    let start = try #require(editor.section("GOLD")).lowerBound
    editor.write(damage.value, at: start + damage.offset, width: damage.width)
    editor.mendChecksums()
    #expect(throws: PlanError.self) { try PlanReader.read(editor.bytes) }
  }

  @Test func `is not written with counts that are not the plan's`() throws {
    var wrong = plan
    wrong.golden?.inputs = []
    #expect(throws: PlanError.invalid(.goldenCounts, index: 0, found: 0)) { try PlanWriter.bytes(of: wrong) }
    wrong = plan
    wrong.golden?.vectors.append(Self.golden.vectors[0])
    #expect(throws: PlanError.invalid(.goldenCounts, index: 1, found: 2)) { try PlanWriter.bytes(of: wrong) }
    wrong = plan
    wrong.golden?.vectors[0].outputs = []
    #expect(throws: PlanError.invalid(.goldenCounts, index: 2, found: 0)) { try PlanWriter.bytes(of: wrong) }
    wrong = plan
    wrong.golden?.vectors[0].outputs[0].kept = [UInt32](repeating: 0, count: 61)
    #expect(throws: PlanError.invalid(.goldenCounts, index: 3, found: 61)) { try PlanWriter.bytes(of: wrong) }
  }

  @Test func `is refused where more is kept than the limits allow`() throws {
    let bytes = try PlanWriter.bytes(of: plan)
    var limits = PlanLimits()
    limits.goldenElementCount = 2
    #expect(throws: PlanError.limitExceeded(.goldenElements, limit: 2, found: 3)) {
      try PlanReader.read(bytes, limits: limits)
    }
  }
}
