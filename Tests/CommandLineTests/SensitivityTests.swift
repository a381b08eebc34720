import EspalierMedia
import Foundation
import Testing

@Suite("sensitivity") struct SensitivityTests {
  private func sensitivity(_ arguments: [String]) throws -> CommandRun {
    try CommandRun(
      ["sensitivity", Signs.model, "--calibrate", Signs.pictures] + Signs.compileOptions + arguments)
  }

  @Test func `writes curves by layer and of the network, and shows them`() throws {
    try withFolder { folder in
      let (file, page) = ("\(folder)/curves.json", "\(folder)/curves.html")
      let run = try sensitivity([
        "--sparsity", "0.95", "50%", "--centers", "2", "64", "--frames", "3", "-o", file, "--report", page,
      ])
      #expect(run.status == 0, "\(run.errors)")
      #expect(run.output.contains("None of this makes a frame faster"))
      let json = try JSONSerialization.jsonObject(with: Data(try Files.read(file)))
      let report = try #require(json as? [String: Any])
      #expect(report["frames"] as? Int == 3)
      let layers = try #require(report["layers"] as? [[String: Any]])
      #expect(layers.reduce(0) { $0 + ($1["weights"] as? Int ?? 0) } == report["weights"] as? Int)
      for layer in layers {
        let points = try #require(layer["points"] as? [[String: Double]])
        #expect(points.map { $0["sparsity"] } == [0.5, 0.95])
        // Half at 0: one bit says which, and half of 32.
        #expect(abs(try #require(points[0]["bits"]) - 17) < 0.01)
      }
      let network = try #require(report["network"] as? [[String: Double]]).compactMap { $0["divergence"] }
      #expect(network.count == 2 && network[0] < network[1])
      let clustering = try #require(report["clustering"] as? [[String: Double]])
      #expect(clustering.map { $0["centers"] } == [2, 64])
      #expect(try #require(clustering[1]["divergence"]) < (try #require(clustering[0]["divergence"])))
      #expect(try #require(clustering[0]["bits"]) < 1.1)
      #expect(try #require(clustering[1]["bits"]) < 6.5)
      let html = String(decoding: try Files.read(page), as: UTF8.self)
      #expect(html.components(separatedBy: "<svg").count - 1 == layers.count + 3)
    }
  }

  @Test func `says what is wrong, and writes nothing`() throws {
    try withFolder { folder in
      let file = "\(folder)/curves.json"
      for arguments in [["--sparsity", "1"], ["--centers", "1"], ["--frames", "0"], ["--report", file]] {
        #expect(try sensitivity(arguments + ["-o", file]).status == 2)
      }
      let run = try CommandRun(
        ["sensitivity", Signs.model, "--calibrate", "\(folder)/none", "-o", file] + Signs.compileOptions)
      #expect(run.status == 1)
      #expect(run.errors.contains("\(folder)/none"), "\(run.errors)")
      #expect(!FileManager.default.fileExists(atPath: file))
    }
  }
}
