internal import CMeasure
internal import CVideo
internal import EspalierPlan
internal import EspalierRuntime

/// `espalier watch` at work: frames from a source, through the network, to the outputs.
struct Watching: ~Copyable {
  private var session: PictureSession
  private let source: any FrameSource
  private let names: ClassNames
  private let limit: Int
  private let video: AnnotatedVideo?
  private let records: RecordWriter?
  private var statistics = PipelineStatistics()
  private var line = LiveLine()
  private var size: (width: UInt32, height: UInt32)?

  /// - Parameters:
  ///   - limit: The most frames to look at.
  ///   - video: The path of the annotated video, and the rate of `--camera`.
  init(
    session: consuming PictureSession, source: any FrameSource, names: ClassNames, limit: Int,
    video: (path: String, camera: Double?)?, records: RecordWriter?
  ) {
    self.session = session
    self.source = source
    self.names = names
    self.limit = limit
    self.video = video.map { AnnotatedVideo(path: $0.path, rate: $0.camera ?? source.rate) }
    self.records = records
  }

  /// Looks at frames until there are none, or the user ends it; then files are complete.
  ///
  /// - Throws: `CommandError`, `MediaError`, the runtime's errors. Files hold the frames before it.
  mutating func run() throws {
    defer { line.finish() }
    do {
      while statistics.frameCount < limit, let frame = try source.next() { try look(at: frame) }
    } catch {
      try? video?.close()
      throw error
    }
    try video?.close()
    guard statistics.frameCount > 0 || espalier_interruption_noted() != 0 else {
      throw CommandError("the source has no frames")
    }
  }

  private mutating func look(at frame: SourceFrame) throws {
    let begin = measure_clock()
    let verdict = try session.run(frame)
    var findings = Findings()
    if verdict.isComplete { findings = try session.findings() }
    let milliseconds = Double(measure_clock() - begin) / 1e6
    statistics.add(verdict, findings, milliseconds: milliseconds)
    if size == nil { size = (frame.pixels.width, frame.pixels.height) }
    let model = session.model
    try records?.write(
      FrameRecord(frame, verdict, findings, milliseconds: milliseconds, names: names, model: model))
    try draw(frame, verdict, findings)
    line.update(statistics)
  }

  private mutating func draw(_ frame: SourceFrame, _ verdict: FrameVerdict, _ findings: Findings) throws {
    guard let video else { return }
    var call: String?
    if case .cancelled(let index) = verdict.outcome { call = session.model.calls[index].name }
    let names = names
    try video.add(frame) { canvas in
      let masks =
        verdict.isComplete ? try session.masks(width: canvas.width, height: canvas.height) : []
      let annotation = Annotation(
        verdict: verdict, findings: findings, names: names, cancelledAt: call, masks: masks)
      annotation.draw(on: canvas, frame: frame.pixels)
    }
  }

  /// What the user reads at the end.
  func summary(of path: String, output: String?, json: String?) -> String {
    let counts = statistics.counts
    let extents = size.map { "\($0.width)x\($0.height)" } ?? "no size"
    var lines = [
      "\(path): \(statistics.frameCount) frames of \(extents) in \(Format.fixed(statistics.seconds, 2)) s",
      "verdicts: \(counts.text)\(counts.missing > 0 ? "; \(counts.missing) frames never seen" : "")",
      "a frame: \(statistics.latency)",
    ]
    if session.model.results?.kind == .boxes {
      lines.append("boxes: \(statistics.boxCount), in \(statistics.framesWithBoxes) frames")
    }
    if let video, let output { lines.append("wrote \(output): \(video.frameCount) frames") }
    if let json, json != "-" { lines.append("wrote \(json): \(statistics.frameCount) lines") }
    return lines.joined(separator: "\n")
  }
}
