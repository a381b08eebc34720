import EspalierPlan
import PlanFixtures
import Testing

@Suite("Reading a damaged packed file") struct DamageTests {
  private let bytes: [UInt8]
  private let editor: PackEditor

  init() throws {
    bytes = try PlanWriter.bytes(of: ResidualNetwork(rows: 2, channels: 4).plan)
    editor = PackEditor(bytes)
  }

  @Test func `fails at every shorter length`() throws {
    for count in 0..<bytes.count {
      #expect(throws: PlanError.self) { try PlanReader.read(Array(bytes[..<count])) }
    }
  }

  @Test func `fails when anything follows`() throws {
    #expect(throws: PlanError.self) { try PlanReader.read(bytes + [0]) }
  }

  /// Every byte counts: those outside sections by checks of their own, the others by checksum.
  @Test func `fails when any byte changes`() throws {
    var random = SeededGenerator(seed: 11)
    for _ in 0..<2000 {
      var damaged = bytes
      damaged[Int.random(in: 0..<bytes.count, using: &random)] ^= UInt8.random(in: 1...255, using: &random)
      #expect(throws: PlanError.self) { try PlanReader.read(damaged) }
    }
  }

  @Test func `names a file of another kind`() throws {
    #expect(throws: PlanError.notAPack) { try PlanReader.read(Array("GIF89a and so on".utf8)) }
    #expect(throws: PlanError.truncated(.header, expected: 1, found: 0)) { try PlanReader.read([UInt8]()) }
  }

  @Test func `names a version and a packing class that it does not know`() throws {
    #expect(throws: PlanError.unsupportedVersion(major: 2, minor: 0)) {
      try read { $0.write(2, at: 8, width: 2) }
    }
    #expect(throws: PlanError.unsupportedPackingClass(9)) { try read { $0.write(9, at: 12, width: 4) } }
  }

  @Test func `reads a later minor version`() throws {
    _ = try read { $0.write(7, at: 10, width: 2) }
  }

  @Test func `skips an unknown section unless it is required`() throws {
    let provenance = 64 + 3 * 32
    _ = try read { $0.write(0x4154_5845, at: provenance, width: 4) }
    #expect(throws: PlanError.unknownRequiredSection(SectionIdentifier(code: 0x4154_5845))) {
      try read {
        $0.write(0x4154_5845, at: provenance, width: 4)
        $0.write(1, at: provenance + 4, width: 4)
      }
    }
  }

  @Test func `names a missing and a repeated section`() throws {
    #expect(throws: PlanError.missingSection(.certificate)) {
      try read {
        $0.write(0x4154_5845, at: 64 + 2 * 32, width: 4)
        $0.write(0, at: 64 + 2 * 32 + 4, width: 4)
      }
    }
    #expect(throws: PlanError.duplicateSection(.plan)) {
      try read { $0.write($0.read(64, 4), at: 64 + 3 * 32, width: 4) }
    }
  }

  private func read(_ change: (inout PackEditor) -> Void) throws -> PackedPlan {
    var changed = editor
    change(&changed)
    changed.mendChecksums()
    return try PlanReader.read(changed.bytes)
  }
}
