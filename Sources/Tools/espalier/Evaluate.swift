internal import ArgumentParser
internal import EspalierMedia
internal import EspalierPlan
internal import EspalierRuntime

/// `espalier eval`: how often a network is right, and how often it agrees with another pack.
struct Evaluate: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "eval",
    abstract: "Measure how often a network is right on labelled pictures.",
    discussion: """
      Labels are the names of the folders that the pictures lie in, or a table of
      file names and classes. A class is a number, or a name out of --classes.
      Pictures become inputs as 'run' makes them.

        espalier eval signs8.espalier --data test/            test/14/a.png, …
        espalier eval signs8.espalier --data test/ --labels test.csv
        espalier eval signs8.espalier --data frames.npy --labels test.csv
        espalier eval signs8.espalier --data test/ --against signs.espalier

      Where two packs agree on all but a share of the pictures, their accuracies
      differ by that share at most.

      With --boxes a detector is judged: mAP as COCO defines it, over overlaps from
      0.5 to 0.95 and at 0.5, against labels or against another pack's boxes. Labels
      are a table (.csv) of file, class, left, top, right, bottom in pixels, COCO's
      JSON, or a folder of YOLO's .txt files.

        espalier eval d8.espalier --data road/ --boxes yolox --labels road.json
        espalier eval d8.espalier --data road/ --boxes yolox --against d.espalier

      Data sets larger than one machine are looked at in shards, see 'help merge':

        espalier eval signs8.espalier --data test/ --shard 1/8 --part 1.json

      \(BoxFormat.explanation.split(separator: "\n").joined(separator: "\n      "))
      """)

  @Argument(help: ArgumentHelp("The packed file.", valueName: "PACK"))
  var pack: String

  @Option(
    help: ArgumentHelp("Pictures or .npy files, or one .npy file of frames.", valueName: "DIR|FILE.npy"))
  var data: String

  @Option(
    help: ArgumentHelp(
      """
      Table of classes: file names and classes, or classes alone in the frames' order. With --boxes a table of \
      boxes, COCO's JSON, or a folder of YOLO's.
      """, valueName: "FILE.csv|FILE.json|DIR"))
  var labels: String?

  @Option(help: ArgumentHelp("Names of the classes, one a line.", valueName: "FILE"))
  var classes: String?

  @Option(
    help: ArgumentHelp("The output's place of class 0, as where place 0 means background.", valueName: "N"))
  var classOffset = 0

  @Option(help: ArgumentHelp("Another pack of the same model, in float32 for instance.", valueName: "PACK"))
  var against: String?

  @OptionGroup(title: "Boxes") var boxes: BoxOptions
  @OptionGroup var threading: ThreadOptions
  @OptionGroup(title: "Pictures") var pictures: PictureOptions
  @OptionGroup(title: "Several machines") var sharding: ShardOptions

  @Flag(help: "End with one line of JSON on standard output.")
  var json = false

  func validate() throws {
    guard boxes.boxes == nil || labels != nil || against != nil else {
      throw ValidationError("--boxes needs something to hold boxes against: --labels or --against")
    }
    guard sharding.shard == nil || !json else {
      throw ValidationError("--json goes with 'merge' where there are shards")
    }
  }

  func run() throws {
    let model = try Pack.load(pack)
    let reader = try pictures.reader(for: model)
    if let format = boxes.boxes { return try judgeBoxes(of: model, format, reader) }
    let samples = try LabelledSamples(
      data: data, labels: labels, classes: try classes.map(Labels.init(path:)), reader: reader)
    var own = try Classifier(model, threads: threading.threads, path: pack)
    var other = try against.map { try Classifier(try Pack.load($0), threads: threading.threads, path: $0) }
    try other?.requireSamePorts(as: own)
    var score = Score(offset: classOffset)
    let range = sharding.range(of: samples.count)
    var progress = Progress("evaluating", total: range.count)
    for index in range {
      let (frame, label) = try samples.sample(index)
      let ranking = try own.ranking(frame)
      score.add(ranking, label: label, other: try other?.ranking(frame))
      progress.advance()
    }
    progress.finish()
    if sharding.shard != nil {
      let part = ClassesPart(pack: pack, against: against, score: score)
      return try sharding.write(part, .classes, total: samples.count, run: try identity(samples.digest))
    }
    let report = EvaluationReport(pack: pack, against: against, score)
    if json { return try Console.json(report) }
    report.show()
  }

  private func judgeBoxes(of model: Model, _ format: BoxFormat, _ reader: FrameReader) throws {
    func detector(_ model: Model, _ path: String) throws -> Detector {
      try Detector(
        model, path: path, options: boxes, format: format, classOffset: classOffset,
        threads: threading.threads)
    }
    let names = try classes.map(Labels.init(path:))
    var own = try detector(model, pack)
    var other = try against.map { path in
      let model = try Pack.load(path)
      guard model.inputs == reader.ports else {
        throw CommandError("'\(pack)' and '\(path)' have other inputs: not of one model")
      }
      return try detector(model, path)
    }
    let labelled = try labels.map { try BoxLabels(path: $0, classes: names) }
    let samples = try BoxSamples(data: data, labels: labelled, path: labels, reader: reader)
    var evaluation = BoxEvaluation(least: boxes.score)
    let range = sharding.range(of: samples.count)
    var progress = Progress("evaluating", total: range.count)
    for index in range {
      let (frame, expected) = try samples.sample(index)
      evaluation.add(try own.boxes(frame), other: try other?.boxes(frame), expected: expected)
      progress.advance()
    }
    progress.finish()
    if sharding.shard != nil {
      let part = BoxPart(
        evaluation, pack: pack, against: against, isLabelled: labels != nil, format: format, names: names)
      return try sharding.write(part, .boxes, total: samples.count, run: try identity(samples.digest))
    }
    let report = BoxReport(
      evaluation, pack: pack, against: against, isLabelled: labels != nil, format: format, names: names)
    if json { return try Console.json(report) }
    report.show()
  }

  /// What all shards of a run must have in common.
  private func identity(_ samples: String) throws -> [String: String] {
    func digest(_ path: String?) throws -> String? {
      try path.map { SHA256.hexDigest(of: try Files.read($0)) }
    }
    var run = ["pack": try digest(pack), "frames and labels": samples, "--class-offset": "\(classOffset)"]
    run["--against"] = try digest(against)
    run["--classes"] = try digest(classes)
    run["--priors"] = try digest(boxes.priors)
    if let format = boxes.boxes {
      run["--boxes"] = format.rawValue
      run["--score"] = "\(boxes.score)"
      run["--overlap"] = "\(boxes.overlap)"
    }
    return pictures.identity.merging(run.compactMapValues { $0 }) { $1 }
  }
}

/// A pack with one input and one output that is a list of classes.
struct Classifier: ~Copyable {
  private var runner: FrameRunner
  private let path: String

  init(_ model: Model, threads: Int, path: String) throws {
    guard model.inputs.count == 1, model.outputs.count == 1,
      model.outputs[0].shape.filter({ $0 > 1 }).count == 1
    else {
      throw CommandError("'\(path)' is no classifier: that has one input and one output, a list of classes")
    }
    runner = try FrameRunner(model, threads: threads)
    self.path = path
  }

  func requireSamePorts(as other: borrowing Classifier) throws {
    guard runner.model.inputs == other.runner.model.inputs,
      runner.model.outputs == other.runner.model.outputs
    else {
      throw CommandError("'\(path)' and '\(other.path)' have other inputs or outputs: not of one model")
    }
  }

  /// The classes' places, the likeliest five.
  mutating func ranking(_ frame: [Float]) throws -> [Int] {
    runner.load([InputFrames(name: "", frameCount: 1, elements: frame)], frame: 0)
    try runner.run()
    let scores = runner.output(0)
    return Array(scores.indices.sorted { (scores[$0], $1) > (scores[$1], $0) }.prefix(5))
  }
}

/// What was counted.
struct Score: Codable {
  let offset: Int
  private(set) var count = 0
  private(set) var first = 0
  private(set) var firstFive = 0
  private(set) var otherFirst = 0
  private(set) var same = 0

  mutating func add(_ ranking: [Int], label: Int, other: [Int]?) {
    count += 1
    if ranking.first == label + offset { first += 1 }
    if ranking.contains(label + offset) { firstFive += 1 }
    guard let other else { return }
    if other.first == label + offset { otherFirst += 1 }
    if other.first == ranking.first { same += 1 }
  }

  /// Adds the frames that follow.
  mutating func join(_ next: Score) {
    count += next.count
    first += next.first
    firstFive += next.firstFive
    otherFirst += next.otherFirst
    same += next.same
  }
}

/// What `eval` prints.
struct EvaluationReport: Encodable {
  struct Other: Encodable {
    let pack: String
    let top1: Double
    let top1_count: Int
    /// Pictures that both packs give the same class.
    let agreement: Double
    let agreement_count: Int
  }

  let pack: String
  let frames: Int
  let top1: Double
  let top1_count: Int
  let top5: Double
  let top5_count: Int
  let against: Other?

  init(pack: String, against: String?, _ score: Score) {
    func share(_ count: Int) -> Double { Double(count) / Double(max(1, score.count)) }
    self.pack = pack
    frames = score.count
    (top1, top1_count) = (share(score.first), score.first)
    (top5, top5_count) = (share(score.firstFive), score.firstFive)
    self.against = against.map {
      Other(
        pack: $0, top1: share(score.otherFirst), top1_count: score.otherFirst, agreement: share(score.same),
        agreement_count: score.same)
    }
  }

  func show() {
    func percent(_ share: Double, _ count: Int) -> [String] {
      ["\(Format.fixed(share * 100, 2)) %", "\(count) of \(frames)"]
    }
    var table = Table([("", .left), ("", .right), ("", .right)])
    table.add(["top-1"] + percent(top1, top1_count))
    table.add(["top-5"] + percent(top5, top5_count))
    if let against {
      table.add(["top-1 of \(against.pack)"] + percent(against.top1, against.top1_count))
      table.add(["same class"] + percent(against.agreement, against.agreement_count))
    }
    print(table.text)
  }
}
