import EspalierPlan
import PlanFixtures
import Testing

@Suite("A packed file of several levels") struct LevelTests {
  private let large = ResidualNetwork(rows: 4, channels: 20).plan
  /// The same network with half of its second layer's work, and a weight of its own.
  private let small: Plan

  init() {
    var plan = ResidualNetwork(rows: 4, channels: 20).plan
    plan.multiplyAdds /= 2
    plan.calls.removeLast()
    plan.weights[plan.weights.count - 1] ^= 1
    small = plan
  }

  @Test func `gives back the levels that it was made from`() throws {
    let plan = try Plan(levels: [large, small])
    let bytes = try PlanWriter.bytes(of: plan)
    let packed = try PlanReader.read(bytes)
    #expect(packed.levels.map(\.calls) == [0..<large.calls.count, large.calls.count..<plan.calls.count])
    #expect(packed.levels.map(\.multiplyAdds) == [large.multiplyAdds, large.multiplyAdds / 2])
    #expect(packed.certificate.multiplyAdds == large.multiplyAdds)
    #expect(Plan(packed, weightsFrom: bytes) == plan)
  }

  @Test func `is one level where nothing else is said`() throws {
    let packed = try PlanReader.read(PlanWriter.bytes(of: large))
    #expect(packed.levels == [Plan.Level(calls: 0..<large.calls.count, multiplyAdds: large.multiplyAdds)])
  }

  @Test func `holds weights that are the same once`() throws {
    let plan = try Plan(levels: [large, small])
    #expect(plan.weights.count > large.weights.count)
    #expect(plan.weights.count < 2 * large.weights.count)
    for (call, own) in zip(plan.calls[large.calls.count...], small.calls) {
      for (operand, before) in zip(call.operands, own.operands) where before.space == .weights {
        let start = Int(before.offset)
        let run = small.weights[start..<min(start + 64, small.weights.count)]
        #expect(plan.weights[Int(operand.offset)...].starts(with: run))
      }
    }
  }

  @Test func `is refused where the levels are no parts of one network after the other`() throws {
    for (change, field) in [
      ({ $0[1].calls = 1..<$0[1].calls.upperBound }, PlanError.Field.levelCalls),
      ({ $0[1].calls = $0[1].calls.lowerBound..<$0[1].calls.upperBound - 1 }, .levelCalls),
      ({ $0[1].multiplyAdds = $0[0].multiplyAdds }, .levelMultiplyAdds),
      ({ $0[0].multiplyAdds -= 1 }, .levelMultiplyAdds),
    ] as [((inout [Plan.Level]) -> Void, PlanError.Field)] {
      var plan = try Plan(levels: [large, small])
      change(&plan.levels)
      let error = #expect(throws: PlanError.self) { try PlanWriter.bytes(of: plan) }
      guard case .invalid(field, _, _) = error else {
        Issue.record("\(String(describing: error))")
        continue
      }
    }
  }

  @Test func `is refused where a level has other inputs or outputs`() {
    var other = small
    other.outputs[0].name = "another"
    #expect(throws: PlanError.invalid(.levelPorts, index: 1, found: 1)) { try Plan(levels: [large, other]) }
  }

  /// Every field of the section, at values that mean nothing.
  @Test func `is refused where the section is damaged`() throws {
    let bytes = try PlanWriter.bytes(of: Plan(levels: [large, small]))
    for (offset, value) in [
      (0, 9), (0, 0), (0, 1), (4, 1), (16, 1), (20, 0), (24, 0), (32, 1), (48, 0), (52, 200),
    ] {
      var editor = PackEditor(bytes)
      let section = try #require(editor.section("LEVL")).lowerBound
      editor.write(UInt64(value), at: section + offset, width: 4)
      editor.mendChecksums()
      #expect(throws: PlanError.self, "\(offset): \(value)") { try PlanReader.read(editor.bytes) }
    }
  }
}
