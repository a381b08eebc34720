internal import EspalierMedia
internal import EspalierObserve
internal import Foundation

/// What a tensor showed over some frames, as JSON holds it.
struct CalibratedTensor: Codable {
  let name: String
  /// Elements of a frame.
  let elements: Int
  /// Of each channel the least and the largest element, in float32.
  let ranges: Data
  /// Of each channel the numbers whose exact sum is that of its elements, and how many these are; likewise of squares.
  let sums: Data
  let sumCounts: Data
  let squares: Data
  let squareCounts: Data

  init(_ name: String, _ statistics: TensorStatistics) {
    (self.name, elements) = (name, statistics.elementCount)
    ranges = PackedNumbers.data(
      zip(statistics.channelLeast, statistics.channelLargest).flatMap { [$0, $1] })
    (sums, sumCounts) = Self.packed(statistics.channelSums)
    (squares, squareCounts) = Self.packed(statistics.channelSquareSums)
  }

  private static func packed(_ sums: [ExactSum]) -> (Data, Data) {
    let parts = sums.map(\.canonicalParts)
    return (PackedNumbers.data(parts.flatMap { $0 }), Data(parts.map { UInt8($0.count) }))
  }

  /// Nil where so many frames give no such numbers.
  func statistics(frameCount: Int) -> TensorStatistics? {
    let channels = sumCounts.count
    guard channels > 0, squareCounts.count == channels, (0...FloatArray.elementLimit).contains(elements),
      let ends = PackedNumbers.numbers(ranges, Float.self, count: 2 * channels),
      let sums = Self.sums(sums, sumCounts), let squares = Self.sums(squares, squareCounts)
    else { return nil }
    let pairs = (0..<channels).map { (least: ends[2 * $0], largest: ends[2 * $0 + 1]) }
    guard pairs.allSatisfy(ReductionsPart.Tensor.isRange),
      frameCount > 0 || pairs.allSatisfy({ $0.least == .infinity })
    else { return nil }
    return TensorStatistics(
      ranges: pairs, sums: sums, squareSums: squares, frameCount: frameCount,
      elementCount: frameCount > 0 ? elements : 0)
  }

  private static func sums(_ data: Data, _ counts: Data) -> [ExactSum]? {
    let total = counts.reduce(0) { $0 + Int($1) }
    guard let numbers = PackedNumbers.numbers(data, Double.self, count: total),
      // So far from the largest double that no sum of them overflows.
      numbers.allSatisfy({ abs($0) < 0x1p300 })
    else { return nil }
    var first = 0
    return counts.map { count in
      defer { first += Int(count) }
      var sum = ExactSum()
      for number in numbers[first..<first + Int(count)] { sum.add(number) }
      return sum
    }
  }
}

/// What a shard of `calibrate` showed in its first round.
struct CalibrationRangesPart: Codable {
  /// Of the contents of each of the shard's frames, in hexadecimal.
  let digests: [String]
  let tensors: [CalibratedTensor]

  /// All shards together.
  struct Merged {
    var digests: [String]
    let names: [String]
    var statistics: [TensorStatistics]

    var ranges: [(least: Float, largest: Float)] { statistics.map { ($0.least, $0.largest) } }
  }

  /// - Throws: `MergeError`.
  static func merged(_ set: PartSet) throws(MergeError) -> Merged {
    var merged: Merged?
    for file in set.files {
      let part = try file.content(Self.self)
      let count = file.header.frameCount ?? 0
      let own = part.tensors.compactMap { $0.statistics(frameCount: count) }
      guard own.count == part.tensors.count, part.digests.count == count,
        part.digests.allSatisfy(CalibrationStatistics.isDigest)
      else { throw .unsound(path: file.path, problem: "it has numbers that no frames give") }
      guard var whole = merged else {
        merged = Merged(digests: part.digests, names: part.tensors.map(\.name), statistics: own)
        continue
      }
      guard whole.names == part.tensors.map(\.name),
        zip(whole.statistics, own).allSatisfy({ $0.isSame(as: $1) })
      else { throw .unsound(path: file.path, problem: "its tensors are not those of '\(set.files[0].path)'") }
      merged = nil
      whole.digests += part.digests
      for place in own.indices { whole.statistics[place].join(own[place]) }
      merged = whole
    }
    guard let merged else { throw .noFirstRound }
    return merged
  }
}

extension TensorStatistics {
  /// Whether both are of one tensor, each over frames of its own, possibly of none.
  fileprivate func isSame(as other: TensorStatistics) -> Bool {
    channelSums.count == other.channelSums.count
      && (frameCount == 0 || other.frameCount == 0 || elementCount == other.elementCount)
  }
}

/// What a shard of `calibrate` counted in its second round.
struct CalibrationCountsPart: Codable {
  /// Of one group of frames.
  struct Counts: Codable {
    /// Of each bin, in 64 bits.
    let bins: Data
    let zeros: Int
  }

  /// Of the file of ranges.
  let ranges: String
  /// Tensor by tensor, group by group.
  let tensors: [[Counts]]

  /// Adds what all shards counted to what the first round showed.
  ///
  /// - Parameters:
  ///   - ranges: The digest of those that the first round gives.
  ///   - groups: How many frames each has.
  /// - Throws: `MergeError`.
  static func merge(
    _ set: PartSet, over ranges: String, groups: [Int], into whole: inout CalibrationRangesPart.Merged
  ) throws(MergeError) {
    let none = (bins: [Int](repeating: 0, count: Histogram.binCount), zeros: 0)
    var sums = whole.names.map { _ in groups.map { _ in none } }
    for file in set.files {
      let part = try file.content(Self.self)
      guard part.ranges == ranges else { throw .otherRanges(path: file.path) }
      guard part.tensors.count == sums.count, part.tensors.allSatisfy({ $0.count == groups.count }) else {
        throw .unsound(path: file.path, problem: "its tensors are not those of the first round")
      }
      for (place, tensor) in part.tensors.enumerated() {
        for (group, counts) in tensor.enumerated() {
          guard let bins = HistogramsPart.checkedBins(counts.bins, zeros: counts.zeros) else {
            throw .unsound(path: file.path, problem: "'\(whole.names[place])' has counts that no frames give")
          }
          for bin in bins.indices { sums[place][group].bins[bin] += bins[bin] }
          sums[place][group].zeros += counts.zeros
        }
      }
    }
    for place in sums.indices {
      for (group, sum) in sums[place].enumerated() {
        let expected = groups[group].multipliedReportingOverflow(
          by: whole.statistics[place].elementCount)
        guard !expected.overflow, sum.bins.reduce(0, +) == expected.partialValue else {
          let problem = "and the other parts count other elements of '\(whole.names[place])' than there are"
          throw .unsound(path: set.files[0].path, problem: problem)
        }
      }
      whole.statistics[place].setHistograms(sums[place])
    }
  }
}

extension TensorStatistics {
  /// Histograms over the range of all frames, one for each group.
  mutating func setHistograms(_ counts: [(bins: [Int], zeros: Int)]) {
    var made = counts.map { counts in
      var histogram = Histogram(least: min(least, 0), largest: max(largest, 0))
      histogram.set(counts: counts.bins, zeroCount: counts.zeros)
      return histogram
    }
    swap(&made, &histograms)
  }
}
