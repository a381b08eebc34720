import EspalierMedia
import Foundation
import PlanFixtures
import Testing

@testable import espalier

@Suite("run and bench --watch-every, --metrics") struct WatchTests {
  private func compile(_ options: [String], to pack: String) throws {
    let run = try CommandRun(["compile", Signs.model] + Signs.compileOptions + options + ["-o", pack])
    #expect(run.status == 0, "\(run.errors)")
  }

  private func write(_ frames: [[Float]], to path: String) throws {
    let array = FloatArray(shape: [frames.count, 3, 32, 32], elements: frames.flatMap { $0 })
    try Files.write(NumPyFile.encode(array), to: path)
  }

  private func watching(_ run: CommandRun) throws -> (frames: Int, alarms: [[String: Any]]) {
    #expect(run.status == 0, "\(run.errors)")
    let report = try #require(try run.json()["watching"] as? [String: Any])
    return (
      try #require(report["watched_frames"] as? Int), try #require(report["alarms"] as? [[String: Any]])
    )
  }

  /// The calibration frames themselves, then ten frames of which each is a little less dark than the one before.
  @Test func `says nothing of frames like those it was calibrated by, and which layers dark ones change`()
    throws
  {
    try withFolder { folder in
      let (pack, dark) = ("\(folder)/x.espalier", "\(folder)/dark.npy")
      try compile(["--calibrate", Signs.pictures, "--watch", "4"], to: pack)
      let usual = try watching(
        CommandRun(["run", pack, "--input", Signs.pictures, "--watch-every", "1", "--json"]))
      #expect(usual.frames == 13)
      #expect(usual.alarms.isEmpty, "\(usual.alarms)")
      try write(
        (0..<10).map { frame in
          (0..<3_072).map { -0.999 + Float(($0 * 37 + frame * 11) % 97) * 1e-4 + Float(frame) * 1e-3 }
        }, to: dark)
      let arguments = ["run", pack, "--input", dark, "--watch-every", "2"]
      let seen = try watching(CommandRun(arguments + ["--json"]))
      #expect(seen.frames == 5)
      let input = seen.alarms.filter { $0["tensor"] as? String == "input" }
      #expect(input.contains { $0["rule"] as? String == "drifted" && $0["raised"] as? Bool == true })
      // Three of the watched frames must agree: numbers 0, 2 and 4.
      #expect(input.allSatisfy { $0["frame"] as? Int == 4 })
      #expect(seen.alarms.contains { $0["tensor"] as? String != "input" }, "no layer noticed")
      let text = try CommandRun(arguments).output
      #expect(text.contains("frame 4: 'input' has drifted: mean -0.9"), "\(text)")
    }
  }

  @Test func `writes what Prometheus reads`() throws {
    try withFolder { folder in
      let (pack, metrics) = ("\(folder)/x.espalier", "\(folder)/x.prom")
      try compile(["--watch", "outputs"], to: pack)
      let frames = "\(folder)/frames.npy"
      try write([(0..<3_072).map { Float($0 % 7) / 7 }, [Float](repeating: .nan, count: 3_072)], to: frames)
      let run = try CommandRun([
        "run", pack, "--input", frames, "--watch-every", "1", "--metrics", metrics, "--json",
      ])
      let alarms = try watching(run).alarms
      #expect(alarms.contains { $0["rule"] as? String == "not_finite" && $0["frame"] as? Int == 1 })
      let text = try String(contentsOfFile: metrics, encoding: .utf8)
      let found = try MetricsParser(text)
      let input = ["tensor": "input", "rule": "not_finite"]
      #expect(found.value("espalier_frames_total", ["outcome": "met"]) == 2)
      #expect(found.value("espalier_watched_frames_total") == 2)
      #expect(found.value("espalier_alarm_raised", input) == 1)
      #expect(found.value("espalier_tensor_not_finite", ["tensor": "input"]) == 3_072)
    }
  }

  @Test func `tells a pack that watches nothing`() throws {
    let run = try CommandRun([
      "run", try Signs.pack.get(), "--input", Signs.pictures, "--watch-every", "1",
    ])
    #expect(run.status == 1)
    #expect(run.errors.contains("--watch"), "\(run.errors)")
  }

  /// Frames of one value, which no calibration frame was: the input is constant, and every layer drifts.
  @Test func `bench counts and judges its frames, and not those whose calls it times`() throws {
    try withFolder { folder in
      let (pack, metrics, frames) = ("\(folder)/x.espalier", "\(folder)/x.prom", "\(folder)/same.npy")
      try compile(["--calibrate", Signs.pictures, "--watch", "2"], to: pack)
      try write([[Float](repeating: 0.5, count: 3_072)], to: frames)
      let run = try CommandRun([
        "bench", pack, "--input", frames, "--iterations", "40", "--warmup", "9", "--watch-every", "10",
        "--metrics", metrics, "--profile", "--json",
      ])
      let seen = try watching(run)
      let counted = try MetricsParser(String(contentsOfFile: metrics, encoding: .utf8))
      let total = try #require(counted.value("espalier_frames_total", ["outcome": "met"]))
      // One frame before the session is prepared, and those that preparing itself runs.
      #expect(total >= 50 && total < 70, "\(total)")
      #expect(Double(seen.frames) == (total / 10).rounded(.up))
      #expect(counted.value("espalier_watched_frames_total") == Double(seen.frames))
      #expect(
        seen.alarms.contains { $0["rule"] as? String == "constant" && $0["tensor"] as? String == "input" })
      #expect(run.output.contains("'input' is the same everywhere"))
    }
  }

  @Test func `are refused where bench searches a rate`() throws {
    let run = try CommandRun(["bench", "x.espalier", "--max-rate", "--metrics", "x.prom"])
    #expect(run.status == 2 && run.errors.contains("leave --max-rate out"), "\(run.errors)")
  }
}
