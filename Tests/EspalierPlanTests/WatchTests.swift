import EspalierPlan
import PlanFixtures
import Testing

@Suite("A packed file with watched tensors") struct WatchTests {
  private let plain = ResidualNetwork(rows: 4, channels: 20).plan
  private let plan: Plan
  private let bytes: [UInt8]

  init() throws {
    var plan = plain
    let digest = TensorDigest(
      mean: 0.5, standardDeviation: 2, least: -3, largest: 9, frameMeans: 0.25...0.75,
      frameDeviations: 1...3, saturatedShare: 0.125, frameCount: 40)
    plan.watch(plan.calls[1].operands[5], count: 80, behind: 1, name: "layer", digest: digest)
    plan.watch(plan.calls[4].operands[2], count: 80, behind: 4, name: "y")
    self.plan = plan
    bytes = try PlanWriter.bytes(of: plan)
  }

  @Test func `gives them back as they were`() throws {
    let packed = try PlanReader.read(bytes)
    #expect(packed.watches == plan.watches)
    #expect(Plan(packed, weightsFrom: bytes) == plan)
    #expect(packed.watchResources.map(\.items) == [1, 1])
    #expect(packed.touchedArenaByteCount == plan.arenaByteCount)
  }

  @Test func `is the same file as before where nothing is watched`() throws {
    #expect(PackEditor(try PlanWriter.bytes(of: plain)).section("WTCH") == nil)
  }

  @Test func `leaves the section to those who know it`() throws {
    var editor = PackEditor(bytes)
    let entry = 64 + 32 * (editor.sectionCount - 1)
    #expect(editor.read(entry + 4, 4) == 0, "not required")
    editor.write(0x4154_5845, at: entry, width: 4)
    editor.mendChecksums()
    let packed = try PlanReader.read(editor.bytes)
    #expect(packed.watches.isEmpty && packed.calls == plan.calls)
  }

  @Test func `keeps statistics apart from every call, and from those of other tensors`() {
    let end = plain.arenaByteCount
    #expect(plan.watches.map(\.blockOffset) == [end, end + 64])
    #expect(plan.arenaByteCount == end + 128)
  }

  @Test func `watches each level's own calls`() throws {
    var small = plan
    small.multiplyAdds /= 2
    small.calls.removeLast()
    small.watches.removeLast()
    small.placeWatches(behind: plain.arenaByteCount)
    let both = try Plan(levels: [plan, small])
    #expect(both.watches.map(\.call) == [1, 4, plan.calls.count + 1])
    let packed = try PlanReader.read(PlanWriter.bytes(of: both))
    #expect(packed.watches == both.watches)
    #expect(packed.watches.map(\.blockOffset) == [0, 64, 128].map { $0 + plain.arenaByteCount })
  }

  @Test func `is not written where a watch is none`() {
    for (change, field) in [
      ({ $0[0].call = 5 }, PlanError.Field.watchedCall),
      ({ $0[1].call = 0 }, .watchedCall),
      ({ $0[0].statistics.family = 7 }, .watchFamily),
      ({ $0[0].statistics.operands[1].offset = 0 }, .watchBlock),
      ({ $0[1].statistics.operands[1].offset -= 4 }, .watchBlock),
      ({ $0[1].statistics.operands[1].space = .output }, .watchBlock),
      ({ $0[0].scale = 0 }, .watchScale),
      ({ $0[0].scale = .nan }, .watchScale),
      ({ $0[0].digest?.saturatedShare = 1.5 }, .watchDigest),
      ({ $0[0].digest?.mean = .infinity }, .watchDigest),
      ({ $0[0].digest?.least = 10 }, .watchDigest),
    ] as [((inout [Plan.Watch]) -> Void, PlanError.Field)] {
      var wrong = plan
      change(&wrong.watches)
      let error = #expect(throws: PlanError.self) { try PlanWriter.bytes(of: wrong) }
      guard case .invalid(field, _, _) = error else {
        Issue.record("\(field): \(String(describing: error))")
        continue
      }
    }
  }

  /// Fields of header and first record, at values that mean nothing.
  @Test func `is refused where the section is damaged`() throws {
    for (offset, value) in [
      (0, 65), (0, 3), (4, 1), (8, 0), (12, 1), (32, 5), (36, 7), (38, 2), (40, 1), (44, 0), (48, 9),
      (52, 1), (56, 1 << 30), (64, 2), (72, 0), (80, 0), (80, 0x7FC0_0000), (84, 0), (88, 0x7FC0_0000),
      (104, 0x7FC0_0000), (108, 0), (120, 0x4000_0000), (124, 1),
    ] {
      var editor = PackEditor(bytes)
      let section = try #require(editor.section("WTCH")).lowerBound
      editor.write(UInt64(value), at: section + offset, width: offset == 36 ? 2 : offset == 38 ? 1 : 4)
      editor.mendChecksums()
      #expect(throws: PlanError.self, "\(offset): \(value)") { try PlanReader.read(editor.bytes) }
    }
  }

  /// Whatever stands in the section: a reader refuses it, or believes what it may.
  @Test func `does no harm where the section is noise`() throws {
    var random = SeededGenerator(seed: 5)
    let section = try #require(PackEditor(bytes).section("WTCH"))
    for _ in 0..<3000 {
      var editor = PackEditor(bytes)
      for _ in 0..<Int.random(in: 1...3, using: &random) {
        let place = Int.random(in: section, using: &random)
        editor.write(UInt64.random(in: 0...255, using: &random), at: place, width: 1)
      }
      editor.mendChecksums()
      guard let packed = try? PlanReader.read(editor.bytes) else { continue }
      for watch in packed.watches { #expect(watch.blockOffset >= plain.arenaByteCount) }
    }
  }
}
