import EspalierGraph
import EspalierKernels
import EspalierObserve
import EspalierOperators
import EspalierPlan
import Testing

@testable import EspalierPasses

@Suite("Proving that sums fit 16 bits") struct OverflowProofTests {
  struct Filters: CustomStringConvertible {
    var shape: Shape
    var groups = 1

    var description: String { "\(shape) in \(groups) groups" }
  }

  static let filters = [
    Filters(shape: [20, 3, 3, 3]), Filters(shape: [16, 12, 3, 3]), Filters(shape: [7, 37, 1, 1]),
    Filters(shape: [32, 16, 5, 5]), Filters(shape: [24, 6, 3, 3], groups: 4),
    Filters(shape: [8, 3, 3, 3], groups: 4), Filters(shape: [64, 2, 1, 1], groups: 32),
    Filters(shape: [12, 1, 3, 3], groups: 12), Filters(shape: [6, 1, 5, 5], groups: 6),
    Filters(shape: [10, 50, 1, 1]),
  ]

  /// Elements of all groups, quantized with what proves them safe.
  private func quantized(_ filters: Filters, for sums: ByteSums, seed: UInt64) -> [Int8] {
    let weights = Tensor.random(TensorType(.float32, filters.shape), seed: seed).floats
    let size = filters.shape.dropFirst().reduce(1, *)
    let perGroup = filters.shape[0] / filters.groups
    return (0..<filters.groups).flatMap { group in
      let own = Array(weights[group * perGroup * size..<(group + 1) * perGroup * size])
      // Weights that lie apart, as trained ones do.
      let cubes = own.map { $0 * $0 * $0 }
      let found = WeightQuantizer().quantize(
        cubes, outputs: perGroup, importance: [Float](repeating: 1, count: size),
        proof: OverflowProof(of: sums, shape: filters.shape, groups: filters.groups, group: group))
      return found.elements.map(Int8.init)
    }
  }

  /// Whatever the distance between pixels, which decides whether taps are one run.
  @Test(arguments: filters, [ByteSums.pairs, .fours])
  func `makes every panel safe for so many products at once`(
    filters: Filters, sums: ByteSums
  ) {
    let merging = ConvGemm.groupsToMerge(
      groups: filters.groups, outputChannelsPerGroup: filters.shape[0] / filters.groups)
    for seed: UInt64 in 1...3 {
      let weights = quantized(filters, for: sums, seed: seed)
      #expect(weights.contains { abs(Int($0)) > 40 })
      for pixel in [4, 8, 12, 16, 20, 24, 32, 40, 52, 56, 64] {
        let packing = ByteConvGemm.Packing(
          shape: filters.shape, groups: filters.groups, merging: merging,
          tapSteps: (row: 1_000, column: pixel))
        #expect(
          packing.sums(of: packing.panels(of: weights)).allSatisfy { $0.rawValue >= sums.rawValue },
          "\(pixel)")
      }
      guard filters.shape[1] == 1 else { continue }
      let (height, width) = (filters.shape[2], filters.shape[3])
      let packed = ByteConvDepthwise.packFilters(
        weights, channels: filters.groups, kernelHeight: height, kernelWidth: width)
      #expect(ByteConvDepthwise.pairsFit(packed))
      // The second row of outputs meets rows 1 and 2 of the filter as a pair.
      for filter in stride(from: 0, to: weights.count, by: height * width) {
        for (a, b) in zip(weights[filter...].prefix(height * width - width), weights[(filter + width)...]) {
          #expect(abs(Int(a) + Int(b)) <= 128)
        }
      }
    }
  }

  @Test func `leaves weights alone whose lanes are safe, and their range`() {
    let weights: [Float] = [127, 1, 30, -90, 0, -38, 60, 38].map { $0 * 0.5 }
    let found = WeightQuantizer().quantize(
      weights, outputs: 1, importance: [Float](repeating: 1, count: 8),
      proof: OverflowProof(shape: [1, 8, 1, 1], groups: 1, group: 0))
    #expect(found.scales == [0.5])
    #expect(found.elements == [127, 1, 30, -90, 0, -38, 60, 38])
  }

  /// Taps 0, 1, 4 and 5 are a lane of two quads; only the weight that counts least is lowered.
  @Test func `lowers only weights of lanes that are not safe`() {
    let weights: [Float] = [127, 1, 100, 27, 1, 0, 0, -100]
    var importance = [Float](repeating: 1, count: 8)
    importance[4] = 0.001
    let found = WeightQuantizer().quantize(
      weights, outputs: 1, importance: importance,
      proof: OverflowProof(shape: [1, 8, 1, 1], groups: 1, group: 0))
    #expect(found.scales == [1])
    #expect(found.elements == [127, 1, 100, 27, 0, 0, 0, -100])
  }

  /// Four equal weights share 128; cutting one off would cost more than a larger scale.
  @Test func `takes a larger scale where that costs less`() {
    let found = WeightQuantizer().quantize(
      [Float](repeating: 3, count: 8), outputs: 1, importance: [Float](repeating: 1, count: 8),
      proof: OverflowProof(shape: [1, 8, 1, 1], groups: 1, group: 0))
    #expect(Set(found.elements).count == 1)
    #expect(found.elements[0] <= 32)
    #expect(abs(Float(found.elements[0]) * found.scales[0] - 3) < 1e-5)
  }
}
