import EspalierPlan
import PlanFixtures
import Testing

@Suite("A packed file") struct RoundTripTests {
  private let network = ResidualNetwork(rows: 40)

  @Test func `gives back the plan that it was made from`() throws {
    let bytes = try PlanWriter.bytes(of: network.plan)
    let packed = try PlanReader.read(bytes)
    #expect(Plan(packed, weightsFrom: bytes) == network.plan)
  }

  @Test func `gives back an empty plan`() throws {
    let empty = Plan(calls: [], inputs: [], outputs: [], weights: [], arenaByteCount: 0, multiplyAdds: 0)
    let bytes = try PlanWriter.bytes(of: empty)
    #expect(Plan(try PlanReader.read(bytes), weightsFrom: bytes) == empty)
  }

  @Test func `has the same bytes for the same plan`() throws {
    #expect(try PlanWriter.bytes(of: network.plan) == PlanWriter.bytes(of: network.plan))
  }

  @Test func `begins as the specification says`() throws {
    let bytes = try PlanWriter.bytes(of: network.plan)
    #expect(bytes[0..<8] == [0x89, 0x45, 0x53, 0x50, 0x0D, 0x0A, 0x1A, 0x0A])
    #expect(bytes[8..<16] == [1, 0, 0, 0, 1, 0, 0, 0])
    #expect(bytes[16..<24] == [5, 0, 0, 0, 224, 0, 0, 0])
    let count = UInt64(bytes.count)
    #expect(bytes[24..<32] == (0..<8).map { UInt8(truncatingIfNeeded: count >> (8 * $0)) }[...])
    #expect(bytes[64..<72] == [0x50, 0x4C, 0x41, 0x4E, 1, 0, 0, 0])
  }

  @Test func `lets the weights begin at a cache line`() throws {
    let packed = try PlanReader.read(PlanWriter.bytes(of: network.plan))
    #expect(packed.weights.lowerBound % 64 == 0)
    #expect(packed.weights.count == network.plan.weights.count)
  }

  @Test func `certifies what a frame needs`() throws {
    let certificate = try PlanReader.read(PlanWriter.bytes(of: network.plan)).certificate
    #expect(certificate.arenaByteCount == UInt64(4 * 40 * 64 * 4))
    #expect(certificate.multiplyAdds == UInt64(40 * 64 * 64))
    #expect(certificate.weightsByteCount == UInt64(network.plan.weights.count))
    #expect(certificate.checkpointMultiplyAdds > 0)
    #expect(certificate.checkpointMultiplyAdds <= certificate.multiplyAdds)
  }

  /// Twice the rows: the distance between two looks at the deadline must not grow with the frame.
  @Test func `keeps the distance between checkpoints bounded`() throws {
    let large = try PlanWriter.certificate(of: ResidualNetwork(rows: 20_000).plan)
    let larger = try PlanWriter.certificate(of: ResidualNetwork(rows: 40_000).plan)
    #expect(large.checkpointMultiplyAdds < 1 << 21)
    #expect(larger.checkpointMultiplyAdds < 1 << 21)
  }
}
