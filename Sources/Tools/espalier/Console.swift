internal import Foundation

/// What the user reads: results on standard output, everything else on standard error.
enum Console {
  /// A line on standard error.
  static func note(_ text: String) { FileHandle.standardError.write(Data((text + "\n").utf8)) }

  /// One JSON object on one line of standard output.
  static func json(_ value: some Encodable) throws {
    print(String(decoding: try jsonBytes(value), as: UTF8.self))
  }

  /// One JSON object; keys in order, so that the same value gives the same bytes.
  static func jsonBytes(_ value: some Encodable) throws -> [UInt8] {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    encoder.nonConformingFloatEncodingStrategy = .convertToString(
      positiveInfinity: "inf", negativeInfinity: "-inf", nan: "nan")
    return [UInt8](try encoder.encode(value))
  }

  /// Whether a person looks at standard error.
  static let isInteractive = isatty(STDERR_FILENO) == 1
}

/// Shows on standard error how far a long task is, once it has taken two seconds.
struct Progress {
  private let task: String
  var total: Int
  private let start = ContinuousClock.now
  private var lastShown: ContinuousClock.Instant
  private var isShown = false
  private var done = 0

  init(_ task: String, total: Int) {
    self.task = task
    self.total = total
    lastShown = start
  }

  /// One more is finished.
  mutating func advance() { update(done + 1) }

  /// - Parameter done: How many of `total` are finished.
  mutating func update(_ done: Int) {
    self.done = done
    let now = ContinuousClock.now
    guard now - start > .seconds(2), now - lastShown > .milliseconds(Console.isInteractive ? 200 : 5_000)
    else { return }
    lastShown = now
    isShown = true
    let text = "\(task): \(done) of \(total), \(Int((now - start).milliseconds / 1000)) s"
    guard Console.isInteractive else { return Console.note(text) }
    let filled = total > 0 ? done * 30 / total : 0
    let bar = String(repeating: "#", count: filled) + String(repeating: ".", count: 30 - filled)
    FileHandle.standardError.write(Data("\r[\(bar)] \(text)\u{1B}[K".utf8))
  }

  /// Takes the bar away.
  func finish() {
    if isShown, Console.isInteractive { FileHandle.standardError.write(Data("\r\u{1B}[K".utf8)) }
  }
}

/// One bar after another, for a task of several stages.
struct StageProgress {
  private var current: (name: String, bar: Progress)?

  init() {}

  mutating func update(_ stage: String, _ done: Int, _ total: Int) {
    if current?.name != stage {
      finish()
      current = (stage, Progress(stage, total: total))
    }
    current?.bar.update(done)
  }

  func finish() { current?.bar.finish() }
}

extension Duration {
  var milliseconds: Double {
    Double(components.seconds) * 1_000 + Double(components.attoseconds) * 1e-15
  }
}

/// What `body` gives, and how long it took.
func timed<Result>(_ body: () throws -> Result) rethrows -> (result: Result, milliseconds: Double) {
  let start = ContinuousClock.now
  let result = try body()
  return (result, (ContinuousClock.now - start).milliseconds)
}
