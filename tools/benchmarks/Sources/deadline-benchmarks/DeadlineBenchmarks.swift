import EspalierRuntime

/// Random deadlines from 5 % to 150 % of the median time of a frame: is every verdict right, how long after its
/// deadline does a cancelled frame end, and are frames behind it as if nothing had been?
///
///     deadline-benchmarks FRAMES THREADS[@PRIORITY] PACK…
///
/// With a priority all threads are scheduled by SCHED_FIFO: then other processes do not take their cores away. Prints a table; exits 1 where a bar is missed.
@main struct DeadlineBenchmarks {
  /// How much longer than the stated distance cancelling may take, at the 99th percentile.
  static let allowance: UInt64 = 50_000

  static func main() throws {
    let arguments = CommandLine.arguments
    let numbers = arguments.dropFirst(2).first?.split(separator: "@").compactMap { Int($0) } ?? []
    guard arguments.count > 3, let frames = Int(arguments[1]), frames > 0, let threads = numbers.first else {
      print("usage: deadline-benchmarks FRAMES THREADS[@PRIORITY] PACK…")
      exit(status: 2)
    }
    let priority = numbers.count > 1 ? numbers[1] : 0
    print(Row.header)
    var passed = true
    for path in arguments[3...] {
      let row = try measure(path, frames: frames, threads: threads, priority: priority)
      print(row.text)
      passed = passed && row.passes
    }
    if !passed { exit(status: 1) }
  }

  private static func measure(_ path: String, frames: Int, threads: Int, priority: Int) throws -> Row {
    var random = SeededNumbers(seed: 1)
    var stream = try TimedStream(path, threads: threads, priority: priority)
    var row = Row(path: path, threads: threads, frames: frames)
    try stream.keepReference()
    row.stated = stream.statedDistance
    row.median = try stream.medianNanoseconds(of: 101)
    var isAfterCancelled = false
    for _ in 0..<frames {
      let share = 0.05 + 1.45 * Double(random.next() >> 11) / Double(1 << 53)
      let frame = try stream.run(within: UInt64(Double(row.median) * share))
      row.note(frame, isAfterCancelled: isAfterCancelled)
      isAfterCancelled = frame.isCancelled
    }
    row.counters = stream.counters
    return row
  }
}

/// SplitMix64: the same deadlines in every run.
struct SeededNumbers {
  private var state: UInt64

  init(seed: UInt64) { state = seed }

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var mixed = state
    mixed = (mixed ^ mixed >> 30) &* 0xBF58_476D_1CE4_E5B9
    mixed = (mixed ^ mixed >> 27) &* 0x94D0_49BB_1331_11EB
    return mixed ^ mixed >> 31
  }
}
