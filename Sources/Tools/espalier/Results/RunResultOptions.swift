internal import ArgumentParser
internal import EspalierPlan
internal import EspalierRuntime

/// `car=0.6`.
struct ClassThresholdArgument: ExpressibleByArgument, Equatable {
  let name: String
  let threshold: Float

  init?(argument: String) {
    guard let sign = argument.lastIndex(of: "="), sign != argument.startIndex,
      let threshold = ResultsArgument.share(String(argument[argument.index(after: sign)...]))
    else { return nil }
    (name, self.threshold) = (String(argument[..<sign]), threshold)
  }
}

/// Which results `run` shows of a pack that says what its outputs mean.
struct RunResultOptions: ParsableArguments {
  @Option(
    name: [.long, .customLong("conf")],
    help: ArgumentHelp("Leave out boxes and classes that are less likely.", valueName: "P"))
  var score: Float?

  @Option(
    name: [.customLong("overlap"), .customLong("iou")],
    help: ArgumentHelp("Of two boxes of one class that overlap more, the likelier stays.", valueName: "IOU"))
  var overlap: Float?

  @Option(
    help: ArgumentHelp("Another --score for one class, by its name or number.", valueName: "car=0.6"))
  var classThreshold: [ClassThresholdArgument] = []

  var areGiven: Bool { score != nil || overlap != nil || !classThreshold.isEmpty }

  func validate() throws {
    guard (0...1).contains(score ?? 0), (0...1).contains(overlap ?? 0) else {
      throw ValidationError("--score and --overlap are shares, 0…1")
    }
  }

  /// - Parameter labels: The names of the classes.
  func options(_ labels: [String]) throws -> ResultOptions {
    var options = ResultOptions()
    (options.scoreThreshold, options.overlapThreshold) = (score, overlap)
    for argument in classThreshold {
      guard let place = labels.firstIndex(of: argument.name) ?? Int(argument.name), 0..<65_536 ~= place else {
        throw UsageError("--class-threshold: no class is named '\(argument.name)'")
      }
      let missing = place + 1 - options.classThresholds.count
      if missing > 0 { options.classThresholds += [Float](repeating: .nan, count: missing) }
      options.classThresholds[place] = argument.threshold
    }
    return options
  }
}
