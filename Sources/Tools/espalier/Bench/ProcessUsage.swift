internal import CMeasure
internal import CPeak
internal import EspalierRuntime
internal import Foundation

/// What the system knows of this process.
enum ProcessUsage {
  /// Nanoseconds that all threads spent on processors.
  static var processorNanoseconds: UInt64 {
    var time = timespec()
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time)
    return UInt64(time.tv_sec) * 1_000_000_000 + UInt64(time.tv_nsec)
  }

  /// Counted since the process began, by all threads.
  static var counters: SystemCounters {
    var usage = rusage()
    getrusage(RUSAGE_SELF.rawValue, &usage)
    return SystemCounters(
      involuntarySwitches: usage.ru_nivcsw, voluntarySwitches: usage.ru_nvcsw,
      minorFaults: usage.ru_minflt, majorFaults: usage.ru_majflt,
      allocations: Int(clamping: measure_allocations()))
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
  private static var isa: Int32 { Int32(InstructionSet.limit.rawValue) }

  /// Float multiply-adds per second, measured now, with the widest vectors that the kernels use; nil where
  /// there is no measurement for this processor.
  static var measured: Double? { positive(peak_multiply_adds_per_second(isa)) }

  /// The same of bytes.
  static var measuredBytes: Double? { positive(peak_byte_multiply_adds_per_second(isa)) }

  /// Cycles per second of a busy core.
  static var measuredCycles: Double? { positive(peak_cycles_per_second()) }

  /// The least seconds in which so many bytes are moved, again and again, so that they stand in the caches that
  /// they fit into; four of five are read.
  static func secondsToMove(_ bytes: Int) -> Double? {
    positive(peak_move_seconds(isa, bytes - bytes / 5, bytes / 5))
  }

  private static func positive(_ value: Double) -> Double? { value > 0 ? value : nil }
}
