import EspalierMedia
import Foundation
import Testing

@Suite("compile --prune") struct PruneTests {
  private func compile(_ arguments: [String], to pack: String) throws -> CommandRun {
    try CommandRun(["compile", Signs.model] + Signs.compileOptions + arguments + ["-o", pack])
  }

  @Test func `takes away the share of multiply-adds that is asked for, and still knows the signs`() throws {
    try withFolder { folder in
      let pack = "\(folder)/half.espalier"
      let run = try compile(
        [
          "--calibrate", Signs.pictures, "--prune", "0.3", "--recover", "lsq", "--precision", "fp32",
          "--json",
        ],
        to: pack)
      #expect(run.status == 0, "\(run.errors)")
      let pruning = try #require(try run.json()["pruning"] as? [String: Any])
      let before = try #require(pruning["multiply_adds_before"] as? Int)
      let after = try #require(pruning["multiply_adds"] as? Int)
      #expect(Double(after) <= 0.7 * Double(before) && Double(after) >= 0.65 * Double(before))
      #expect(pruning["criterion"] as? String == "obs")
      #expect((pruning["judged_frames"] as? Int ?? 0) > 0)
      let candidates = try #require(pruning["candidates"] as? [[String: Any]])
      #expect(candidates.contains { $0["allocation"] as? String == "uniform" })
      #expect(candidates.filter { $0["chosen"] as? Bool == true }.count == 1)
      let divergences = candidates.compactMap { $0["divergence"] as? Double }
      #expect(divergences == divergences.sorted())
      let result = try CommandRun(["run", pack, "--input", Signs.pictures, "--json"])
      #expect(result.status == 0)
    }
  }

  @Test func `judges by the frames that are held back for it`() throws {
    try withFolder { folder in
      let options = [
        "--calibrate", Signs.pictures, "--prune", "0.4", "--allocation", "uniform", "--recover", "stats",
        "--precision", "fp32", "--json",
      ]
      func pruning(_ more: [String]) throws -> [String: Any] {
        let run = try compile(options + more, to: "\(folder)/x.espalier")
        #expect(run.status == 0, "\(run.errors)")
        return try #require(try run.json()["pruning"] as? [String: Any])
      }
      let count = try FileManager.default.contentsOfDirectory(atPath: Signs.pictures).count
      let noise = FloatArray(
        shape: [7, 3, 32, 32], elements: (0..<7 * 3_072).map { Float($0 * 7_919 % 2_003) / 1_001 - 1 })
      let data = "\(folder)/noise.npy"
      try Files.write(NumPyFile.encode(noise), to: data)
      let (split, own) = (try pruning([]), try pruning(["--hold-back", Signs.pictures]))
      let strange = try pruning(["--hold-back", data])
      #expect(split["judged_frames"] as? Int == count / 5)
      #expect(own["judged_frames"] as? Int == count && strange["judged_frames"] as? Int == 7)
      let divergences = [split, own, strange].compactMap { $0["divergence"] as? Double }
      #expect(Set(divergences).count == 3)
      for loss in [split, own, strange].map({ $0["expected_loss"] as? Double ?? -1 }) {
        #expect((0...1).contains(loss))
      }
    }
  }

  @Test func `gives the same bytes each time, and an ONNX model that compiles to the same outputs`() throws {
    try withFolder { folder in
      let (one, two, onnx) = ("\(folder)/1.espalier", "\(folder)/2.espalier", "\(folder)/p.onnx")
      let options = [
        "--calibrate", Signs.pictures, "--prune", "0.4", "--allocation", "uniform", "--recover", "stats",
        "--precision", "fp32",
      ]
      let run = try compile(options + ["--save-onnx", onnx], to: one)
      #expect(run.status == 0, "\(run.errors)")
      #expect(try compile(options, to: two).status == 0)
      #expect(FileManager.default.contents(atPath: one) == FileManager.default.contents(atPath: two))
      let compared = try CommandRun([
        "compare", onnx, one, "--frames", Signs.pictures, "--no-layers", "--json",
      ])
      #expect(compared.status == 0, "\(compared.errors)")
      let outputs = try #require(try compared.json()["outputs"] as? [[String: Any]])
      #expect(outputs.allSatisfy { ($0["cosine"] as? Double ?? 0) > 0.999999 })
    }
  }

  @Test func `cuts by ranks that were brought, and refuses those of another network`() throws {
    try withFolder { folder in
      let ranks = "\(folder)/ranks.json"
      let written = try CommandRun([
        "rank", Signs.model, "--shape", "input=1x3x32x32", "--criterion", "l1", "-o", ranks,
      ])
      #expect(written.status == 0, "\(written.errors)")
      let options = ["--prune", "0.3", "--allocation", "uniform", "--no-recover"]
      let (byFile, byName) = ("\(folder)/file.espalier", "\(folder)/name.espalier")
      #expect(try compile(options + ["--ranks", ranks], to: byFile).status == 0)
      #expect(try compile(options + ["--criterion", "l1"], to: byName).status == 0)
      let runs = try [byFile, byName].map { pack in
        try CommandRun(["run", pack, "--input", Signs.pictures, "--output", pack + ".npz"])
      }
      #expect(runs.allSatisfy { $0.status == 0 })
      #expect(try Files.read(byFile + ".npz") == Files.read(byName + ".npz"))
      let text = String(decoding: try Files.read(ranks), as: UTF8.self)
      let other = text.replacingOccurrences(of: "\"structure\": \"", with: "\"structure\": \"0")
      try Files.write(Array(other.utf8), to: ranks)
      let refused = try compile(options + ["--ranks", ranks], to: "\(folder)/x.espalier")
      #expect(refused.status == 1)
      #expect(!FileManager.default.fileExists(atPath: "\(folder)/x.espalier"))
    }
  }

  @Test(arguments: [
    (["--prune", "0.3", "--keep", "nowhere"], "'nowhere'"),
    (["--budget", "0.0001ms"], "cannot be kept"),
    (["--budget", "10s"], "already"),
    (["--size", "1GB"], "already"),
    (["--prune", "0.3", "--ranks", "/no/such.json"], "/no/such.json"),
    (["--prune", "0.3", "--calibrate", "/no/such/folder"], "/no/such/folder"),
    (["--prune", "0.3", "--max-disagreement", "0.1"], "held back"),
    (["--prune", "0.3", "--calibrate", Signs.pictures, "--hold-back", "/no/such/folder"], "/no/such/folder"),
  ])
  func `says what is wrong and writes nothing`(arguments: [String], message: String) throws {
    try withFolder { folder in
      let run = try compile(arguments, to: "\(folder)/x.espalier")
      #expect(run.status == 1)
      #expect(run.errors.contains(message), "\(run.errors)")
      #expect(!FileManager.default.fileExists(atPath: "\(folder)/x.espalier"))
    }
  }

  @Test(arguments: [
    ["--prune", "0"], ["--prune", "1"], ["--prune", "-0.5"], ["--prune", "7"], ["--prune", "half"],
    ["--prune", "nan"], ["--budget", "0ms"], ["--budget", "8"], ["--latency", "1.5"], ["--size", "-1MB"],
    ["--prune", "0.5", "--budget", "8ms"], ["--criterion", "l1"], ["--keep", "conv1"],
    ["--prune", "0.5", "--schedule", "linear"], ["--prune", "0.5", "--schedule", "cubic:3"],
    ["--prune", "0.5", "--criterion", "obs"], ["--prune", "0.5", "--ranks", "x", "--criterion", "l1"],
    ["--prune", "0.5", "--hold-back", Signs.pictures],
    ["--calibrate", Signs.pictures, "--hold-back", Signs.pictures],
    ["--prune", "0.5", "--no-recover", "--recover", "lsq"], ["--prune", "0.5", "--max-drop", "1"],
  ])
  func `2 for wrong usage`(arguments: [String]) throws {
    try withFolder { folder in
      let run = try compile(arguments, to: "\(folder)/never.espalier")
      #expect(run.status == 2)
    }
  }

  @Test func `is judged by labels, and gives up where too much is lost`() throws {
    try withFolder { folder in
      // Frames of noise: what the whole network answers are the labels.
      let noise = FloatArray(
        shape: [6, 3, 32, 32], elements: (0..<6 * 3_072).map { Float($0 * 7_919 % 2_003) / 1_001 - 1 })
      let data = "\(folder)/data.npy"
      try Files.write(NumPyFile.encode(noise), to: data)
      let pack = try Signs.pack.get()
      let archive = "\(folder)/out.npz"
      #expect(try CommandRun(["run", pack, "--input", data, "--output", archive]).status == 0)
      let logits = try NumPyArchive.decode(try Files.read(archive), path: archive)[0].array.elements
      let classes = (0..<6).map { frame in
        (0..<43).max { logits[frame * 43 + $0] < logits[frame * 43 + $1] } ?? 0
      }
      let table = "\(folder)/labels.csv"
      try Files.write(Array(("label\n" + classes.map { "\($0)\n" }.joined()).utf8), to: table)
      let options = ["--prune", "0.9", "--no-recover", "--judge", data, "--labels", table, "--max-drop"]
      let kept = try compile(options + ["100", "--json"], to: "\(folder)/x.espalier")
      #expect(kept.status == 0, "\(kept.errors)")
      let accuracy = try #require(try kept.json()["labelled"] as? [String: Any])
      #expect(accuracy["before"] as? Double == 100 && accuracy["frames"] as? Int == 6)
      let refused = try compile(options + ["0"], to: "\(folder)/y.espalier")
      let after = try #require(accuracy["after"] as? Double)
      #expect(after < 100, "90 % cut without recovery changes an answer of six")
      #expect(refused.status == 1 && refused.errors.contains("--max-drop"), "\(refused.errors)")
      #expect(!FileManager.default.fileExists(atPath: "\(folder)/y.espalier"))
    }
  }
}
