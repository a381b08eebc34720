internal import CPeak
internal import EspalierRuntime
internal import Foundation

/// Frame after frame, each timed from inputs ready in memory to outputs ready in memory.
struct FrameTimes {
  /// Milliseconds of the first frame that the session ever ran.
  let first: Double
  /// Milliseconds of every frame that was timed.
  private(set) var wall: [Double] = []
  /// Milliseconds that all threads together spent on processors, for each frame.
  private(set) var processor: [Double] = []
  /// How often the system took a processor away during each frame.
  private(set) var interruptions: [Int] = []

  init(
    _ runner: inout FrameRunner, _ frames: [InputFrames], warmup: Int, iterations: Int
  ) throws {
    runner.load(frames, frame: 0)
    let start = ContinuousClock.now
    try runner.run()
    first = (ContinuousClock.now - start).milliseconds
    var progress = Progress("warming up", total: warmup)
    for index in 0..<warmup {
      try runner.run()
      progress.update(index + 1)
    }
    progress.finish()
    wall.reserveCapacity(iterations)
    processor.reserveCapacity(iterations)
    interruptions.reserveCapacity(iterations)
    let count = frames.first?.frameCount ?? 1
    progress = Progress("timing frames", total: iterations)
    for index in 0..<iterations {
      if count > 1 { runner.load(frames, frame: index % count) }
      try time(&runner)
      progress.update(index + 1)
    }
    progress.finish()
  }

  private mutating func time(_ runner: inout FrameRunner) throws {
    let switches = ProcessUsage.involuntarySwitches
    let processorStart = ProcessUsage.processorMilliseconds
    let start = ContinuousClock.now
    try runner.run()
    let end = ContinuousClock.now
    processor.append(ProcessUsage.processorMilliseconds - processorStart)
    interruptions.append(ProcessUsage.involuntarySwitches - switches)
    wall.append((end - start).milliseconds)
  }

  /// Milliseconds of the frames during which no processor was taken away.
  var undisturbed: [Double] { zip(wall, interruptions).filter { $0.1 == 0 }.map(\.0) }
}

/// What the system counts for this process.
enum ProcessUsage {
  /// Time that all threads spent on processors.
  static var processorMilliseconds: Double {
    var time = timespec()
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time)
    return Double(time.tv_sec) * 1_000 + Double(time.tv_nsec) / 1e6
  }

  /// How often a thread had to leave a processor although it had work.
  static var involuntarySwitches: Int {
    var usage = rusage()
    getrusage(RUSAGE_SELF.rawValue, &usage)
    return usage.ru_nivcsw
  }

  /// Physical memory in use; 0 where the system does not say.
  static var residentMegabytes: Double {
    guard let text = try? String(contentsOfFile: "/proc/self/statm", encoding: .utf8) else { return 0 }
    let fields = text.split(separator: " ").compactMap { Double($0) }
    return fields.count > 1 ? fields[1] * Double(sysconf(Int32(_SC_PAGESIZE))) / 1e6 : 0
  }
}

/// The most that one core does.
enum ProcessorPeak {
  /// Float multiply-adds per second, measured now, with the widest vectors that the kernels use; nil where
  /// there is no measurement for this processor.
  static var measured: Double? {
    let peak = peak_multiply_adds_per_second(Int32(InstructionSet.limit.rawValue))
    return peak > 0 ? peak : nil
  }
}
