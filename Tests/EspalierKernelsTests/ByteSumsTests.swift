import EspalierKernels
import Testing

/// VPMADDUBSW: two products of bytes with signed bytes, added with saturation.
private func multipliedAndAdded(_ x: [UInt8], _ w: [Int8]) -> Int16 {
  Int16(clamping: Int(x[0]) * Int(w[0]) + Int(x[1]) * Int(w[1]))
}

/// Weights of one lane, in order, around all that decides: what reaches ±128, and what goes one beyond.
private let lanes: [[Int8]] = [
  [64, 64, 0, 0], [65, 64, 0, 0], [127, 1, 0, 0], [127, 2, 0, 0], [127, 127, 0, 0], [-127, -127, 0, 0],
  [-64, -64, 0, 0], [-65, -64, 0, 0], [-128, 0, 0, 0], [-128, -1, 0, 0], [127, -128, 1, 0],
  [-128, 127, 0, 1],
  [127, -128, 0, -1], [32, 32, 32, 32], [33, 32, 32, 32], [-32, -32, -32, -32], [-32, -33, -32, -32],
  [64, 0, 0, 64], [64, 0, 0, 65], [127, -127, -1, 1], [127, -127, -2, 1], [127, -127, -1, 2], [0, 0, 127, 2],
  [127, 0, 0, 127], [127, 0, 0, -127], [0, 0, 0, 0],
]

@Suite("16-bit sums of products") struct ByteSumsTests {
  /// A panel of one run whose 16 channels all hold `weights`.
  private func panel(_ weights: [Int8]) -> [Int8] {
    stride(from: 0, to: weights.count, by: 4).flatMap { quad in
      (0..<16).flatMap { _ in weights[quad..<quad + 4] }
    }
  }

  private func packing(channels: Int) -> ByteConvGemm.Packing {
    ByteConvGemm.Packing(
      shape: [16, channels, 1, 1], groups: 1, merging: 1, tapSteps: (row: 0, column: channels))
  }

  /// Sums as the instructions make them: two products with saturation, two such sums wrapping, then 32 bits.
  private func sum(_ x: [UInt8], _ w: [Int8], _ sums: ByteSums) -> Int32 {
    var (sum, k) = (Int32(0), 0)
    while k < w.count {
      let quads = sums == .fours && k + 4 < w.count ? 2 : 1
      for tap in [0, 2] {
        var words = Int16(0)
        for quad in 0..<quads {
          let at = k + 4 * quad + tap
          words &+= multipliedAndAdded(Array(x[at...at + 1]), Array(w[at...at + 1]))
        }
        sum += Int32(words)
      }
      k += 4 * quads
    }
    return sum
  }

  /// Bytes that make sums large: 255 at positive weights, at negative ones, everywhere; and any.
  private func inputs(_ w: [Int8], using generator: inout SeededGenerator) -> [[UInt8]] {
    [
      w.map { $0 > 0 ? 255 : 0 }, w.map { $0 < 0 ? 255 : 0 }, w.map { _ in 255 }, generator.bytes(w.count),
      w.map { _ in generator.pick([0, 255]) },
    ]
  }

  private func isExact(_ w: [Int8], _ sums: ByteSums, using generator: inout SeededGenerator) -> Bool {
    inputs(w, using: &generator).allSatisfy { x in
      sum(x, w, sums) == zip(x, w).reduce(Int32(0)) { $0 + Int32($1.0) * Int32($1.1) }
    }
  }

  @Test func `are exact where they are proved, and not beyond`() {
    var generator = SeededGenerator(state: 21)
    for lane in lanes {
      for tap in [0, 2] {
        var weights = [Int8](repeating: 0, count: 8)
        (weights[tap], weights[tap + 1], weights[tap + 4], weights[tap + 5]) = (
          lane[0], lane[1], lane[2], lane[3]
        )
        let proved = packing(channels: 8).sums(of: panel(weights))[0]
        for sums in [ByteSums.pairs, .fours] {
          let exact = isExact(weights, sums, using: &generator)
          #expect(exact == (sums.rawValue <= proved.rawValue), "\(lane) \(sums)")
        }
      }
    }
  }

  @Test(arguments: [4, 8, 12, 20, 64], [127, 90, 64, 48, 33, 32, 31])
  func `are exact of random weights where they are proved`(channels: Int, most: Int8) {
    var generator = SeededGenerator(state: UInt64(channels) * 1_000 + UInt64(most))
    for _ in 0..<20 {
      let w = (0..<channels).map { _ in
        Bool.random(using: &generator) ? Int8.random(in: -most...most, using: &generator) : most
      }
      let packed = panel(w)
      let proved = packing(channels: channels).sums(of: packed)[0]
      #expect(proved == provedSums(packed[...], runLength: channels))
      for sums in [ByteSums.pairs, .fours] where sums.rawValue <= proved.rawValue {
        #expect(isExact(w, sums, using: &generator))
      }
    }
  }

  /// 3 panels of 12 channels in 3x3 taps, whose rows are one run each or not.
  @Test(arguments: [12, 16]) func `are proved panel by panel`(pixel: Int) {
    var generator = SeededGenerator(state: 23)
    let packing = ByteConvGemm.Packing(
      shape: [48, 12, 3, 3], groups: 1, merging: 1, tapSteps: (row: 10 * pixel, column: pixel))
    let kinds = [ByteValues.foursFit, .any, .pairsFit]
    let panels = packing.panels(
      of: kinds.flatMap { $0.weights(16 * 12 * 9, using: &generator) })
    let size = panels.count / 3
    let expected = (0..<3).map {
      provedSums(panels[$0 * size..<($0 + 1) * size], runLength: packing.runLength)
    }
    #expect(packing.sums(of: panels) == expected)
    #expect(expected[0] == .fours && expected[1] == .words)
  }

  /// A weight of 1 at each position in turn: its lane is where the packed panels say that it is added to others.
  @Test(arguments: [(4, 8, 1), (1, 6, 3), (8, 24, 3), (2, 10, 3)])
  func `name the weights of a filter that are added together`(groups: Int, inputs: Int, kernel: Int) {
    let channels = inputs / groups
    let merging = ConvGemm.groupsToMerge(groups: groups, outputChannelsPerGroup: 2)
    let packing = ByteConvGemm.Packing(
      shape: [2 * groups, channels, kernel, kernel], groups: groups, merging: merging,
      tapSteps: (row: 8 * inputs, column: inputs))
    let count = channels * kernel * kernel
    for sums in [ByteSums.pairs, .fours] {
      for member in 0..<merging {
        let lanes = packing.lanes(of: sums, member: member)
        for (a, b) in [(0, 1), (0, count - 1), (1, 2), (count / 2, count / 2 + 1), (0, min(4, count - 1))]
        where a < b && b < count {
          var weights = [Int8](repeating: 0, count: 2 * groups * count)
          (weights[2 * member * count + a], weights[2 * member * count + b]) = (100, 100)
          let added = packing.sums(of: packing.panels(of: weights)).contains { $0.rawValue < sums.rawValue }
          #expect(lanes.contains { $0.contains(a) && $0.contains(b) } == added, "\(sums) \(member) \(a) \(b)")
        }
      }
    }
  }
}
