import EspalierPlan
import EspalierRuntime
import PlanFixtures
import Testing

@Suite("Session") struct SessionTests {
  /// From rows that are fewer than threads to rows that every thread gets items of.
  @Test(arguments: [1, 7, 1000])
  func `computes what the definition says on any number of threads`(rows: Int) throws {
    let network = ResidualNetwork(rows: rows)
    let model = try Model(bytes: PlanWriter.bytes(of: network.plan))
    let input = network.input(seed: 1)
    let expected = network.output(for: input)
    for threads in 1...8 {
      var session = try Session(model, threads: threads)
      for _ in 0..<3 { #expect(try session.run([input]) == [expected]) }
    }
  }

  @Test func `computes the same from coded weights`() throws {
    let network = ResidualNetwork(rows: 300)
    let model = try Model(bytes: PlanWriter.bytes(of: network.plan, weights: .coded))
    #expect(model.fileByteCount < model.weightsByteCount)
    var session = try Session(model, threads: 2)
    let input = network.input(seed: 4)
    #expect(try session.run([input]) == [network.output(for: input)])
  }

  @Test(arguments: [InstructionSet.scalar, .avx2, .avx512])
  func `computes the same with a capped instruction set`(limit: InstructionSet) throws {
    let network = ResidualNetwork(rows: 300)
    let model = try Model(bytes: PlanWriter.bytes(of: network.plan))
    var session = try Session(model, threads: 2, limit: limit)
    let input = network.input(seed: 4)
    #expect(try session.run([input]) == [network.output(for: input)])
  }

  @Test func `takes spans of the right length`() throws {
    let network = ResidualNetwork(rows: 3)
    var session = try Session(Model(bytes: PlanWriter.bytes(of: network.plan)))
    let input = network.input(seed: 5)
    var output = [Float](repeating: 0, count: input.count)
    var room = output.mutableSpan
    try session.run(input.span, into: &room)
    #expect(output == network.output(for: input))
  }

  @Test func `refuses wrong numbers of buffers and elements before it runs`() throws {
    let network = ResidualNetwork(rows: 3)
    var session = try Session(Model(bytes: PlanWriter.bytes(of: network.plan)))
    #expect(throws: SessionError.portCount(.input, expected: 1, found: 0)) { try session.run([]) }
    #expect(throws: SessionError.elementCount(.input, index: 0, expected: 192, found: 2)) {
      try session.run([[1, 2]])
    }
    #expect(throws: SessionError.missingBuffer(.output, index: 0)) {
      let input: [Float] = [0]
      try input.withUnsafeBufferPointer { input in
        let inputs: [UnsafePointer<Float>?] = [input.baseAddress]
        let outputs: [UnsafeMutablePointer<Float>?] = [nil]
        try inputs.withUnsafeBufferPointer { inputs in
          try outputs.withUnsafeBufferPointer { try session.run(inputs: inputs, outputs: $0) }
        }
      }
    }
  }

  @Test(arguments: [0, -1, 257])
  func `refuses impossible numbers of threads`(threads: Int) throws {
    let model = try Model(bytes: PlanWriter.bytes(of: ResidualNetwork(rows: 1).plan))
    #expect(throws: SessionError.threadCount(threads, limit: 256)) {
      _ = try Session(model, threads: threads)
    }
  }
}
