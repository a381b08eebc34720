internal import ArgumentParser

/// `I/N`: the I-th, from 1, of N runs of neighboring frames.
struct Shard: ExpressibleByArgument, Equatable {
  let index: Int
  let count: Int

  /// No data set is divided further.
  static let countLimit = 1 << 16

  /// All frames.
  static let whole = Shard(index: 1, count: 1)

  private init(index: Int, count: Int) { (self.index, self.count) = (index, count) }

  /// Nil where there is no such shard.
  init?(_ index: Int, of count: Int) {
    guard (1...Self.countLimit).contains(count), (1...count).contains(index) else { return nil }
    self.init(index: index, count: count)
  }

  init?(argument: String) {
    let parts = argument.split(separator: "/", omittingEmptySubsequences: false)
    guard parts.count == 2, let index = Int(parts[0]), let count = Int(parts[1]) else { return nil }
    self.init(index, of: count)
  }

  var isFirst: Bool { index == 1 }

  /// The shard's own of so many frames; shards differ by one frame at most.
  func range(of total: Int) -> Range<Int> {
    let (share, rest) = total.quotientAndRemainder(dividingBy: count)
    let first = (index - 1) * share + min(index - 1, rest)
    return first..<(first + share + (index <= rest ? 1 : 0))
  }
}

/// How a command does a part of its work.
struct ShardOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "Look only at the I-th, from 1, of N runs of neighboring frames; 'merge' puts parts together.",
      valueName: "I/N"))
  var shard: Shard?

  @Option(help: ArgumentHelp("Where what the shard showed is written to.", valueName: "FILE.json"))
  var part: String?

  func validate() throws {
    guard (shard == nil) == (part == nil) else {
      throw ValidationError("--shard and --part go together: which frames, and where their numbers go")
    }
  }

  func range(of total: Int) -> Range<Int> { (shard ?? .whole).range(of: total) }

  /// Writes what the shard showed.
  ///
  /// - Parameters:
  ///   - total: Frames of all shards.
  ///   - run: What all shards must have in common.
  /// - Throws: `MediaError`.
  func write(_ content: some Encodable, _ kind: PartKind, total: Int, run: [String: String]) throws {
    guard let shard, let part else { return }
    let header = PartHeader(kind: kind, shard: shard, total: total, run: run)
    try Part(header: header, content: content).write(to: part)
    let count = shard.range(of: total).count
    print("shard \(shard.index) of \(shard.count): \(count) of \(total) frames; look at \(part)")
  }
}
