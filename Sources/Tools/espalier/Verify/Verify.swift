internal import ArgumentParser
internal import EspalierPlan
internal import EspalierRuntime

/// `espalier verify`: whether a pack computes here what it computed where it was made.
struct Verify: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Replay a pack's golden vectors on this processor.",
    discussion: """
      A pack holds frames as seeds that make them, one for each level, and what its
      outputs must then be. They are replayed on every instruction set of this
      processor, with 1 to 4 threads; all checksums are verified first.

        espalier verify signs.espalier
        espalier verify signs.espalier --threads 2 --limit avx2

      Networks in 8 bits must give the same bits everywhere. Where float32 layers
      are part of a network, portable kernels must give the same bits, and others
      come as near as rounding lets them: the tolerance is a share of the output's
      greatest magnitude. What is wrong is named by level, output and element.

      Exit status: 0 all is as it was, or the pack has no vectors (files of earlier
      versions, and 'compile --no-golden'), which is said; 1 something is not.
      """)

  @Argument(help: ArgumentHelp("The pack.", valueName: "PACK"))
  var pack: String

  @Option(
    name: .shortAndLong,
    help: ArgumentHelp("So many threads alone; otherwise 1, 2, 3 and 4.", valueName: "N"))
  var threads: Int?

  @Option(
    help: ArgumentHelp(
      "No instruction set above it.", valueName: InstructionSet.allCases.map(\.name).joined(separator: "|")))
  var limit: String?

  @Flag(help: "End with one line of JSON on standard output.")
  var json = false

  func validate() throws {
    if let threads {
      guard 1...Session.threadLimit ~= threads else {
        throw ValidationError("--threads is 1 to \(Session.threadLimit)")
      }
    }
    _ = try instructionSet()
  }

  func run() throws {
    let model = try Pack.load(pack)
    var replays: [GoldenReplay] = []
    do {
      try model.verify(
        threads: threads.map { $0...$0 } ?? 1...4, limit: min(try instructionSet(), .limit)
      ) { replays.append($0) }
    } catch {
      throw CommandError("'\(pack)': \(error)")
    }
    let report = VerificationReport(pack, model, replays)
    if json { try Console.json(report) } else { report.show() }
    guard report.wrong == 0 else { throw ExitCode(ExitStatus.failed.rawValue) }
  }

  private func instructionSet() throws -> InstructionSet {
    guard let limit else { return .limit }
    guard let found = InstructionSet.allCases.first(where: { $0.name == limit }) else {
      let names = InstructionSet.allCases.map(\.name).joined(separator: ", ")
      throw ValidationError("--limit: there is no instruction set '\(limit)', only \(names)")
    }
    return found
  }
}

private func min(_ one: InstructionSet, _ other: InstructionSet) -> InstructionSet {
  one.rawValue < other.rawValue ? one : other
}
