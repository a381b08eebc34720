internal import Foundation

/// What a shard of `eval --boxes` counted.
struct BoxPart: Codable {
  let pack: String
  let against: String?
  let isLabelled: Bool
  let format: String
  let least: Float
  let names: [String]?
  let own: ScorePart
  let other: ScorePart
  let between: ScorePart

  init(
    _ evaluation: BoxEvaluation, pack: String, against: String?, isLabelled: Bool, format: BoxFormat,
    names: Labels?
  ) {
    (self.pack, self.against, self.isLabelled) = (pack, against, isLabelled)
    (self.format, least, self.names) = (format.rawValue, evaluation.least, names?.names)
    (own, other) = (ScorePart(evaluation.own), ScorePart(evaluation.other))
    between = ScorePart(evaluation.between)
  }

  /// The report of all shards.
  ///
  /// - Throws: `MergeError`.
  static func merged(_ set: PartSet) throws(MergeError) -> BoxReport {
    let parts = try set.files.map { file throws(MergeError) in
      (part: try file.content(BoxPart.self), file: file)
    }
    let first = parts[0].part
    guard let format = BoxFormat(rawValue: first.format) else {
      throw .unsound(path: parts[0].file.path, problem: "its format of boxes '\(first.format)' is not known")
    }
    var whole = BoxEvaluation(least: first.least)
    for (part, file) in parts {
      guard let next = part.evaluation(frames: file.header.frameCount ?? 0) else {
        throw .unsound(path: file.path, problem: "its boxes are not what frames give")
      }
      whole.join(next)
    }
    return BoxReport(
      whole, pack: first.pack, against: first.against, isLabelled: first.isLabelled, format: format,
      names: first.names.map(Labels.init(names:)))
  }

  /// Nil where the numbers are none that frames give.
  private func evaluation(frames: Int) -> BoxEvaluation? {
    guard let own = own.score(least), let other = other.score(least), let between = between.score(least)
    else { return nil }
    return BoxEvaluation(least: least, frames: frames, own: own, other: other, between: between)
  }
}

/// A `BoxScore` in JSON, class by class.
struct ScorePart: Codable {
  /// Found boxes in the order of frames, and how many are expected.
  struct Precision: Codable {
    let category: Int
    let expected: Int
    /// Float32.
    let scores: Data
    /// 16 bits for each box, of which 10 stand for thresholds.
    let right: Data
    let ignored: Data
  }
  struct Agreement: Codable {
    let category: Int
    let found: Int
    let expected: Int
    let partners: Int
  }

  let precision: [Precision]
  let agreement: [Agreement]

  /// No class has more boxes.
  private static let boxLimit = 1 << 40

  init(_ score: BoxScore) {
    let (found, expected) = (score.precision.found, score.precision.expected)
    precision = Set(found.keys).union(expected.keys).sorted().map { category in
      let boxes = found[category] ?? []
      return Precision(
        category: category, expected: expected[category] ?? 0, scores: PackedNumbers.data(boxes.map(\.score)),
        right: PackedNumbers.data(boxes.map(\.isRight)), ignored: PackedNumbers.data(boxes.map(\.isIgnored)))
    }
    agreement = score.agreement.ofClass.sorted { $0.key < $1.key }.map {
      Agreement(category: $0, found: $1.found, expected: $1.expected, partners: $1.partners)
    }
  }

  /// Nil where the numbers are none that frames give.
  func score(_ least: Float) -> BoxScore? {
    var (found, expected): ([Int: [AveragePrecision.Found]], [Int: Int]) = ([:], [:])
    for part in precision {
      guard let boxes = Self.boxes(part), (0...Self.boxLimit).contains(part.expected) else { return nil }
      if !boxes.isEmpty { found[part.category] = boxes }
      if part.expected > 0 { expected[part.category] = part.expected }
    }
    var counts: [Int: BoxAgreement.Counts] = [:]
    for part in agreement {
      guard [part.found, part.expected].allSatisfy({ (0...Self.boxLimit).contains($0) }),
        (0...min(part.found, part.expected)).contains(part.partners)
      else { return nil }
      counts[part.category] = BoxAgreement.Counts(
        found: part.found, expected: part.expected, partners: part.partners)
    }
    return BoxScore(
      least: least, precision: AveragePrecision(found: found, expected: expected),
      agreement: BoxAgreement(ofClass: counts))
  }

  private static func boxes(_ part: Precision) -> [AveragePrecision.Found]? {
    let count = part.right.count / 2
    guard let scores = PackedNumbers.numbers(part.scores, Float.self, count: count),
      let right = PackedNumbers.numbers(part.right, UInt16.self, count: count),
      let ignored = PackedNumbers.numbers(part.ignored, UInt16.self, count: count),
      !scores.contains(where: \.isNaN), (right + ignored).allSatisfy({ $0 >> thresholdCount == 0 })
    else { return nil }
    return (0..<count).map {
      AveragePrecision.Found(score: scores[$0], isRight: right[$0], isIgnored: ignored[$0])
    }
  }

  private static var thresholdCount: Int { AveragePrecision.thresholds.count }
}
