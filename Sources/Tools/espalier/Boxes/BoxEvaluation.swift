internal import EspalierPlan
internal import EspalierRuntime

/// A pack whose outputs stand for boxes.
struct Detector: ~Copyable {
  private var runner: FrameRunner
  private let decoder: BoxDecoder

  /// - Parameter classOffset: What is subtracted from the places of classes; those below it are no class.
  init(_ model: Model, path: String, options: BoxOptions, format: BoxFormat, classOffset: Int, threads: Int)
    throws
  {
    let ports = try DetectorPorts(path: path, inputs: model.inputs, outputs: model.outputs)
    var results = try format.results(ports, priors: options.priors)
    results.classOffset = classOffset
    let decoder = try BoxDecoder(results, ports, least: BoxOptions.leastScore, overlap: options.overlap)
    runner = try FrameRunner(model, threads: threads)
    self.decoder = decoder
  }

  /// The boxes of a frame, the likeliest first.
  mutating func boxes(_ frame: [Float]) throws -> [Box] {
    runner.load([InputFrames(name: "", frameCount: 1, elements: frame)], frame: 0)
    try runner.run()
    return try decoder.boxes(runner.model.outputs.indices.map { runner.output($0) })
  }
}

/// Boxes of one side against what is expected.
struct BoxScore {
  let least: Float
  private(set) var precision = AveragePrecision()
  private(set) var agreement = BoxAgreement()

  mutating func add(found: [Box], expected: [ExpectedBox]) {
    precision.add(found: found, expected: expected)
    agreement.add(
      found: found.filter { $0.score >= least }, expected: expected.filter { !$0.isCrowd }.map(\.box))
  }

  /// Adds the frames that follow.
  mutating func join(_ next: BoxScore) {
    precision.join(next.precision)
    agreement.join(next.agreement)
  }
}

/// What `eval --boxes` counts, frame by frame.
struct BoxEvaluation {
  let least: Float
  private(set) var frames = 0
  /// Against labels.
  private(set) var own: BoxScore
  private(set) var other: BoxScore
  /// The pack's boxes against those of the other, those that are likely enough.
  private(set) var between: BoxScore

  mutating func add(_ boxes: [Box], other others: [Box]?, expected: [ExpectedBox]?) {
    frames += 1
    if let expected { own.add(found: boxes, expected: expected) }
    guard let others else { return }
    if let expected { other.add(found: others, expected: expected) }
    let drawn = others.filter { $0.score >= least }
    between.add(found: boxes, expected: drawn.map { ExpectedBox(box: $0) })
  }

  /// Adds the frames that follow.
  mutating func join(_ next: BoxEvaluation) {
    frames += next.frames
    own.join(next.own)
    other.join(next.other)
    between.join(next.between)
  }
}

extension BoxEvaluation {
  init(least: Float) {
    let none = BoxScore(least: least)
    self.init(least: least, own: none, other: none, between: none)
  }
}
