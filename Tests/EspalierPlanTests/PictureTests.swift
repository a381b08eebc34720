import EspalierPlan
import PlanFixtures
import Testing

@Suite("A packed file that says how pictures become its input") struct PictureTests {
  private static let declared = PictureInput(
    channels: .bgr, fit: .crop, mean: SIMD3(1, 2, 3), scale: SIMD3(-4, 5, 0.25), fill: 99, cropShare: 0.875)
  private let plan = PictureNetwork(.quantized, declared: Self.declared).plan

  @Test func `gives it back as it was`() throws {
    let bytes = try PlanWriter.bytes(of: plan)
    let packed = try PlanReader.read(bytes)
    #expect(packed.pictures == [Self.declared])
    #expect(Plan(packed, weightsFrom: bytes) == plan)
  }

  @Test func `is the same file as before where nothing is said`() throws {
    let bytes = try PlanWriter.bytes(of: PictureNetwork(.quantized).plan)
    #expect(PackEditor(bytes).section("PICT") == nil)
    #expect(try PlanReader.read(bytes).pictures == [nil])
  }

  @Test func `leaves the section to those who know it`() throws {
    var editor = PackEditor(try PlanWriter.bytes(of: plan))
    let entry = 64 + 32 * (editor.sectionCount - 1)
    #expect(editor.read(entry + 4, 4) == 0, "not required")
    editor.write(0x4154_5845, at: entry, width: 4)
    editor.mendChecksums()
    #expect(try PlanReader.read(editor.bytes).pictures == [nil])
  }

  /// Offset in the section, bytes, what to write there.
  static let damages: [(offset: Int, width: Int, value: UInt64)] = [
    (0, 4, 0), (0, 4, 2), (0, 4, 0xFFFF_FFFF), (4, 1, 1), (16, 4, 1), (16, 4, 0xFFFF_FFFF), (20, 1, 3),
    (20, 1, 2),
    (21, 1, 4), (22, 1, 1), (24, 4, 0x7FC0_0000), (32, 4, 0x7F80_0000), (36, 4, 0), (44, 4, 0xFF80_0000),
    (48, 4, 0x4380_0000), (48, 4, 0xBF80_0000), (48, 4, 0x7FC0_0000), (52, 4, 0), (52, 4, 0x3F80_0001),
    (52, 4, 0x7FC0_0000), (56, 1, 1), (79, 1, 1),
  ]

  @Test(arguments: damages)
  func `is refused where a field has no meaning`(damage: (offset: Int, width: Int, value: UInt64)) throws {
    var editor = PackEditor(try PlanWriter.bytes(of: plan))
    let start = try #require(editor.section("PICT")).lowerBound
    editor.write(damage.value, at: start + damage.offset, width: damage.width)
    editor.mendChecksums()
    #expect(throws: PlanError.self) { try PlanReader.read(editor.bytes) }
  }

  @Test func `is not written for an input that takes no pictures`() {
    var wrong = plan
    wrong.pictures = [PictureInput(channels: .gray)]
    #expect(throws: PlanError.self) { try PlanWriter.bytes(of: wrong) }
    wrong.pictures = [Self.declared, Self.declared]
    #expect(throws: PlanError.self) { try PlanWriter.bytes(of: wrong) }
    wrong = ResidualNetwork(rows: 4, channels: 20).plan
    wrong.pictures = [Self.declared]
    #expect(throws: PlanError.self) { try PlanWriter.bytes(of: wrong) }
  }
}
