import EspalierRuntime
import Foundation
import Testing

@Suite("compile --sparsity and --clusters") struct SparsityOptionTests {
  private func compile(_ options: [String], to pack: String) throws -> [String: Any] {
    let run = try CommandRun(
      ["compile", Signs.model] + Signs.compileOptions + options + ["--json", "-o", pack])
    #expect(run.status == 0, "\(run.errors)")
    return try run.json()
  }

  private func scores(_ pack: String) throws -> [Float] {
    var session = try Session(try Model(path: pack))
    let noise = (0..<3_072).map { index -> Float in Float(index * 37 % 255) / 127.5 - 1 }
    return try session.run([noise])[0]
  }

  @Test func `make float32 files smaller, and say what they cost`() throws {
    try withFolder { folder in
      let (whole, sparse, shared) = ("\(folder)/w", "\(folder)/s", "\(folder)/c")
      let plain = try #require(try compile([], to: whole)["bytes"] as? Int)
      let half = try compile(
        ["--sparsity", "50%", "--calibrate", Signs.pictures, "--precision", "fp32"], to: sparse)
      #expect(try #require(half["bytes"] as? Int) < plain * 7 / 10)
      let report = try #require(half["sparsity"] as? [String: Any])
      let (zeros, weights) = (report["zeros"] as? Int ?? 0, report["weights"] as? Int ?? 0)
      #expect(abs(Double(zeros) / Double(weights) - 0.5) < 0.01)
      #expect(try #require(report["frames"] as? Int) > 0)
      #expect(try #require(report["disagreement"] as? Double) <= 1)
      // Filters of 3x3 are kept as Winograd transformed them, and share nothing then.
      let few = try compile(["--clusters", "16"], to: shared)
      #expect(try #require(few["bytes"] as? Int) < plain / 2)
      #expect((few["sparsity"] as? [String: Any])?["values"] as? Int == 16)
      let outputs = try [whole, sparse, shared].map(scores)
      #expect(outputs[0] != outputs[1] && outputs[0] != outputs[2])
      let largest = outputs[0].map(abs).max() ?? 0
      #expect(zip(outputs[0], outputs[2]).allSatisfy { abs($0 - $1) < 0.5 * largest })
    }
  }

  @Test func `make files of 8 bits smaller, whose zeros stay zeros`() throws {
    try withFolder { folder in
      let frames = ["--calibrate", Signs.pictures]
      let plain = try #require(try compile(frames, to: "\(folder)/a")["bytes"] as? Int)
      let sparse = try compile(frames + ["--sparsity", "0.7"], to: "\(folder)/b")
      #expect(try #require(sparse["bytes"] as? Int) < plain * 6 / 10)
      #expect((sparse["sparsity"] as? [String: Any])?["disagreement"] != nil)
    }
  }
}
