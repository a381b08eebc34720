import CEspalierKernels
import EspalierPlan
import EspalierRuntime
import PlanFixtures
import Testing

@Suite("Replaying golden vectors") struct VerifyTests {
  private static let exact = Model.GoldenRule(isPortable: true, tolerance: 0)
  private static let near = Model.GoldenRule(isPortable: true, tolerance: 1e-4)
  private let network = ResidualNetwork(rows: 9, channels: 20)

  private func recorded(_ plan: Plan, _ rules: [Model.GoldenRule], seed: UInt64 = 1) throws -> Plan {
    var plan = plan
    plan.golden = try Model(bytes: PlanWriter.bytes(of: plan)).recordGoldenVectors(
      seed: seed, inputs: [Plan.GoldenVectors.Input()], rules: rules)
    return plan
  }

  private func replays(_ bytes: [UInt8], threads: ClosedRange<Int> = 1...4) throws -> [GoldenReplay] {
    var replays: [GoldenReplay] = []
    try Model(bytes: bytes).verify(threads: threads, limit: .best) { replays.append($0) }
    return replays
  }

  /// The pack with other signs of four rows of weights, checksums mended.
  ///
  /// - Parameter mendsGolden: Also the checksum of the weights that stands in GOLD.
  private func altered(_ bytes: [UInt8], mendsGolden: Bool) throws -> [UInt8] {
    var editor = PackEditor(bytes)
    let weights = try #require(editor.section("WGHT"))
    // Behind the table of runs, which comes first; a row are the weights of 16 output channels for one input.
    for weight in 0..<64 {
      let place = weights.lowerBound + 64 + weight * 4 + 3
      editor.write(UInt64(editor.bytes[place] ^ 0x80), at: place, width: 1)
    }
    if mendsGolden {
      let content = Array(editor.bytes[weights])
      let golden = try #require(editor.section("GOLD"))
      editor.write(UInt64(espalier_crc32c(content, content.count)), at: golden.lowerBound + 16, width: 4)
    }
    editor.mendChecksums()
    return editor.bytes
  }

  /// SplitMix64 from 1234567 begins 6457827717110365317, 3203168211198807973, … in every implementation of it.
  @Test func `makes inputs by the specification`() throws {
    var builder = PlanBuilder()
    let (x, y) = (builder.input("x", shape: [5]), builder.output("y", shape: [5]))
    builder.copy(5, from: x, to: y)
    let model = try Model(bytes: PlanWriter.bytes(of: builder.plan))
    let golden = try model.recordGoldenVectors(
      seed: 1_234_567, inputs: [Plan.GoldenVectors.Input(least: -3, largest: 5)], rules: [Self.exact])
    let random: [UInt64] = [
      6_457_827_717_110_365_317, 3_203_168_211_198_807_973, 9_817_491_932_198_370_423,
      4_593_380_528_125_082_431, 16_408_922_859_458_223_821,
    ]
    let expected = random.map { (-3 + Float($0 >> 40) / 16_777_216 * 8).bitPattern }
    let output = golden.vectors[0].outputs[0]
    #expect(output.kept == expected)
    #expect(output.digest == expected.withUnsafeBytes { espalier_crc32c($0.baseAddress, $0.count) })
    #expect(output.magnitude == expected.map { abs(Float(bitPattern: $0)) }.max())
  }

  @Test func `finds a sound pack sound, on every instruction set with every number of threads`() throws {
    let found = try replays(PlanWriter.bytes(of: recorded(network.plan, [Self.near])))
    #expect(found.allSatisfy { $0.fault == nil && $0.level == 0 })
    let sets = InstructionSet.available(upTo: .best)
    #expect(sets.first == .scalar && sets.contains(.best))
    #expect(found.map(\.instructionSet) == sets.flatMap { [$0, $0, $0, $0] })
    #expect(found.map(\.threads) == sets.flatMap { _ in [1, 2, 3, 4] })
  }

  @Test func `gives the same vectors with any number of threads`() throws {
    let model = try Model(bytes: PlanWriter.bytes(of: network.plan))
    let inputs = [Plan.GoldenVectors.Input()]
    let one = try model.recordGoldenVectors(seed: 7, inputs: inputs, rules: [Self.near])
    #expect(try model.recordGoldenVectors(seed: 7, inputs: inputs, rules: [Self.near], threads: 3) == one)
    #expect(try model.recordGoldenVectors(seed: 8, inputs: inputs, rules: [Self.near]) != one)
  }

  @Test func `an altered weight is found though the file's checksums are mended`() throws {
    let bytes = try PlanWriter.bytes(of: recorded(network.plan, [Self.near]))
    #expect(throws: VerificationError.self) { try replays(altered(bytes, mendsGolden: false)) }
  }

  @Test func `an altered weight is found by the outputs, where every checksum is mended`() throws {
    let plan = try recorded(network.plan, [Self.near])
    let bytes = try PlanWriter.bytes(of: plan)
    let found = try replays(altered(bytes, mendsGolden: true), threads: 1...2)
    #expect(found.count == 2 * InstructionSet.available(upTo: .best).count)
    for replay in found {
      guard case .element(let output, let element, let expected, let wrong, let allowed) = replay.fault else {
        Issue.record("\(replay)")
        continue
      }
      let kept = try #require(plan.golden?.vectors[0].outputs[0])
      let places = kept.kept.indices.map {
        Plan.GoldenVectors.place($0, of: kept.kept.count, among: 9 * 20)
      }
      let index = try #require(places.firstIndex(of: element))
      #expect(output == 0 && expected == Float(bitPattern: kept.kept[index]))
      #expect(abs(expected - wrong) > allowed)
      #expect(allowed == (replay.instructionSet == .scalar ? 0 : 1e-4 * kept.magnitude))
    }
  }

  @Test func `a weight of one level is found in that level`() throws {
    var small = ResidualNetwork(rows: 9, channels: 20, seed: 2).plan
    small.multiplyAdds /= 2
    let plan = try recorded(Plan(levels: [network.plan, small]), [Self.near, Self.near])
    let bytes = try PlanWriter.bytes(of: plan)
    #expect(try replays(bytes).allSatisfy { $0.fault == nil })
    let found = try replays(altered(bytes, mendsGolden: true), threads: 1...1)
    #expect(found.filter { $0.level == 0 }.allSatisfy { $0.fault != nil })
    #expect(found.filter { $0.level == 1 }.allSatisfy { $0.fault == nil })
    #expect(found.map(\.level).contains(1))
  }

  @Test func `differences within the tolerance are right, others are wrong, and bits are bits`() throws {
    let plan = try recorded(network.plan, [Model.GoldenRule(isPortable: false, tolerance: 1e-3)])
    let magnitude = try #require(plan.golden).vectors[0].outputs[0].magnitude
    for (difference, isRight) in [(Float(0.5e-3), true), (2e-3, false)] {
      var other = plan
      let kept = Float(bitPattern: try #require(other.golden).vectors[0].outputs[0].kept[3])
      other.golden?.vectors[0].outputs[0].kept[3] = (kept + difference * magnitude).bitPattern
      let found = try replays(PlanWriter.bytes(of: other), threads: 1...1)
      #expect(found.allSatisfy { ($0.fault == nil) == isRight })
    }
    var exact = try recorded(network.plan, [Self.near])
    exact.golden?.vectors[0].outputs[0].digest ^= 1
    let found = try replays(PlanWriter.bytes(of: exact), threads: 1...1)
    #expect(found.map { $0.fault == nil } == found.map { $0.instructionSet != .scalar })
    var isDigest = false
    if case .digest(0, _, _) = found[0].fault { isDigest = true }
    #expect(isDigest)
  }

  @Test func `NaN is what it was`() throws {
    var builder = PlanBuilder()
    let (x, y) = (builder.input("x", shape: [100]), builder.output("y", shape: [100]))
    builder.apply(espalier_function_sqrt, 100, x, to: y)
    let plan = try recorded(builder.plan, [Self.near])
    #expect(try #require(plan.golden).vectors[0].outputs[0].kept.contains(Plan.GoldenVectors.canonicalNaN))
    #expect(try replays(PlanWriter.bytes(of: plan)).allSatisfy { $0.fault == nil })
  }

  @Test func `a pack without vectors has nothing to replay`() throws {
    #expect(try replays(PlanWriter.bytes(of: network.plan)).isEmpty)
  }

  @Test func `bytes that changed after they were loaded are found`() throws {
    let bytes = try PlanWriter.bytes(of: recorded(network.plan, [Self.near]))
    let memory = UnsafeMutableRawBufferPointer.allocate(byteCount: bytes.count, alignment: 64)
    defer { memory.deallocate() }
    memory.copyBytes(from: bytes)
    let model = try Model(borrowing: UnsafeRawBufferPointer(memory))
    try model.verify(threads: 1...1) { #expect($0.fault == nil) }
    memory[bytes.count - 1] ^= 1
    #expect(throws: VerificationError.self) { try model.verify(threads: 1...1) { _ in } }
  }

  @Test func `more threads than a session may have are refused`() throws {
    let model = try Model(bytes: PlanWriter.bytes(of: recorded(network.plan, [Self.near])))
    #expect(throws: VerificationError.session(.threadCount(257, limit: 256))) {
      try model.verify(threads: 257...257) { _ in }
    }
  }
}
