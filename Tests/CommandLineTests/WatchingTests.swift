import CVideo
import EspalierMedia
import Foundation
import Testing

@testable import espalier

/// `espalier watch` as a user runs it, on the traffic-sign network.
@Suite("espalier watch") struct WatchingTests {
  /// A pack that says what its outputs mean.
  private static let pack: Result<String, any Error> = Result {
    let path = FileManager.default.temporaryDirectory.appendingPathComponent("\(UUID()).espalier").path
    let meaning = ["--results", "classes", "--classes", Signs.classes]
    let run = try CommandRun(["compile", Signs.model] + Signs.compileOptions + meaning + ["-o", path])
    guard run.status == 0 else { throw Signs.CompileFailed(errors: run.errors) }
    atexit { if case .success(let path) = WatchingTests.pack { unlink(path) } }
    return path
  }

  private func records(_ text: String) throws -> [[String: Any]] {
    try text.split(separator: "\n").map {
      try #require(try JSONSerialization.jsonObject(with: Data($0.utf8)) as? [String: Any])
    }
  }

  private func topLabel(_ record: [String: Any]) -> String? {
    (record["classes"] as? [[String: Any]])?.first?["label"] as? String
  }

  @Test func `says of every picture of a folder what 'run' says of it`() throws {
    let pack = try Self.pack.get()
    let run = try CommandRun(["watch", pack, Signs.pictures, "--json", "-"])
    #expect(run.status == 0, "\(run.errors)")
    let found = try records(run.output)
    #expect(found.count == 13)
    #expect(found.allSatisfy { $0["verdict"] as? String == "met" })
    #expect(found.map { $0["frame"] as? Int } == (0..<13).map { $0 })
    let labels = Dictionary(
      uniqueKeysWithValues: found.map { ($0["name"] as? String ?? "", topLabel($0) ?? "") })
    #expect(labels["stop.png"] == "Stop" && labels["give-way.png"] == "Give way")
    #expect(run.errors.contains("13 frames") && run.errors.contains("13 met, 0 late"))
  }

  /// Pictures of different sizes make one video, in which every frame can be read.
  @Test func `writes a video of what it saw, and its own video can be watched`() throws {
    let pack = try Self.pack.get()
    try withFolder { folder in
      let first = try CommandRun([
        "watch", pack, Signs.pictures, "--rate", "5", "-o", "\(folder)/seen.mp4", "--json",
        "\(folder)/seen.jsonl",
      ])
      #expect(first.status == 0, "\(first.errors)")
      #expect(first.output.contains("wrote \(folder)/seen.mp4: 13 frames"))
      let lines = try records(String(decoding: try Files.read("\(folder)/seen.jsonl"), as: UTF8.self))
      #expect(lines.count == 13)
      let second = try CommandRun(["watch", pack, "\(folder)/seen.mp4", "--json", "-", "--threads", "2"])
      #expect(second.status == 0, "\(second.errors)")
      #expect(
        try records(second.output).map { $0["time_ms"] as? Double } == (0..<13).map { Double($0) * 200 })
    }
  }

  @Test func `gives verdicts against a deadline, and every frame has one`() throws {
    let pack = try Self.pack.get()
    let run = try CommandRun(["watch", pack, Signs.pictures, "--deadline", "1us", "--json", "-"])
    #expect(run.status == 0, "\(run.errors)")
    let found = try records(run.output)
    #expect(found.count == 13)
    #expect(found.allSatisfy { $0["verdict"] as? String != "met" && $0["classes"] == nil })
  }

  @Test func `reads raw frames from a pipe, and refuses one that is cut off`() throws {
    let pack = try Self.pack.get()
    let stop = try EspalierMedia.Picture(contentsOf: "\(Signs.pictures)/stop.png")
    let arguments = [
      "watch", pack, "-", "--size", "\(stop.width)x\(stop.height)", "--format", "rgb24", "--json", "-",
    ]
    for (bytes, status) in [(stop.pixels + stop.pixels, Int32(0)), (stop.pixels + [1, 2, 3], 1)] {
      let process = CommandRun.process(arguments)
      let (input, output, errors) = (Pipe(), Pipe(), Pipe())
      (process.standardInput, process.standardOutput, process.standardError) = (input, output, errors)
      try process.run()
      try input.fileHandleForWriting.write(contentsOf: Data(bytes))
      try input.fileHandleForWriting.close()
      let found = try records(
        String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self))
      process.waitUntilExit()
      #expect(process.terminationStatus == status)
      #expect(found.map(topLabel) == (status == 0 ? ["Stop", "Stop"] : ["Stop"]))
    }
  }

  /// A pipe that stays open: the user's interruption alone ends it.
  @Test func `ends after an interruption with whole files and the summary`() throws {
    let pack = try Self.pack.get()
    try withFolder { folder in
      let process = CommandRun.process([
        "watch", pack, "-", "--size", "64x48", "--format", "gray", "-o", "\(folder)/a.mp4", "--json",
        "\(folder)/a.jsonl",
      ])
      let (input, output) = (Pipe(), Pipe())
      (process.standardInput, process.standardOutput) = (input, output)
      process.standardError = FileHandle.nullDevice
      try process.run()
      for _ in 0..<5 {
        try input.fileHandleForWriting.write(contentsOf: Data(repeating: 90, count: 64 * 48))
      }
      for _ in 0..<200 where (try? Files.read("\(folder)/a.jsonl"))?.filter({ $0 == 0x0A }).count != 5 {
        Thread.sleep(forTimeInterval: 0.05)
      }
      process.interrupt()
      let summary = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
      process.waitUntilExit()
      #expect(process.terminationStatus == 0 && process.terminationReason == .exit)
      #expect(summary.contains("5 frames of 64x48"))
      let video = try VideoSource("\(folder)/a.mp4")
      var count = 0
      while try video.next() != nil { count += 1 }
      #expect(count == 5)
    }
  }

  @Test func `refuses what it cannot do with a sentence`() throws {
    let pack = try Self.pack.get()
    for (arguments, status) in [
      (["/nowhere/drive.mp4"], Int32(1)), (["/dev/video-none"], 1), (["-"], 2),
      ([Signs.pictures, "--size", "huge"], 2), ([Signs.pictures, "--camera", "0"], 2),
      ([Signs.pictures, "-o", "/nowhere/a.mp4"], 1), ([Signs.pictures, "--json", "/nowhere/a.jsonl"], 1),
      ([Signs.pictures, "--threads", "0"], 2), ([Signs.classes], 1),
    ] {
      let run = try CommandRun(["watch", pack] + arguments)
      #expect(run.status == status && !run.errors.isEmpty, "\(arguments): \(run.errors)")
    }
  }
}
