import CEspalierKernels
import EspalierPlan
import EspalierRuntime
import PlanFixtures
import Testing

@Suite("Worker threads", .serialized) struct PoolTests {
  /// Shared and small calls in turn: `y = ((x + x) + s) + s …` with one small call between any two large
  /// ones, so that barriers are left out and made up for.
  private static func alternatingPlan(count: Int, rounds: Int) -> Plan {
    var builder = PlanBuilder()
    let x = builder.input("x", shape: [count])
    let y = builder.output("y", shape: [count])
    let small = builder.arena(16)
    let (first, second) = (builder.arena(count), builder.arena(count))
    builder.copy(16, from: x, to: small)
    builder.copy(count, from: x, to: first)
    for _ in 0..<rounds {
      builder.combine(espalier_binary_add, 16, small, small, to: small)
      builder.copy(16, from: small, to: first)
      builder.combine(espalier_binary_add, count, first, x, to: second)
      builder.copy(16, from: second, to: small)
      builder.copy(count, from: second, to: first)
    }
    builder.copy(count, from: first, to: y)
    return builder.plan
  }

  /// The same by the definition.
  private static func alternatingResult(_ x: [Float], rounds: Int) -> [Float] {
    var small = Array(x[..<16])
    var first = x
    for _ in 0..<rounds {
      small = small.map { $0 + $0 }
      first.replaceSubrange(..<16, with: small)
      first = zip(first, x).map { $0 + $1 }
      small = Array(first[..<16])
    }
    return first
  }

  /// 16 threads on whatever cores there are, frames in quick succession and after pauses.
  @Test(arguments: [2, 3, 16])
  func `order small and shared calls as the plan says`(threads: Int) throws {
    let count = 80_000
    let model = try Model(bytes: PlanWriter.bytes(of: Self.alternatingPlan(count: count, rounds: 6)))
    let x = (0..<count).map { Float($0 % 97) }
    let expected = Self.alternatingResult(x, rounds: 6)
    var policy = ThreadPolicy()
    for spin in [0, 50, 2000] {
      policy.spinBetweenFramesInMicroseconds = spin
      var session = try Session(model, threads: threads, policy: policy)
      for _ in 0..<10 { #expect(try session.run([x]) == [expected]) }
    }
  }

  @Test func `serve several sessions of one model at once`() async throws {
    let network = ResidualNetwork(rows: 600)
    let model = try Model(bytes: PlanWriter.bytes(of: network.plan))
    let input = network.input(seed: 2)
    let expected = network.output(for: input)
    try await withThrowingTaskGroup(of: Bool.self) { group in
      for _ in 0..<3 {
        group.addTask {
          var session = try Session(model, threads: 2)
          for _ in 0..<20 where try session.run([input]) != [expected] { return false }
          return true
        }
      }
      for try await agrees in group { #expect(agrees) }
    }
  }

  @Test func `run pinned to a core`() throws {
    let network = ResidualNetwork(rows: 600)
    var policy = ThreadPolicy()
    policy.cores = [0]
    var session = try Session(
      Model(bytes: PlanWriter.bytes(of: network.plan)), threads: 3, policy: policy)
    let input = network.input(seed: 2)
    #expect(try session.run([input]) == [network.output(for: input)])
  }

  @Test func `are refused on a core that does not exist`() throws {
    var policy = ThreadPolicy()
    policy.cores = [1000]
    let model = try Model(bytes: PlanWriter.bytes(of: ResidualNetwork(rows: 1).plan))
    #expect(throws: SessionError.self) { _ = try Session(model, threads: 2, policy: policy) }
  }

  @Test func `leave the caller's floating-point mode alone`() throws {
    let network = ResidualNetwork(rows: 600)
    var session = try Session(Model(bytes: PlanWriter.bytes(of: network.plan)), threads: 2)
    _ = try session.run([network.input(seed: 3)])
    let smallest = Float.leastNormalMagnitude
    #expect(smallest / 2 > 0)
  }

  /// Subnormal numbers cost a hundred times as much on some processors; they count as zero.
  @Test(arguments: 1...3)
  func `flush subnormal numbers on every thread`(threads: Int) throws {
    let count = 80_000
    var builder = PlanBuilder()
    let x = builder.input("x", shape: [count])
    let y = builder.output("y", shape: [count])
    builder.combine(espalier_binary_add, count, x, x, to: y)
    var session = try Session(Model(bytes: PlanWriter.bytes(of: builder.plan)), threads: threads)
    let output = try session.run([[Float](repeating: Float.leastNonzeroMagnitude, count: count)])
    #expect(output == [[Float](repeating: 0, count: count)])
  }
}
