internal import CMeasure
internal import EspalierMedia
internal import EspalierRuntime
internal import Foundation

/// The machine and what of it this run really got.
struct MachineFacts: Encodable {
  let processor: String
  /// Processors that are online.
  let online_cores: Int
  /// Those that this run may use.
  var allowed_cores: [Int]
  let instruction_set: String
  /// The calling thread's scheduling: `SCHED_OTHER`, `SCHED_FIFO 10`, …
  let policy: String
  /// How the clock of the first core is chosen; absent where the system does not say.
  let governor: String?
  /// Whether cores may run faster than their nominal clock; absent where the system does not say.
  let turbo: Bool?
  let kernel: String
  /// Processes that were running or waiting to, on average over the last minute.
  let load_average: Double?

  /// As it is now.
  static var current: MachineFacts {
    var priority: Int32 = 0
    let policy = measure_policy(&priority)
    var cores = [Int32](repeating: 0, count: 1024)
    let count = min(Int(measure_cores(&cores, 1024)), 1024)
    return MachineFacts(
      processor: ProcessorInfo.current.name,
      online_cores: sysconf(Int32(_SC_NPROCESSORS_ONLN)), allowed_cores: cores[..<count].map(Int.init),
      instruction_set: InstructionSet.limit.name, policy: Self.name(policy, priority: priority),
      governor: line("/sys/devices/system/cpu/cpu0/cpufreq/scaling_governor"), turbo: turbo,
      kernel: line("/proc/sys/kernel/osrelease") ?? "",
      load_average: line("/proc/loadavg").flatMap { $0.split(separator: " ").first }.flatMap { Double($0) })
  }

  /// One line for people.
  func text(threads: Int) -> String {
    let clock = [
      governor.map { "governor \($0)" }, turbo.map { $0 ? "turbo on" : "turbo off" },
    ].compactMap { $0 }
    let parts =
      [
        processor, instruction_set, "\(threads) thread\(threads == 1 ? "" : "s") on core\(cores)", policy,
        clock.isEmpty ? "clock not known" : clock.joined(separator: ", "), "Linux \(kernel)",
      ] + [load_average.map { "load \(Format.fixed($0, 2))" }].compactMap { $0 }
    return parts.joined(separator: "; ")
  }

  private var cores: String {
    let first = allowed_cores.first ?? 0
    let isRange = allowed_cores == Array(first..<(first + allowed_cores.count))
    let list =
      isRange && allowed_cores.count > 2
      ? "\(first)-\(first + allowed_cores.count - 1)" : allowed_cores.map(String.init).joined(separator: ",")
    return (allowed_cores.count == 1 ? " " : "s ") + list + " of \(online_cores)"
  }

  static func name(_ policy: Int32, priority: Int32) -> String {
    let names = [
      0: "SCHED_OTHER", 1: "SCHED_FIFO", 2: "SCHED_RR", 3: "SCHED_BATCH", 5: "SCHED_IDLE",
      6: "SCHED_DEADLINE",
    ]
    // The highest bit says that children do not inherit it.
    let name = names[Int(policy & 0xFF)] ?? "policy \(policy)"
    return priority > 0 ? "\(name) \(priority)" : name
  }

  private static var turbo: Bool? {
    if let text = line("/sys/devices/system/cpu/intel_pstate/no_turbo") { return text == "0" }
    return line("/sys/devices/system/cpu/cpufreq/boost").map { $0 == "1" }
  }

  /// The first line of a file of the system.
  private static func line(_ path: String) -> String? {
    guard let bytes = try? Files.read(path) else { return nil }
    return String(decoding: bytes, as: UTF8.self).split(separator: "\n").first.map(String.init)
  }
}
