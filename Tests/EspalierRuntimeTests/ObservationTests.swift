import CEspalierKernels
import EspalierPlan
import EspalierRuntime
import PlanFixtures
import Testing

@Suite("Watching a frame") struct ObservationTests {
  private let network = ResidualNetwork(rows: 600)

  @Test func `measures every call`() throws {
    var session = try Session(Model(bytes: PlanWriter.bytes(of: network.plan)), threads: 2)
    let timings = UnsafeMutableBufferPointer<UInt64>.allocate(capacity: network.plan.calls.count)
    timings.initialize(repeating: 0)
    defer { timings.deallocate() }
    let output = try run(network.input(seed: 1)) { inputs, outputs in
      try session.run(inputs: inputs, outputs: outputs, timings: timings)
    }
    #expect(output == network.output(for: network.input(seed: 1)))
    #expect(timings.allSatisfy { $0 > 0 && $0 < 60_000_000_000 })
  }

  @Test(arguments: [1, 2]) func `measures how long the calling thread waits for others`(threads: Int) throws {
    var session = try Session(Model(bytes: PlanWriter.bytes(of: network.plan)), threads: threads)
    let count = network.plan.calls.count
    var timings = [UInt64](repeating: .max, count: count + 3)
    _ = try timings.withUnsafeMutableBufferPointer { timings in
      try run(network.input(seed: 1)) { inputs, outputs in
        try session.run(inputs: inputs, outputs: outputs, timings: timings)
      }
    }
    #expect(timings[count] + timings[count + 1] <= timings[..<count].reduce(0, +))
    #expect(threads == 1 ? timings[count...].prefix(2) == [0, 0] : timings[count + 1] > 0)
    #expect(timings[count + 2] == .max)
  }

  @Test func `refuses room for fewer calls than there are`() throws {
    var session = try Session(Model(bytes: PlanWriter.bytes(of: network.plan)))
    var room: [UInt64] = [0]
    #expect(throws: SessionError.timingCount(expected: 5, found: 1)) {
      try room.withUnsafeMutableBufferPointer { timings in
        _ = try run(network.input(seed: 1)) { inputs, outputs in
          try session.run(inputs: inputs, outputs: outputs, timings: timings)
        }
      }
    }
  }

  @Test func `shows the arena after each call`() throws {
    let input = network.input(seed: 2)
    let model = try Model(bytes: PlanWriter.bytes(of: network.plan))
    var session = try Session(model, threads: 2)
    let copied = Int(network.plan.calls[0].operands[1].offset)
    var seen: [[Float]?] = []
    let output = try run(input) { inputs, outputs in
      try session.run(inputs: inputs, outputs: outputs) { _, arena in
        seen.append(arena.elements(offset: copied, extents: [2, 3], strides: [64, 1]))
      }
    }
    #expect(output == network.output(for: input))
    let corner = [input[0], input[1], input[2], input[64], input[65], input[66]]
    #expect(seen == [[Float]?](repeating: corner, count: 5))
  }

  @Test func `shows nothing outside the arena`() throws {
    var session = try Session(Model(bytes: PlanWriter.bytes(of: network.plan)))
    var seen: [[Float]?] = []
    _ = try run(network.input(seed: 2)) { inputs, outputs in
      try session.run(inputs: inputs, outputs: outputs) { _, arena in
        seen.append(arena.elements(offset: arena.byteCount - 4, extents: [2], strides: [1]))
        seen.append(arena.elements(offset: 0, extents: [2], strides: [-1]))
      }
    }
    #expect(seen.allSatisfy { $0 == nil })
  }

  private func run(
    _ input: [Float],
    _ body: (
      UnsafeBufferPointer<UnsafePointer<Float>?>, UnsafeBufferPointer<UnsafeMutablePointer<Float>?>
    ) throws -> Void
  ) throws -> [Float] {
    var output = [Float](repeating: 0, count: input.count)
    try input.withUnsafeBufferPointer { input in
      try output.withUnsafeMutableBufferPointer { output in
        try [input.baseAddress].withUnsafeBufferPointer { inputs in
          try [output.baseAddress].withUnsafeBufferPointer { try body(inputs, $0) }
        }
      }
    }
    return output
  }
}
