import CEspalierKernels
public import EspalierPlan

/// `y = 2 (relu(x W + b) + x)` over rows of `channels`, with whole numbers so small that float32 is exact
/// in any order of summation.
public struct ResidualNetwork: Sendable {
  public let rows: Int
  public let plan: Plan
  private let filters: [[Float]]
  private let bias: [Float]
  private let channels: Int

  public init(rows: Int, channels: Int = 64, seed: UInt64 = 1) {
    var random = SeededGenerator(seed: seed)
    self.channels = channels
    filters = (0..<channels).map { _ in
      (0..<channels).map { _ in Float(Int.random(in: -3...3, using: &random)) }
    }
    bias = (0..<channels).map { _ in Float(Int.random(in: -9...9, using: &random)) }
    self.rows = rows
    plan = Self.makePlan(rows: rows, filters: filters, bias: bias)
  }

  private static func makePlan(rows: Int, filters: [[Float]], bias: [Float]) -> Plan {
    let channels = bias.count
    let count = rows * channels
    var builder = PlanBuilder()
    let x = builder.input("x", shape: [rows, channels])
    let y = builder.output("y", shape: [rows, channels])
    let (copied, convolved) = (builder.arena(count), builder.arena(count))
    let (sum, two) = (builder.arena(count), builder.arena(count))
    builder.copy(count, from: x, to: copied)
    builder.pointwise(
      pixels: rows, channels: channels, outputs: channels, weights: filters, bias: bias, from: copied,
      to: convolved)
    builder.fill(count, with: 2, to: two)
    builder.combine(espalier_binary_add, count, convolved, x, to: sum)
    builder.combine(espalier_binary_multiply, count, sum, two, to: y)
    var plan = builder.plan
    plan.calls[2].needsBarrier = false
    plan.provenance = [
      Plan.Provenance(key: "source-sha256", value: "0123"), Plan.Provenance(key: "options", value: ""),
    ]
    return plan
  }

  /// Whole numbers from -4 to 4.
  public func input(seed: UInt64) -> [Float] {
    var random = SeededGenerator(seed: seed)
    return (0..<rows * channels).map { _ in Float(Int.random(in: -4...4, using: &random)) }
  }

  /// The result by the definition.
  public func output(for input: [Float]) -> [Float] {
    var output = input
    for row in 0..<rows {
      let x = input[row * channels..<(row + 1) * channels]
      for m in 0..<channels {
        let dot = zip(filters[m], x).reduce(bias[m]) { $0 + $1.0 * $1.1 }
        output[row * channels + m] = 2 * (max(0, dot) + input[row * channels + m])
      }
    }
    return output
  }
}

/// SplitMix64 (Steele, Lea and Flood 2014): the same numbers everywhere for one seed.
public struct SeededGenerator: RandomNumberGenerator, Sendable {
  private var state: UInt64

  public init(seed: UInt64) { state = seed }

  public mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var mixed = state
    mixed = (mixed ^ mixed >> 30) &* 0xBF58_476D_1CE4_E5B9
    mixed = (mixed ^ mixed >> 27) &* 0x94D0_49BB_1331_11EB
    return mixed ^ mixed >> 31
  }
}
