import EspalierPlan
import Foundation
import PlanFixtures
import Testing

@Suite("A packed file that says what its outputs mean") struct ResultTests {
  private let plain: Plan
  private let plan: Plan
  private let bytes: [UInt8]

  /// SSD of two priors and three classes with the background.
  init() throws {
    var builder = PlanBuilder()
    let picture = builder.input("picture", shape: [1, 1, 2, 4])
    let (scores, offsets) = (
      builder.output("scores", shape: [1, 6]), builder.output("offsets", shape: [1, 8])
    )
    builder.copy(6, from: picture, to: scores)
    builder.copy(8, from: picture, to: offsets)
    plain = builder.plan
    var plan = plain
    var results = Plan.Results(.ssd, outputs: [1, 0])
    results.priors = [0, 0, 0.5, 1, 0.5, 0, 1, 1] + [0.1, 0.1, 0.2, 0.2, 0.1, 0.1, 0.2, 0.2]
    results.labels = ["car", "", "vélo"]
    (results.scoreThreshold, results.overlapThreshold, results.capacity) = (0.25, 0.5, 12)
    results.classOffset = 1
    plan.results = results
    self.plan = plan
    bytes = try PlanWriter.bytes(of: plan)
  }

  @Test func `gives them back as they were`() throws {
    let packed = try PlanReader.read(bytes)
    #expect(packed.results == plan.results)
    #expect(Plan(packed, weightsFrom: bytes) == plan)
    var classifier = plain
    classifier.results = Plan.Results(.classes, outputs: [0])
    classifier.results?.appliesSoftmax = true
    #expect(try PlanReader.read(PlanWriter.bytes(of: classifier)).results == classifier.results)
  }

  @Test func `is the same file as before where nothing is said`() throws {
    let bytes = try PlanWriter.bytes(of: plain)
    #expect(PackEditor(bytes).section("RSLT") == nil)
    #expect(try PlanReader.read(bytes).results == nil)
  }

  @Test func `leaves the section to those who know it`() throws {
    var editor = PackEditor(bytes)
    let entry = 64 + 32 * (editor.sectionCount - 1)
    #expect(editor.read(entry + 4, 4) == 0, "not required")
    editor.write(0x4154_5845, at: entry, width: 4)
    editor.mendChecksums()
    #expect(try PlanReader.read(editor.bytes).calls == plan.calls)
  }

  @Test func `lies as the specification says`() throws {
    let start = try #require(PackEditor(bytes).section("RSLT")).lowerBound
    let header = try Reading(Specification().record("RSLT header"), bytes, at: start)
    #expect(try header["form"] == 7)
    #expect(try header["output count"] == 2)
    #expect(try header["prior count"] == 2)
    #expect(try header["label count"] == 3)
    #expect(try header["class offset"] == 1)
    #expect(try header["score threshold"] == UInt64(Float(0.25).bitPattern))
    #expect(try header["overlap threshold"] == UInt64(Float(0.5).bitPattern))
    #expect(try header["the most boxes"] == 12)
    let outputs = start + 64
    #expect(Reading.number(bytes, outputs, 4) == 1 && Reading.number(bytes, outputs + 4, 4) == 0)
    #expect(Reading.number(bytes, outputs + 8 + 4 * 3, 4) == UInt64(Float(1).bitPattern))
    let sizes = outputs + 8 + 64
    #expect((0..<3).map { Reading.number(bytes, sizes + 4 * $0, 4) } == [3, 0, 5])
    #expect(String(decoding: bytes[sizes + 12..<sizes + 20], as: UTF8.self) == "carvélo")
  }

  @Test func `is not written where the outputs do not have the form`() throws {
    for (change, field) in [
      ({ $0.outputs = [0, 1] }, PlanError.Field.resultOutputs),
      ({ $0.outputs = [1, 1] }, .resultOutputs),
      ({ $0.outputs = [1, 2] }, .resultOutputs),
      ({ $0.outputs = [] }, .resultOutputs),
      ({ $0.priors.removeLast(8) }, .resultOutputs),
      ({ $0.classOffset = 2 }, .resultOutputs),
      ({ $0.classOffset = -1 }, .classOffset),
      ({ $0.form = .corners }, .prior),
      (
        {
          $0.form = .yolox; $0.priors = []
        }, .resultOutputs
      ),
      (
        {
          $0.form = .mask; $0.priors = []
        }, .resultOutputs
      ),
      ({ $0.priors[3] = .nan }, .prior),
      ({ $0.scoreThreshold = .nan }, .resultThreshold),
      ({ $0.overlapThreshold = 1.5 }, .resultThreshold),
      ({ $0.capacity = 0 }, .resultCapacity),
    ] as [((inout Plan.Results) -> Void, PlanError.Field)] {
      var wrong = plan
      var results = try #require(plan.results)
      change(&results)
      wrong.results = results
      let error = #expect(throws: PlanError.self) { try PlanWriter.bytes(of: wrong) }
      guard case .invalid(field, _, _) = error else {
        Issue.record("\(field): \(String(describing: error))")
        continue
      }
    }
  }

  @Test func `has a layout for each form`() {
    let input = [Plan.Port(name: "", shape: [1, 3, 64, 96])]
    func layout(_ form: Plan.Results.Form, _ shapes: [Int]...) -> ResultLayout? {
      Plan.Results(form, outputs: Array(shapes.indices))
        .layout(inputs: input, outputs: shapes.map { Plan.Port(name: "", shape: $0) })
    }
    #expect(layout(.classes, [1, 10, 1, 1])?.classes == 10)
    #expect(layout(.classes, [2, 10]) == nil)
    #expect(layout(.yolov8, [1, 6, 9]).map { [$0.places, $0.classes] } == [9, 2])
    #expect(layout(.yolov5, [1, 9, 7]).map { [$0.places, $0.classes] } == [9, 2])
    // 12 x 8, 6 x 4 and 3 x 2 cells.
    #expect(layout(.yolox, [1, 126, 7])?.classes == 2)
    #expect(layout(.yolox, [1, 125, 7]) == nil)
    #expect(layout(.fastestdet, [1, 8, 4, 5]).map { [$0.places, $0.classes] } == [20, 3])
    #expect(layout(.corners, [1, 9, 4], [1, 9, 2]).map { [$0.places, $0.firstClass] } == [9, 1])
    #expect(layout(.corners, [1, 9, 4], [1, 8, 2]) == nil)
    #expect(layout(.detectionOutput, [1, 1, 9, 7])?.places == 9)
    #expect(layout(.mask, [1, 2, 3, 4], [1, 2, 6, 8])?.masks.map(\.width) == [4, 8])
    #expect(layout(.mask, [1, 257, 3, 4]) == nil)
    #expect(layout(.mask, [1, 2, 0, 4]) == nil)
  }

  /// Whatever stands in the section: a reader refuses it, or believes what fits.
  @Test func `does no harm where the section is noise`() throws {
    var random = SeededGenerator(seed: 5)
    let section = try #require(PackEditor(bytes).section("RSLT"))
    var refused = 0
    for _ in 0..<3000 {
      var editor = PackEditor(bytes)
      for _ in 0..<Int.random(in: 1...3, using: &random) {
        let place = Int.random(in: section, using: &random)
        editor.write(UInt64.random(in: 0...255, using: &random), at: place, width: 1)
      }
      editor.mendChecksums()
      guard let packed = try? PlanReader.read(editor.bytes) else {
        refused += 1
        continue
      }
      let results = try #require(packed.results)
      #expect(results.layout(inputs: packed.inputs, outputs: packed.outputs) != nil)
    }
    #expect(refused > 1000)
  }

  @Test func `is refused where a field is damaged or a count too large`() throws {
    for (offset, value) in [
      (0, 0), (0, 10), (1, 2), (2, 1), (4, 3), (4, 257), (8, 1 << 20), (8, 0xFFFF_FFFF), (12, 0xFFFF_FFFF),
      (12, 70_000), (16, 2), (20, 0x7FC0_0000), (24, 0x4000_0000), (28, 0), (28, 65_537), (32, 1), (64, 7),
      (72, 0x7F80_0000), (136, 5000),
    ] {
      var editor = PackEditor(bytes)
      let section = try #require(editor.section("RSLT")).lowerBound
      editor.write(UInt64(value), at: section + offset, width: offset < 4 ? 1 : 4)
      editor.mendChecksums()
      #expect(throws: PlanError.self, "\(offset): \(value)") { try PlanReader.read(editor.bytes) }
    }
  }
}
