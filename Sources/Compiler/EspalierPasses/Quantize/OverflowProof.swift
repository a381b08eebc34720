internal import EspalierGraph
internal import EspalierKernels
internal import EspalierOperators

/// Which instructions the sums of products shall be safe for.
public enum InstructionClass: String, Sendable, CaseIterable {
  /// Those that add four products in 32 bits: weights keep their whole range.
  case vnni
  /// Those that add products in 16 bits, four at once: where weights are not proved safe, kernels are half as fast.
  case avx2
  /// The same, but two at once: nearly the whole range, and four fifths of the speed.
  case avx2Pairs = "avx2-pairs"

  /// What must be proved of weights.
  var sums: ByteSums {
    switch self {
    case .vnni: .words
    case .avx2: .fours
    case .avx2Pairs: .pairs
    }
  }
}

/// What proves that the sums of a filter's products cannot overflow 16 bits: the weights that are added there, lane
/// by lane.
///
/// Source: a lane is safe for all bytes where its positive weights, and its negative ones, add up to 128 at most
/// (`ByteSums`). Zero points do not matter, since they are taken out of the sum in 32 bits.
struct OverflowProof: Sendable {
  /// Weights of a filter by their positions in it.
  let lanes: [[Int]]
  /// The lanes of each weight.
  private let lanesOfWeight: [[Int]]

  init(lanes: [[Int]], weights: Int) {
    var unique: [[Int]] = []
    var seen: Set<[Int]> = []
    for lane in lanes where seen.insert(lane).inserted { unique.append(lane) }
    self.lanes = unique
    var lanesOfWeight = [[Int]](repeating: [], count: weights)
    for (index, lane) in unique.enumerated() {
      for weight in lane { lanesOfWeight[weight].append(index) }
    }
    self.lanesOfWeight = lanesOfWeight
  }

  /// No lanes: nothing to prove.
  static let nothing = OverflowProof(lanes: [], weights: 0)

  var isEmpty: Bool { lanes.isEmpty }

  /// What proves four products at once or pairs; of a filter with one channel, pairs.
  ///
  /// Whether taps of a row are one run is decided where tensors get their places: this holds for both.
  ///
  /// - Parameters:
  ///   - sums: Not `words`, of which there is nothing to prove.
  ///   - shape: Of the filters, `[M, C / groups, KH, KW]`.
  ///   - group: Whose filters.
  init(of sums: ByteSums = .fours, shape: Shape, groups: Int, group: Int) {
    let weights = shape.dropFirst().reduce(1, *)
    let merging = ConvGemm.groupsToMerge(groups: groups, outputChannelsPerGroup: shape[0] / groups)
    let length = (shape[1] * merging + 3) / 4 * 4
    var lanes = [length, length + 4].flatMap { column in
      ByteConvGemm.Packing(
        shape: shape, groups: groups, merging: merging, tapSteps: (row: 1 << 20, column: column)
      ).lanes(of: sums, member: group % merging)
    }
    if shape[1] == 1 {
      lanes += ByteConvDepthwise.lanes(kernelHeight: shape[2], kernelWidth: shape[3])
    }
    self.init(lanes: lanes, weights: weights)
  }

  /// Whether all lanes of a filter are safe.
  func holds(of elements: some RandomAccessCollection<Int64>) -> Bool {
    var sums = LaneSums(self)
    for (weight, element) in elements.enumerated() { sums.replace(weight, 0, by: Float(element)) }
    return sums.areSafe
  }

  /// The largest sum of a lane under a scale, over what it may be: above 1 the scale is too small for some lane.
  func excess(of weights: some RandomAccessCollection<Float>, scale: Float) -> Float {
    var sums = LaneSums(self)
    for (weight, value) in weights.enumerated() { sums.replace(weight, 0, by: value / scale) }
    return sums.largest / LaneSums.limit
  }

  /// Brings elements nearer to 0, one step after another where it costs least, until every lane is safe.
  ///
  /// - Parameters:
  ///   - exact: What the elements stand for.
  ///   - importance: What the square of a difference to them counts.
  func lower(_ elements: inout [Float], exact: [Float], importance: [Float]) {
    var sums = LaneSums(self)
    for (weight, element) in elements.enumerated() { sums.replace(weight, 0, by: element) }
    sums.lower(&elements, exact: exact, importance: importance)
  }

  /// The lanes that a weight belongs to.
  fileprivate func lanes(of weight: Int) -> [Int] { isEmpty ? [] : lanesOfWeight[weight] }
}

/// The sums of a filter's lanes while its elements are being chosen.
struct LaneSums {
  fileprivate static let limit = Float(ByteSums.limit)
  private let proof: OverflowProof
  private var highest: [Float]
  private var lowest: [Float]

  /// Of elements that are all 0.
  init(_ proof: OverflowProof) {
    self.proof = proof
    highest = [Float](repeating: 0, count: proof.lanes.count)
    lowest = highest
  }

  var areSafe: Bool { largest <= Self.limit }

  fileprivate var largest: Float { max(highest.max() ?? 0, -(lowest.min() ?? 0)) }

  mutating func replace(_ weight: Int, _ old: Float, by new: Float) {
    for lane in proof.lanes(of: weight) {
      highest[lane] += max(new, 0) - max(old, 0)
      lowest[lane] += min(new, 0) - min(old, 0)
    }
  }

  /// What a weight that is 0 now may become: 0 in any case.
  func room(of weight: Int) -> (least: Float, most: Float) {
    var (least, most) = (-Float.infinity, Float.infinity)
    for lane in proof.lanes(of: weight) {
      most = min(most, Self.limit - highest[lane])
      least = max(least, -Self.limit - lowest[lane])
    }
    return (min(least, 0), max(most, 0))
  }

  fileprivate mutating func lower(_ elements: inout [Float], exact: [Float], importance: [Float]) {
    for lane in proof.lanes.indices {
      while highest[lane] > Self.limit { step(down: true, proof.lanes[lane], &elements, exact, importance) }
      while lowest[lane] < -Self.limit { step(down: false, proof.lanes[lane], &elements, exact, importance) }
    }
  }

  private mutating func step(
    down: Bool, _ lane: [Int], _ elements: inout [Float], _ exact: [Float], _ importance: [Float]
  ) {
    let change: Float = down ? -1 : 1
    var (best, least) = (lane[0], Float.infinity)
    for weight in lane where elements[weight] * change < 0 {
      let cost = importance[weight] * (1 + 2 * change * (elements[weight] - exact[weight]))
      if cost < least { (best, least) = (weight, cost) }
    }
    replace(best, elements[best], by: elements[best] + change)
    elements[best] += change
  }
}
