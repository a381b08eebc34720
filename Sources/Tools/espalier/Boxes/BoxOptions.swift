internal import ArgumentParser

/// How `eval` judges a detector.
struct BoxOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "Judge boxes: how the outputs stand for them.", valueName: "FORMAT"))
  var boxes: BoxFormat?

  @Option(help: ArgumentHelp("Prior boxes of --boxes ssd, [1, 2, 4N].", valueName: "FILE.npy"))
  var priors: String?

  @Option(
    name: [.long, .customLong("conf")],
    help: ArgumentHelp(
      """
      Boxes at least so likely count for F1, and those of --against as expected ones; AP looks at all above \
      0.001.
      """, valueName: "P"))
  var score: Float = 0.3

  @Option(
    name: [.customLong("overlap"), .customLong("iou")],
    help: ArgumentHelp(
      "Of two boxes of one class that overlap more, the likelier stays.", valueName: "IOU"))
  var overlap: Float = 0.45

  /// Boxes that are less likely count for nothing.
  static let leastScore: Float = 0.001

  func validate() throws {
    guard boxes != nil || priors == nil else { throw ValidationError("--priors goes with --boxes ssd") }
    guard (0...1).contains(score), (0...1).contains(overlap) else {
      throw ValidationError("--score and --overlap are shares, 0…1")
    }
  }
}
