internal import EspalierMedia
internal import EspalierPlan
internal import EspalierRuntime
internal import Foundation

/// What `--json` says of a frame: one object a line.
struct FrameRecord: Encodable {
  struct Found: Encodable {
    let `class`: Int
    /// Absent where the class has no name.
    let label: String?
    /// Rounded to four digits.
    let score: Double
    /// Left, top, right and bottom in pixels; absent of classes.
    let box: [Double]?
  }

  /// Counts the source's frames from 0; frames that nobody took in time are left out.
  let frame: Int
  /// Since the first frame.
  let time_ms: Double
  /// Absent unless frames are files.
  let name: String?
  let verdict: String
  let late_ms: Double?
  let cancelled_at: String?
  let level: Int
  /// From the picture to its results: `model_ms`, `overhead_ms`, and the reading of results.
  let pipeline_ms: Double
  let model_ms: Double
  let overhead_ms: Double
  /// How old the picture was when the results were there; absent where it waited in a file.
  let age_ms: Double?
  /// Absent of networks that look for none; empty where the frame has none.
  let boxes: [Found]?
  /// The five likeliest.
  let classes: [Found]?
  /// For each mask the share of the frame that each class has.
  let mask_shares: [[Double]]?
}

extension FrameRecord {
  init(
    _ frame: SourceFrame, _ verdict: FrameVerdict, _ findings: Findings, milliseconds: Double,
    names: ClassNames, model: Model
  ) {
    let kind = model.results?.kind
    self.frame = Int(frame.pixels.sequence)
    time_ms = Self.rounded(frame.milliseconds, 3)
    name = frame.name
    self.verdict = verdict.name
    var (late, cancelled): (Double?, String?) = (nil, nil)
    if case .late(let nanoseconds) = verdict.outcome { late = Self.rounded(Double(nanoseconds) / 1e6, 3) }
    if case .cancelled(let call) = verdict.outcome { cancelled = model.calls[call].name }
    (late_ms, cancelled_at) = (late, cancelled)
    level = verdict.level
    pipeline_ms = Self.rounded(milliseconds, 3)
    model_ms = Self.rounded(Double(verdict.modelNanoseconds) / 1e6, 3)
    overhead_ms = Self.rounded(Double(verdict.overheadNanoseconds) / 1e6, 3)
    age_ms = verdict.ageNanoseconds.map { Self.rounded(Double($0) / 1e6, 3) }
    let isComplete = verdict.isComplete
    boxes =
      kind == .boxes && isComplete
      ? findings.boxes.map { box in
        Found(
          class: box.category, label: names[box.category], score: Self.rounded(Double(box.score), 4),
          box: [box.left, box.top, box.right, box.bottom].map { Self.rounded(Double($0), 2) })
      } : nil
    classes =
      kind == .classes && isComplete
      ? findings.classes.prefix(5).map {
        Found(
          class: $0.category, label: names[$0.category], score: Self.rounded(Double($0.score), 4), box: nil)
      } : nil
    mask_shares =
      kind == .mask && isComplete ? findings.shares.map { $0.map { Self.rounded($0, 5) } } : nil
  }

  private static func rounded(_ value: Double, _ digits: Int) -> Double {
    let scale = pow(10, Double(digits))
    return (value * scale).rounded() / scale
  }
}

/// Where `--json` writes to, a line at a time, so that an interruption leaves whole lines.
final class RecordWriter {
  private let path: String
  private let file: FileHandle

  /// - Parameter path: `-` is standard output.
  /// - Throws: `MediaError.unwritable`.
  init(path: String) throws {
    self.path = path
    guard path != "-" else {
      file = .standardOutput
      return
    }
    if !FileManager.default.fileExists(atPath: path) || Files.isPlain(path) {
      try Files.write([], to: path)
    }
    guard let file = FileHandle(forWritingAtPath: path) else {
      throw MediaError.unwritable(path: path, reason: "the system refuses")
    }
    self.file = file
  }

  func write(_ record: FrameRecord) throws {
    do { try file.write(contentsOf: Data(try Console.jsonBytes(record) + [0x0A])) } catch {
      throw MediaError.unwritable(path: path, reason: "\(error.localizedDescription)")
    }
  }
}
