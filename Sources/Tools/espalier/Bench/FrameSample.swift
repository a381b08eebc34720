internal import EspalierRuntime

/// What was measured of one frame. Times are nanoseconds.
struct FrameSample: Sendable, Equatable {
  /// Its place among the frames of the run, or of the camera, dropped ones too.
  var index = 0
  /// When the camera gave it; without a camera, when it began.
  var due: UInt64 = 0
  var start: UInt64 = 0
  var end: UInt64 = 0
  /// Of all threads together.
  var processor: UInt64 = 0
  /// Frames that the camera gave before it and nobody computed.
  var dropped = 0
  var counters = SystemCounters()
  /// When the outputs had to be there; 0: nobody said.
  var deadline: UInt64 = 0
  /// What the session said of the frame.
  var verdict = FrameVerdict(outcome: .met)

  /// From inputs ready in memory to outputs ready in memory.
  var milliseconds: Double { Double(end - start) / 1e6 }
  /// From the camera's frame to the outputs.
  var age: Double { Double(end - due) / 1e6 }
}

/// What the system counts for this process.
struct SystemCounters: Sendable, Equatable, Encodable {
  /// A thread had to leave a processor although it had work.
  var involuntarySwitches = 0
  /// A thread left its processor to wait.
  var voluntarySwitches = 0
  /// Pages that came without reading from a disk.
  var minorFaults = 0
  /// Pages that were read from a disk.
  var majorFaults = 0
  /// Calls of malloc and its kin; 0 where they cannot be counted.
  var allocations = 0

  static func + (a: SystemCounters, b: SystemCounters) -> SystemCounters { a.combined(b, by: +) }
  static func - (a: SystemCounters, b: SystemCounters) -> SystemCounters { a.combined(b, by: -) }

  private func combined(_ other: SystemCounters, by operation: (Int, Int) -> Int) -> SystemCounters {
    SystemCounters(
      involuntarySwitches: operation(involuntarySwitches, other.involuntarySwitches),
      voluntarySwitches: operation(voluntarySwitches, other.voluntarySwitches),
      minorFaults: operation(minorFaults, other.minorFaults),
      majorFaults: operation(majorFaults, other.majorFaults),
      allocations: operation(allocations, other.allocations))
  }

  private enum CodingKeys: String, CodingKey {
    case involuntarySwitches = "involuntary_switches"
    case voluntarySwitches = "voluntary_switches"
    case minorFaults = "minor_faults"
    case majorFaults = "major_faults"
    case allocations
  }
}
