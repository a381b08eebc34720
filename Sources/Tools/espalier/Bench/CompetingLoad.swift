internal import ArgumentParser
internal import CMeasure
internal import Foundation

/// `cpu`, `memory:2`: other processes that want the processor while frames are timed.
struct CompetingLoad: ExpressibleByArgument, Equatable, Sendable {
  enum Kind: String, CaseIterable, ExpressibleByArgument, Sendable {
    /// Arithmetic in registers.
    case cpu
    /// Reads and writes of 256 MB, over and over.
    case memory
  }

  let kind: Kind
  /// How many processes; nil: one for each core.
  let count: Int?

  init?(argument: String) {
    let parts = argument.split(separator: ":", omittingEmptySubsequences: false)
    guard let first = parts.first, let kind = Kind(rawValue: String(first)), parts.count <= 2 else {
      return nil
    }
    self.kind = kind
    guard parts.count == 2 else {
      count = nil
      return
    }
    guard let count = Int(parts[1]), (1...256).contains(count) else { return nil }
    self.count = count
  }

  var text: String { kind.rawValue + (count.map { ":\($0)" } ?? "") }
}

/// Processes that compete; they end with this object, and when this process ends, however it does: by a signal that can
/// be caught they are reaped first, and the kernel ends them with a parent that is killed.
final class Competitors {
  /// How many run.
  private(set) var count = 0

  /// - Throws: `CommandError` where the system refuses a process; those that began have ended then.
  init(_ loads: [CompetingLoad]) throws {
    for load in loads {
      for _ in 0..<(load.count ?? Competitors.coreCount) {
        let child = try Self.start(load.kind)
        guard measure_add_competitor(child) == 0 else {
          kill(child, SIGKILL)
          throw CommandError("--with-load: no more than \(count) processes compete")
        }
        count += 1
      }
    }
  }

  deinit { end() }

  /// Ends and reaps all of them.
  func end() {
    measure_end_competitors()
    count = 0
  }

  private static var coreCount: Int { max(1, Int(measure_cores(nil, 0))) }

  /// This program again, as `espalier compete`.
  private static func start(_ kind: CompetingLoad.Kind) throws -> pid_t {
    let path =
      (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")) ?? "/proc/self/exe"
    let words = [path, Compete.name, kind.rawValue, "\(getpid())"]
    var arguments: [UnsafeMutablePointer<CChar>?] = words.map { strdup($0) }
    arguments.append(nil)
    defer { for argument in arguments { free(argument) } }
    var child: pid_t = 0
    let code = posix_spawn(&child, path, nil, nil, arguments, environ)
    guard code == 0 else {
      throw CommandError("--with-load: no process for \(kind.rawValue): \(String(cString: strerror(code)))")
    }
    return child
  }
}

/// `espalier compete`: what a competing process does. For `bench --with-load` alone.
struct Compete: ParsableCommand {
  static let name = "compete"
  static let configuration = CommandConfiguration(
    commandName: name, abstract: "Keep a core or the memory busy until another process ends.",
    shouldDisplay: false)

  @Argument var kind: CompetingLoad.Kind
  @Argument(help: "The process to end with.") var parent: Int32

  func run() throws {
    guard measure_end_with(parent) == 0 else { return }
    switch kind {
    case .cpu: measure_load_arithmetic()
    case .memory: measure_load_memory()
    }
  }
}
