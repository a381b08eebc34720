internal import EspalierMedia
internal import EspalierObserve
internal import Foundation

/// The ranges of all tensors over all frames, between the first round of `observe` and the second.
struct ObservationRanges: Codable {
  struct Tensor: Codable {
    let name: String
    let collection: TensorCollection
    /// Two numbers in float32.
    let range: Data
  }

  private static let format = "espalier-ranges-1"

  let format: String
  let run: [String: String]
  let total: Int
  let tensors: [Tensor]

  init(_ tensors: [ObservedTensor], run: [String: String], total: Int) {
    (format, self.run, self.total) = (Self.format, run, total)
    self.tensors = tensors.map {
      Tensor(
        name: $0.name, collection: $0.collection,
        range: PackedNumbers.data([$0.range.least, $0.range.largest]))
    }
  }

  /// - Throws: `CommandError` where the file holds something else, `MediaError`.
  init(path: String) throws {
    let bytes = try Files.read(path)
    guard let ranges = try? JSONDecoder().decode(Self.self, from: Data(bytes)), ranges.format == Self.format,
      ranges.tensors.indices.allSatisfy({ ranges.range(of: $0) != nil })
    else {
      throw CommandError(
        "'\(path)' holds no ranges; 'espalier merge' makes them of the parts of the first round")
    }
    self = ranges
  }

  func bytes() throws -> [UInt8] { try Console.jsonBytes(self) }

  func digest() throws -> String { SHA256.hexDigest(of: try bytes()) }

  /// The range of one tensor; nil where the numbers are none.
  func range(of place: Int) -> (least: Float, largest: Float)? {
    guard let ends = PackedNumbers.numbers(tensors[place].range, Float.self, count: 2) else { return nil }
    let range = (least: ends[0], largest: ends[1])
    return ReductionsPart.Tensor.isRange(range) ? range : nil
  }
}

/// What a shard of `observe` counted in its second round.
struct HistogramsPart: Codable {
  struct Tensor: Codable {
    let name: String
    let collection: TensorCollection
    /// Of each bin, in 64 bits.
    let counts: Data
    let zeros: Int
  }

  /// Of the file of ranges.
  let ranges: String
  let tensors: [Tensor]

  init(ranges: String, tensors: [ObservedTensor]) {
    self.ranges = ranges
    self.tensors = tensors.map {
      Tensor(
        name: $0.name, collection: $0.collection,
        counts: PackedNumbers.data(($0.histogram?.counts ?? []).map(Int64.init)),
        zeros: $0.histogram?.zeroCount ?? 0)
    }
  }

  /// Adds what all shards counted to what the first round showed.
  ///
  /// - Parameter ranges: The digest of those that the first round gives.
  /// - Throws: `MergeError`.
  static func merge(
    _ set: PartSet, of first: PartSet, over ranges: String, into tensors: inout [ObservedTensor]
  ) throws(MergeError) {
    try PartSet.requireSameOptions(
      set.files[0].path, set.header.run, as: first.header.run, of: first.files[0].path)
    let none = [Int](repeating: 0, count: Histogram.binCount)
    var sums = tensors.map { _ in (counts: none, zeros: 0) }
    for file in set.files {
      let part = try file.content(HistogramsPart.self)
      guard part.ranges == ranges else { throw .otherRanges(path: file.path) }
      guard
        part.tensors.elementsEqual(
          tensors, by: { $0.name == $1.name && $0.collection == $1.collection })
      else { throw .unsound(path: file.path, problem: "its tensors are not those of the first round") }
      for (place, tensor) in part.tensors.enumerated() {
        guard let counts = tensor.checkedCounts else {
          throw .unsound(path: file.path, problem: "'\(tensor.name)' has counts that no frames give")
        }
        for bin in counts.indices { sums[place].counts[bin] += counts[bin] }
        sums[place].zeros += tensor.zeros
      }
    }
    for (place, sum) in sums.enumerated() {
      let finite = tensors[place].frames.reduce(0) { $0 + $1.finiteCount }
      guard sum.counts.reduce(0, +) == finite, sum.zeros <= finite else {
        let problem = "and the other parts count other elements of '\(tensors[place].name)' than there are"
        throw .unsound(path: set.files[0].path, problem: problem)
      }
      tensors[place].setHistogram(counts: sum.counts, zeroCount: sum.zeros)
    }
  }
}

extension HistogramsPart {
  /// No shard has more elements of a tensor: so many of all shards still fit 64 bits.
  private static var elementLimit: Int { 1 << 46 }

  /// The counts of each bin; nil where they are none.
  static func checkedBins(_ data: Data, zeros: Int) -> [Int]? {
    guard let counts = PackedNumbers.numbers(data, Int64.self, count: Histogram.binCount) else {
      return nil
    }
    var total = 0
    for count in counts {
      guard (0...Int64(elementLimit)).contains(count) else { return nil }
      total += Int(count)
      guard total <= elementLimit else { return nil }
    }
    return (0...total).contains(zeros) ? counts.map(Int.init) : nil
  }
}

extension HistogramsPart.Tensor {
  /// Nil where the counts are none.
  fileprivate var checkedCounts: [Int]? { HistogramsPart.checkedBins(counts, zeros: zeros) }
}
