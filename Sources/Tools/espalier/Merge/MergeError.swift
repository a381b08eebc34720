/// Why parts do not make a whole.
enum MergeError: Error, Equatable {
  case notAPart(path: String)
  /// A number in it that no frames give.
  case unsound(path: String, problem: String)
  /// Parts of commands that have nothing to do with each other.
  case otherCommand(path: String, kind: PartKind, first: String, expected: PartKind)
  /// One thing that the runs differ in, as both parts say it; nil where one does not name it.
  case otherRun(path: String, first: String, key: String, found: String?, expected: String?)
  case otherCount(path: String, first: String, shards: (found: Int, expected: Int))
  case otherFrames(path: String, first: String, found: Int, expected: Int)
  case twice(shard: Int, of: Int, paths: [String])
  case missing(shards: [Int], of: Int, kind: PartKind)
  case noFirstRound
  /// The second round was made with another file of ranges than the first gives.
  case otherRanges(path: String)

  static func == (one: MergeError, other: MergeError) -> Bool { "\(one)" == "\(other)" }
}

extension MergeError: CustomStringConvertible {
  var description: String {
    switch self {
    case .notAPart(let path):
      "'\(path)' is no part of a run; 'espalier eval', 'observe' and 'calibrate' write them with --shard I/N --part FILE"
    case .unsound(let path, let problem): "'\(path)': \(problem); make this part again"
    case .otherCommand(let path, let kind, let first, let expected):
      "'\(path)' is a part of '\(kind.rawValue)', but '\(first)' is one of '\(expected.rawValue)'"
    case .otherRun(let path, let first, let key, let found, let expected):
      """
      '\(path)' is of another run than '\(first)': \(key) is \(found ?? "not given"), not \
      \(expected ?? "left out")
      """
    case .otherCount(let path, let first, let shards):
      "'\(path)' is one of \(shards.found) shards, but '\(first)' is one of \(shards.expected)"
    case .otherFrames(let path, let first, let found, let expected):
      "'\(path)' is of \(found) frames in all, but '\(first)' is of \(expected)"
    case .twice(let shard, let count, let paths):
      "shard \(shard) of \(count) is there twice: \(paths.map { "'\($0)'" }.joined(separator: " and "))"
    case .missing(let shards, let count, let kind):
      """
      \(shards.count == 1 ? "shard" : "shards") \(Self.list(shards)) of \(count) of '\(kind.rawValue)' \
      \(shards.count == 1 ? "is" : "are") missing
      """
    case .noFirstRound: "parts of the second round need those of the first beside them"
    case .otherRanges(let path):
      "'\(path)' was counted over other ranges than the parts of the first round give"
    }
  }

  private static func list(_ shards: [Int]) -> String {
    shards.prefix(8).map(String.init).joined(separator: ", ") + (shards.count > 8 ? ", …" : "")
  }
}
