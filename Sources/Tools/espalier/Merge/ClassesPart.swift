/// What a shard of `eval` counted.
struct ClassesPart: Codable {
  let pack: String
  let against: String?
  let score: Score

  /// The report of all shards.
  ///
  /// - Throws: `MergeError`.
  static func merged(_ set: PartSet) throws(MergeError) -> EvaluationReport {
    var (first, sum): (ClassesPart?, Score?) = (nil, nil)
    for file in set.files {
      let part = try file.content(ClassesPart.self)
      guard part.score.isSound(count: file.header.frameCount ?? 0) else {
        throw .unsound(path: file.path, problem: "its counts are not those of its frames")
      }
      if first == nil { first = part }
      if sum == nil { sum = part.score } else { sum?.join(part.score) }
    }
    return EvaluationReport(pack: first?.pack ?? "", against: first?.against, sum ?? Score(offset: 0))
  }
}

extension Score {
  /// Whether so many frames can have given the counts.
  func isSound(count: Int) -> Bool {
    self.count == count && [first, firstFive, otherFirst, same].allSatisfy { (0...count).contains($0) }
  }
}
