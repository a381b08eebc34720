/// All parts of one run, each shard once, in order.
struct PartSet {
  let files: [PartFile]

  /// - Parameter found: Parts of one kind, in any order.
  /// - Throws: `MergeError` that says which is missing, there twice, or of another run.
  /// - Precondition: At least one.
  init(_ found: [PartFile]) throws(MergeError) {
    let first = found[0]
    var shards: [Int: PartFile] = [:]
    for file in found {
      try Self.requireSameRun(file, as: first)
      if let other = shards.updateValue(file, forKey: file.header.shard) {
        throw .twice(shard: file.header.shard, of: file.header.of, paths: [other.path, file.path])
      }
    }
    let missing = (1...first.header.of).filter { shards[$0] == nil }
    guard missing.isEmpty else {
      throw .missing(shards: missing, of: first.header.of, kind: first.header.kind)
    }
    files = found.sorted { $0.header.shard < $1.header.shard }
  }

  var header: PartHeader { files[0].header }

  /// The instruction sets that parts were computed with.
  var instructions: Set<String> { Set(files.map(\.header.instructions)) }

  private static func requireSameRun(_ file: PartFile, as first: PartFile) throws(MergeError) {
    let (own, other) = (file.header, first.header)
    try requireSameOptions(file.path, own.run, as: other.run, of: first.path)
    guard own.of == other.of else {
      throw .otherCount(path: file.path, first: first.path, shards: (own.of, other.of))
    }
    guard own.total == other.total else {
      throw .otherFrames(path: file.path, first: first.path, found: own.total, expected: other.total)
    }
  }

  /// - Throws: `MergeError.otherRun` that names the first thing in which two runs differ.
  static func requireSameOptions(
    _ path: String, _ own: [String: String], as other: [String: String], of first: String
  ) throws(MergeError) {
    for key in Set(own.keys).union(other.keys).sorted() where own[key] != other[key] {
      throw .otherRun(path: path, first: first, key: key, found: own[key], expected: other[key])
    }
  }
}
