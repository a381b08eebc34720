import Foundation
import Testing

@Suite("Processes that compete") struct CompetingLoadTests {
  /// Processes whose parent is `parent`, as /proc says.
  private func children(of parent: Int32) -> [Int32] {
    let all = (try? FileManager.default.contentsOfDirectory(atPath: "/proc")) ?? []
    return all.compactMap { Int32($0) }.filter { process in
      guard let text = try? String(contentsOfFile: "/proc/\(process)/stat", encoding: .utf8) else {
        return false
      }
      // The name stands in parentheses and may hold anything; state and parent follow it.
      let fields = text.drop { $0 != ")" }.split(separator: " ")
      return fields.count > 2 && fields[2] == "\(parent)" && fields[1] != "Z"
    }
  }

  private func begin(_ arguments: [String]) throws -> Process {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: CommandLine.arguments[0]).deletingLastPathComponent()
      .appendingPathComponent("espalier")
    process.arguments = arguments
    process.standardOutput = FileHandle.nullDevice
    process.standardError = FileHandle.nullDevice
    try process.run()
    return process
  }

  private func wait(_ seconds: Double, until condition: () -> Bool) -> Bool {
    let end = Date(timeIntervalSinceNow: seconds)
    while Date() < end {
      if condition() { return true }
      usleep(20_000)
    }
    return condition()
  }

  @Test func `run while frames are timed, and have ended with the command`() throws {
    let run = try CommandRun([
      "bench", try Signs.pack.get(), "-n", "30", "--with-load", "cpu:1", "--with-load", "memory:1", "--json",
    ])
    #expect(run.status == 0)
    #expect(try run.json()["load"] as? [String] == ["cpu:1", "memory:1"])
    #expect(run.output.contains("competing: cpu:1, memory:1"))
  }

  /// Nobody is left to end them then but the system.
  @Test func `end with the command, even where that is killed`() throws {
    let process = try begin(["bench", try Signs.pack.get(), "--duration", "60", "--with-load", "cpu:2"])
    let parent = process.processIdentifier
    #expect(wait(20) { children(of: parent).count == 2 })
    let found = children(of: parent)
    kill(parent, SIGKILL)
    process.waitUntilExit()
    #expect(process.terminationReason == .uncaughtSignal)
    let ended = wait(10) {
      found.allSatisfy { !FileManager.default.fileExists(atPath: "/proc/\($0)/exe") || isZombie($0) }
    }
    #expect(ended)
  }

  private func isZombie(_ process: Int32) -> Bool {
    guard let text = try? String(contentsOfFile: "/proc/\(process)/stat", encoding: .utf8) else {
      return true
    }
    return text.drop { $0 != ")" }.split(separator: " ").dropFirst().first == "Z"
  }

  @Test func `end at once where their parent has ended before they began`() throws {
    let process = try begin(["compete", "cpu", "1"])
    process.waitUntilExit()
    #expect(process.terminationStatus == 0)
  }
}
