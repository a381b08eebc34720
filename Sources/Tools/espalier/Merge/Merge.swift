internal import ArgumentParser
internal import EspalierMedia

/// `espalier merge`: what shards of a run showed becomes what one machine would have shown.
struct Merge: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Put the parts of a run over several machines together.",
    discussion: """
      'eval' and 'observe' look at one shard of the frames with --shard I/N, and
      write what it showed with --part. Merged, parts give the same report, to the
      last bit, as one machine that looks at all frames:

        espalier eval signs8.espalier --data test/ --shard 1/2 --part a.json
        espalier eval signs8.espalier --data test/ --shard 2/2 --part b.json
        espalier merge a.json b.json

      'observe' takes two rounds, as histograms need the range over all frames: the
      parts of the first give ranges, and those of both the three files.

        espalier observe signs.onnx --frames day/ --shard 1/2 --part a1.json
        espalier merge a1.json a2.json -o ranges.json
        espalier observe signs.onnx --frames day/ --shard 1/2 --part b1.json \
          --ranges ranges.json
        espalier merge a1.json a2.json b1.json b2.json -o seen/

      Parts of 'calibrate', which has two rounds too, become what 'compile' takes by
      --statistics; see 'help calibrate'.

      Parts are of one run: models, packs and labels with the same content, frames
      of the same names, the same options. tools/fleet does it all over a cluster.
      """)

  @Argument(help: ArgumentHelp("What shards showed, in any order.", valueName: "PART"))
  var parts: [String]

  @Option(
    name: [.customShort("o"), .long],
    help: ArgumentHelp(
      "For parts of 'observe' and 'calibrate': the file of ranges; after the second round the folder, or the file, to write.",
      valueName: "FILE.json|DIR"))
  var output: String?

  @Flag(help: "End with one line of JSON on standard output.")
  var json = false

  func run() throws {
    let files = try parts.map(PartFile.init)
    let kinds = Dictionary(grouping: files, by: \.header.kind)
    if let first = kinds[.reductions], kinds.count == 1 {
      return try mergeRanges(try PartSet(first))
    }
    if let first = kinds[.reductions], let second = kinds[.histograms], kinds.count == 2 {
      return try mergeObservation(try PartSet(first), try PartSet(second))
    }
    if let first = kinds[.calibrationRanges], kinds.count == 1 {
      return try mergeCalibrationRanges(try PartSet(first))
    }
    if let first = kinds[.calibrationRanges], let second = kinds[.calibrationCounts], kinds.count == 2 {
      return try mergeCalibration(try PartSet(first), try PartSet(second))
    }
    if let other = files.first(where: { $0.header.kind != files[0].header.kind }) {
      throw MergeError.otherCommand(
        path: other.path, kind: other.header.kind, first: files[0].path, expected: files[0].header.kind)
    }
    guard ![.histograms, .calibrationCounts].contains(files[0].header.kind) else {
      throw MergeError.noFirstRound
    }
    guard output == nil else { throw UsageError("--output is for parts of 'observe' and 'calibrate'") }
    try mergeEvaluation(try PartSet(files))
  }

  private func mergeEvaluation(_ set: PartSet) throws {
    noteInstructions(set)
    if set.header.kind == .boxes {
      let report = try BoxPart.merged(set)
      if json { try Console.json(report) } else { report.show() }
    } else {
      let report = try ClassesPart.merged(set)
      if json { try Console.json(report) } else { report.show() }
    }
  }

  private func mergeRanges(_ set: PartSet) throws {
    let output = try requiredOutput("the file of ranges that the second round needs")
    let merged = try ReductionsPart.merged(set)
    let ranges = ObservationRanges(merged.tensors, run: set.header.run, total: set.header.total)
    try Files.write(try ranges.bytes(), to: output)
    print("ranges of \(merged.tensors.count) tensors over \(set.header.total) frames; look at \(output)")
  }

  private func mergeObservation(_ first: PartSet, _ second: PartSet) throws {
    noteInstructions(first)
    let output = try requiredOutput("the folder to write to")
    var merged = try ReductionsPart.merged(first)
    let ranges = ObservationRanges(merged.tensors, run: first.header.run, total: first.header.total)
    try HistogramsPart.merge(second, of: first, over: try ranges.digest(), into: &merged.tensors)
    let report = ObservationReport(
      model: merged.model, frames: first.header.total, loss: merged.loss, tensors: merged.tensors,
      reductions: merged.reductions)
    try ObservationFiles.write(report, merged.tensors, reductions: merged.reductions, to: output)
    if json { return try Console.json(report) }
    report.show(output)
  }

  private func mergeCalibrationRanges(_ set: PartSet) throws {
    let output = try requiredOutput("the file of ranges that the second round needs", "calibrate")
    let merged = try CalibrationRangesPart.merged(set)
    let ranges = CalibrationRanges(merged, run: set.header.run, total: set.header.total)
    try Files.write(try ranges.bytes(), to: output)
    print("ranges of \(merged.names.count) tensors over \(set.header.total) frames; look at \(output)")
  }

  private func mergeCalibration(_ first: PartSet, _ second: PartSet) throws {
    noteInstructions(first)
    let output = try requiredOutput("the file for 'compile --statistics'", "calibrate")
    try PartSet.requireSameOptions(
      second.files[0].path, second.header.run, as: first.header.run, of: first.files[0].path)
    var merged = try CalibrationRangesPart.merged(first)
    let ranges = CalibrationRanges(merged, run: first.header.run, total: first.header.total)
    let groups = (first.header.run[CalibrationKey.groups] ?? "").split(separator: " ").compactMap { Int($0) }
    guard groups.allSatisfy({ (1...first.header.total).contains($0) }),
      groups.reduce(0, { $0 &+ $1 }) == first.header.total
    else {
      throw MergeError.unsound(path: first.files[0].path, problem: "its groups are not all of the frames")
    }
    try CalibrationCountsPart.merge(second, over: try ranges.digest(), groups: groups, into: &merged)
    let statistics = CalibrationStatistics(merged, run: first.header.run, groups: groups)
    try Files.write(try statistics.bytes(), to: output)
    print("\(merged.names.count) tensors over \(first.header.total) frames; look at \(output)")
  }

  private func requiredOutput(_ what: String, _ command: String = "observe") throws -> String {
    guard let output else { throw UsageError("parts of '\(command)' need --output: \(what)") }
    return output
  }

  private func noteInstructions(_ set: PartSet) {
    guard set.instructions.count > 1 else { return }
    Console.note(
      """
      note: parts were computed on processors with \(set.instructions.sorted().joined(separator: " and ")), \
      between which float32 differs in its last bits
      """)
  }
}
