internal import ArgumentParser
internal import EspalierGraph

/// Labelled frames that say whether a pruned network is good enough. They judge only: nothing is fitted to them.
struct LabelGuardOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "Labelled frames to judge the pruned network by; it is never fitted to them.", valueName: "DIR|FILE.npy"
    ))
  var judge: String?

  @Option(
    help: ArgumentHelp(
      """
      Table of their classes, as 'eval' takes it; without it their folders are classes. Without --judge the names \
      of the classes of --results.
      """, valueName: "FILE.csv"))
  var labels: String?

  @Option(
    help: ArgumentHelp(
      "Give up where the pruned network is right on fewer of them: percent points of top-1.", valueName: "0.5"
    ))
  var maxDrop: Double?

  func validate() throws {
    guard judge != nil || maxDrop == nil else {
      throw ValidationError("--max-drop needs the labelled frames: --judge DIR")
    }
    if let maxDrop, !(0...100).contains(maxDrop) {
      throw ValidationError("--max-drop is in percent points, 0 to 100")
    }
  }
}

/// How often two networks are right.
struct LabelledAccuracy: Encodable {
  let frames: Int
  /// Percent.
  let before: Double
  let after: Double

  /// A network, and the labelled frames as it sees them.
  typealias Judged = (graph: Graph, samples: LabelledSamples)

  init(original: Judged, candidate: Judged, threads: Int) throws {
    let runners = try [original, candidate].map { (try GraphRunner($0.graph, threads: threads), $0.samples) }
    let count = original.samples.count
    var right = [0, 0]
    var bar = Progress("judging by labels", total: count)
    defer { bar.finish() }
    for index in 0..<count {
      for (place, (runner, samples)) in runners.enumerated() {
        let (frame, label) = try samples.sample(index)
        let scores = try runner.run([frame])[0]
        let top = scores.indices.reduce(0) { scores[$1] > scores[$0] ? $1 : $0 }
        if top == label { right[place] += 1 }
      }
      bar.advance()
    }
    let share = right.map { 100 * Double($0) / Double(max(1, count)) }
    (frames, before, after) = (count, share[0], share[1])
  }

  /// - Throws: `CommandError` where more than `most` points are lost.
  func require(dropAtMost most: Double?) throws {
    guard let most, before - after > most else { return }
    throw CommandError(
      """
      top-1 falls from \(Format.fixed(before, 2)) % to \(Format.fixed(after, 2)) % on \(frames) labelled frames, more \
      than --max-drop \(Format.fixed(most, 2)) allows; cut less, or recover longer
      """)
  }
}
