import EspalierRuntime
import Foundation
import Testing

@Suite("compile --levels and --resolutions") struct LevelCommandTests {
  private func compile(_ arguments: [String], to pack: String) throws -> CommandRun {
    try CommandRun(["compile", Signs.model] + Signs.compileOptions + arguments + ["-o", pack])
  }

  /// Each level computes what a pack of its own would.
  @Test func `packs what would otherwise be several packs`() throws {
    try withFolder { folder in
      let (pack, half) = ("\(folder)/levels.espalier", "\(folder)/half.espalier")
      let options = ["--calibrate", Signs.pictures, "--recover", "stats", "--precision", "fp32"]
      let run = try compile(options + ["--levels", "1.0,0.5", "--json"], to: pack)
      #expect(run.status == 0, "\(run.errors)")
      let levels = try #require(try run.json()["levels"] as? [[String: Any]])
      #expect(levels.count == 2)
      #expect(levels[0]["pruning"] == nil)
      #expect(levels[1]["pruning"] != nil)
      let single = try compile(options + ["--prune", "0.5"], to: half)
      #expect(single.status == 0, "\(single.errors)")
      let model = try Model(path: pack)
      let noise = (0..<3_072).map { index -> Float in Float(index * 37 % 255) / 127.5 - 1 }
      var session = try Session(model)
      for (level, own) in [try Signs.pack.get(), half].enumerated() {
        var alone = try Session(Model(path: own))
        session.allowedLevels = level...level
        #expect(try session.run([noise]) == alone.run([noise]))
      }
      let sizes = try [pack, half].map { try #require(FileManager.default.contents(atPath: $0)).count }
      #expect(sizes[0] > sizes[1])
      let inspected = try CommandRun(["inspect", pack, "--json"]).json()
      #expect((inspected["levels"] as? [[String: Any]])?.count == 2)
    }
  }

  @Test func `gives each frame the largest level that its time is enough for`() throws {
    try withFolder { folder in
      let pack = "\(folder)/levels.espalier"
      #expect(try compile(["--levels", "1.0,0.4", "--no-recover"], to: pack).status == 0)
      for (deadline, level) in [("10s", 0), ("1us", 1)] {
        let run = try CommandRun([
          "run", pack, "--input", Signs.pictures, "--deadline", deadline, "--json",
        ])
        let report = try #require(try run.json()["deadline"] as? [String: Any])
        let verdicts = try #require(report["verdicts"] as? [[String: Any]])
        #expect(!verdicts.isEmpty)
        for verdict in verdicts where verdict["outcome"] as? String != "skipped" {
          #expect(verdict["level"] as? Int == level)
        }
      }
    }
  }

  @Test func `weighs fewer pixels against fewer filters`() throws {
    try withFolder { folder in
      let pack = "\(folder)/small.espalier"
      let run = try compile(
        [
          "--calibrate", Signs.pictures, "--precision", "fp32", "--prune", "0.4", "--recover", "stats",
          "--resolutions", "24,28x24", "--json",
        ], to: pack)
      #expect(run.status == 0, "\(run.errors)")
      let report = try run.json()
      let tried = try #require(report["resolutions"] as? [[String: Any]])
      #expect(Set(tried.compactMap { $0["size"] as? [Int] }) == [[32, 32], [24, 24], [28, 24]])
      let divergences = tried.compactMap { $0["divergence"] as? Double }
      #expect(divergences.count == 3)
      #expect(divergences == divergences.sorted())
      #expect(tried.filter { $0["chosen"] as? Bool == true }.count == 1)
      // 24x24 has 56 % of the pixels: it keeps the budget with all its filters.
      let square = try #require(tried.first { $0["size"] as? [Int] == [24, 24] })
      #expect(square["pruned"] as? Bool == false)
      let model = try Model(path: pack)
      #expect(Array(model.inputs[0].shape.suffix(2)) == tried[0]["size"] as? [Int])
      #expect(Double(model.multiplyAdds) < 0.63 * 26.5e6)
    }
  }

  @Test(arguments: [
    ["--levels", "1.0"], ["--levels", "0.5,0.7"], ["--levels", "1,0.9,0.8,0.7,0.6"], ["--levels", "1.1,0.5"],
    ["--levels", "1,half"], ["--levels", "1,0.5", "--prune", "0.5"],
    ["--levels", "1,0.5", "--save-onnx", "x.onnx"], ["--resolutions", "24"],
    ["--prune", "0.5", "--resolutions", "0"], ["--prune", "0.5", "--resolutions", "24x"],
    ["--levels", "1,0.5", "--resolutions", "24"],
  ])
  func `2 for wrong usage`(arguments: [String]) throws {
    try withFolder { folder in
      let run = try compile(arguments, to: "\(folder)/never.espalier")
      #expect(run.status == 2)
      #expect(try FileManager.default.contentsOfDirectory(atPath: folder).isEmpty)
    }
  }
}
