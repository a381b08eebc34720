import Testing

@testable import espalier

@Suite("Early stopping") struct EarlyStoppingTests {
  /// MLPerf Inference's tables: frames for 0, 1, 3 and 8 discards.
  @Test(arguments: [
    (0.99, [662, 838, 1157, 1874]), (0.999, [6636, 8403, 11601, 18779]), (0.9, [64]), (0.5, [11]),
  ])
  func `needs as many frames as the tables say`(fraction: Double, counts: [Int]) {
    let found = zip([0, 1, 3, 8], counts).map { EarlyStopping.framesNeeded(for: fraction, discards: $0.0) }
    #expect(found == counts)
  }

  /// Where decisions fall in a row of frames, some of which are late.
  private func decision(
    _ fraction: Double, late: Set<Int>, most: Int = 20_000
  ) -> (frames: Int, EarlyStopping.Outcome?) {
    var judge = EarlyStopping(fraction: fraction, limit: 10)
    while judge.decision == nil, judge.frames < most { judge.add(late.contains(judge.frames) ? 10.01 : 10) }
    return (judge.frames, judge.decision)
  }

  @Test(
    arguments: [
      (0.99, [], 662), (0.99, [0], 838), (0.99, [5, 100, 661], 1157), (0.999, [], 6636),
      (0.999, [6000], 8403), (0.999, [1, 2, 3], 11601), (0.99, [661], 838), (0.99, [662], 662),
    ] as [(Double, Set<Int>, Int)])
  func `stops at the frame that decides that the limit is kept`(fraction: Double, late: Set<Int>, frames: Int)
  {
    let found = decision(fraction, late: late)
    #expect(found.frames == frames)
    #expect(found.1 == .met)
  }

  @Test func `stops early where far too many are late`() {
    let found = decision(0.99, late: Set(0..<100))
    #expect(found.frames == 7)
    #expect(found.1 == .missed)
  }

  /// P(Binomial(651, 0.01) ≥ 7) = 0.48 by the definition: seven of 700 are no proof of a miss.
  @Test func `gives up without a verdict where a few too many are late`() {
    let found = decision(0.99, late: Set(stride(from: 50, to: 661, by: 100)))
    #expect(found.frames == 651)
    #expect(found.1 == .undecided)
  }

  /// The chance that somebody who is exactly at the limit passes, asked after every frame: a recursion over frames.
  @Test(arguments: [0.9, 0.99]) func `passes who is at the limit less than once in a hundred`(
    fraction: Double
  ) {
    let needed = (0...EarlyStopping.mostDiscards).map {
      EarlyStopping.framesNeeded(for: fraction, discards: $0)
    }
    var chances = [1.0] + [Double](repeating: 0, count: EarlyStopping.mostDiscards)
    var passed = 0.0
    for frame in 1...needed[EarlyStopping.mostDiscards] {
      var next = chances.map { $0 * fraction }
      for late in 1..<chances.count { next[late] += chances[late - 1] * (1 - fraction) }
      for late in chances.indices where frame >= needed[late] {
        passed += next[late]
        next[late] = 0
      }
      chances = next
    }
    #expect(passed < 0.01)
    #expect(passed > 0.005)
  }

  @Test func `judges a number of frames that somebody else chose`() throws {
    let bar = try #require(ServiceLevel(argument: "10ms@p99"))
    func outcome(_ count: Int, late: Int) -> EarlyStopping.Outcome {
      bar.verdict((0..<count).map { $0 < late ? 11 : 9 }).outcome
    }
    #expect(outcome(661, late: 0) == .undecided)
    #expect(outcome(662, late: 0) == .met)
    #expect(outcome(662, late: 1) == .undecided)
    // P(Binomial(2000, 0.01) ≤ 9) = 0.0049, ≤ 10 0.0106; ≥ 31 0.0131, ≥ 32 0.0078, by the definition.
    #expect(outcome(2000, late: 8) == .met)
    #expect(outcome(2000, late: 9) == .undecided)
    #expect(outcome(2000, late: 31) == .undecided)
    #expect(outcome(2000, late: 32) == .missed)
  }
}
