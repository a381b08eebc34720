internal import EspalierMedia
internal import EspalierObserve
internal import Foundation

/// The ranges of all tensors over all frames, between the first round of `calibrate` and the second.
struct CalibrationRanges: Codable {
  private static let format = "espalier-calibration-ranges-1"

  let format: String
  let run: [String: String]
  let total: Int
  let names: [String]
  /// Of each tensor two numbers in float32.
  let ends: Data

  init(_ merged: CalibrationRangesPart.Merged, run: [String: String], total: Int) {
    (format, self.run, self.total, names) = (Self.format, run, total, merged.names)
    ends = PackedNumbers.data(merged.ranges.flatMap { [$0.least, $0.largest] })
  }

  /// - Throws: `CommandError` where the file holds something else, `MediaError`.
  init(path: String) throws {
    let bytes = try Files.read(path)
    guard let ranges = try? JSONDecoder().decode(Self.self, from: Data(bytes)), ranges.format == Self.format,
      let pairs = ranges.pairs, pairs.allSatisfy(ReductionsPart.Tensor.isRange)
    else {
      throw CommandError(
        "'\(path)' holds no ranges of a calibration; 'espalier merge' makes them of the parts of the first round"
      )
    }
    self = ranges
  }

  /// Nil where there are not as many as names.
  var pairs: [(least: Float, largest: Float)]? {
    PackedNumbers.numbers(ends, Float.self, count: 2 * names.count).map { ends in
      names.indices.map { (ends[2 * $0], ends[2 * $0 + 1]) }
    }
  }

  func bytes() throws -> [UInt8] { try Console.jsonBytes(self) }

  func digest() throws -> String { SHA256.hexDigest(of: try bytes()) }
}

/// What all frames of a calibration showed: what `compile --statistics` takes in the place of looking at them.
struct CalibrationStatistics: Codable {
  struct Tensor: Codable {
    let numbers: CalibratedTensor
    /// Of each group the bins, in 64 bits, and how many elements are 0.
    let bins: [Data]
    let zeros: [Int]
  }

  private static let format = "espalier-calibration-1"

  let format: String
  /// What decided the numbers beside the frames' contents.
  let run: [String: String]
  /// How many frames each group has.
  let groups: [Int]
  /// Of the contents of each frame.
  let digests: [String]
  let tensors: [Tensor]

  init(_ merged: CalibrationRangesPart.Merged, run: [String: String], groups: [Int]) {
    (format, self.run, self.groups, digests) = (Self.format, run, groups, merged.digests)
    tensors = zip(merged.names, merged.statistics).map { name, statistics in
      Tensor(
        numbers: CalibratedTensor(name, statistics),
        bins: statistics.histograms.map { PackedNumbers.data($0.counts.map(Int64.init)) },
        zeros: statistics.histograms.map(\.zeroCount))
    }
  }

  /// - Throws: `CommandError` where the file holds something else, `MediaError`.
  init(path: String) throws {
    let bytes = try Files.read(path)
    guard let found = try? JSONDecoder().decode(Self.self, from: Data(bytes)), found.format == Self.format,
      found.groups.allSatisfy({ (1...found.digests.count).contains($0) }),
      found.groups.reduce(0, { $0 &+ $1 }) == found.digests.count, found.statistics != nil,
      found.digests.allSatisfy(Self.isDigest)
    else {
      throw CommandError(
        "'\(path)' holds no calibration; 'espalier merge' makes it of the parts of both rounds of 'calibrate'"
      )
    }
    self = found
  }

  func bytes() throws -> [UInt8] { try Console.jsonBytes(self) }

  /// Of each tensor; nil where some numbers are none that frames give.
  var statistics: [TensorStatistics]? {
    let all = tensors.compactMap { tensor -> TensorStatistics? in
      guard tensor.bins.count == groups.count, tensor.zeros.count == groups.count,
        var statistics = tensor.numbers.statistics(frameCount: digests.count)
      else { return nil }
      let counts = zip(tensor.bins, tensor.zeros).compactMap { data, zeros in
        HistogramsPart.checkedBins(data, zeros: zeros).map { (bins: $0, zeros: zeros) }
      }
      guard counts.count == groups.count else { return nil }
      statistics.setHistograms(counts)
      return statistics
    }
    return all.count == tensors.count ? all : nil
  }

  /// Whether a text is a SHA-256 in hexadecimal.
  static func isDigest(_ text: String) -> Bool { text.utf8.count == 64 && text.allSatisfy(\.isHexDigit) }
}
