import EspalierMedia
import Foundation
import Testing

@Suite("observe") struct ObserveTests {
  private static let picture = ["--shape", "input=1x3x32x32", "--mean", "127.5", "--scale", "127.5"]

  private func observe(_ arguments: [String]) throws -> CommandRun {
    try CommandRun(["observe", Signs.model, "--frames", Signs.pictures] + Self.picture + arguments)
  }

  private func archive(_ folder: String) throws -> [String: FloatArray] {
    let path = "\(folder)/observation.npz"
    let entries = try NumPyArchive.decode(try Files.read(path), path: path)
    return Dictionary(uniqueKeysWithValues: entries.map { ($0.name, $0.array) })
  }

  @Test func `writes a series for each tensor and reduction, which agree with the tensors themselves`() throws
  {
    try withFolder { folder in
      let run = try observe([
        "--collections", "outputs", "weights", "--save-tensors", "--json", "-o", "\(folder)/seen",
      ])
      #expect(run.status == 0, "\(run.errors)")
      let report = try run.json()
      #expect(report["frames"] as? Int == 13)
      let arrays = try archive("\(folder)/seen")
      let logits = try #require(arrays["outputs/logits"])
      #expect(logits.shape == [13, 43])
      let largest = try #require(arrays["outputs/logits/max"])
      #expect(largest.elements == (0..<13).map { logits.elements[$0 * 43..<($0 + 1) * 43].max() ?? 0 })
      #expect(arrays.keys.contains { $0.hasPrefix("weights/") && $0.hasSuffix("/l2") })
      #expect(!arrays.keys.contains { $0.hasPrefix("activations/") })
      let page = String(decoding: try Files.read("\(folder)/seen/observation.html"), as: UTF8.self)
      #expect(page.contains("outputs") && page.contains("<svg"))
    }
  }

  @Test func `looks at the tensors, the frames and the reductions that are asked for`() throws {
    try withFolder { folder in
      let run = try observe([
        "--include", "logit*", "--every", "5", "--reductions", "mean", "zeros", "-o", folder,
      ])
      #expect(run.status == 0, "\(run.errors)")
      let arrays = try archive(folder)
      #expect(
        Set(arrays.keys) == [
          "outputs/logits/mean", "outputs/logits/zeros", "outputs/logits/histogram", "outputs/logits/range",
        ])
      #expect(arrays["outputs/logits/mean"]?.shape == [3])
    }
  }

  /// The cross-entropy with the first answer: by the scores `p − e`, and the same by the last layer's bias.
  @Test func `computes gradients when they are named, of the loss that the help names`() throws {
    try withFolder { folder in
      let run = try observe([
        "--collections", "outputs", "weights", "gradients", "--every", "6", "--save-tensors", "--json",
        "-o", folder,
      ])
      #expect(run.status == 0, "\(run.errors)")
      #expect((try run.json()["loss"] as? String)?.hasPrefix("cross-entropy") == true)
      let arrays = try archive(folder)
      let logits = try #require(arrays["outputs/logits"]?.elements)
      let gradients = try #require(arrays["gradients/logits"])
      #expect(gradients.shape == [3, 43])
      for frame in 0..<3 {
        let scores = logits[frame * 43..<(frame + 1) * 43].map(Double.init)
        let top = try #require(scores.max())
        let total = scores.reduce(0) { $0 + exp($1 - top) }
        for (place, score) in scores.enumerated() {
          let expected = exp(score - top) / total - (score == top ? 1 : 0)
          #expect(abs(Double(gradients.elements[frame * 43 + place]) - expected) < 1e-4)
        }
      }
      // A weight's gradient has the weight's shape, and its reductions are those of its elements.
      let weights = arrays.keys.filter { $0.hasPrefix("weights/") && $0.split(separator: "/").count > 1 }
      let whole = weights.filter { !$0.hasSuffix("/range") && arrays[$0]?.shape.count ?? 0 > 1 }
      #expect(whole.count > 10)
      for name in whole {
        let gradient = try #require(arrays["gradients/" + name.dropFirst("weights/".count)], "\(name)")
        let count = try #require(arrays[name]).elements.count
        #expect(gradient.elements.count == 3 * count)
        let most = try #require(arrays["gradients/\(name.dropFirst("weights/".count))/max"]).elements
        #expect(most == (0..<3).map { gradient.elements[$0 * count..<($0 + 1) * count].max() ?? 0 })
      }
    }
  }

  @Test func `takes tensors that were computed elsewhere, and judges them by the same rules`() throws {
    try withFolder { folder in
      let path = "\(folder)/torch.npz"
      let gradients = FloatArray(shape: [2, 3, 1, 1], elements: [1e8, 1, 0, 2, 3, 0])
      let entry = NumPyArchive.Entry(name: "gradients/conv1", array: gradients)
      try Files.write(try NumPyArchive.encode([entry], path: path), to: path)
      let run = try observe(["--tensors", path, "--json", "-o", folder])
      #expect(run.status == 0, "\(run.errors)")
      let findings = try #require(try run.json()["findings"] as? [[String: Any]])
      #expect(
        findings.contains { $0["rule"] as? String == "exploding" && $0["tensor"] as? String == "conv1" })
      #expect(try archive(folder)["gradients/conv1/max"]?.elements == [1e8, 3])
    }
  }

  @Test(arguments: [
    (["--include", "nothing*"], "has a name that --include allows"),
    (["--tensors", "/no/such.npz"], "/no/such.npz"),
  ])
  func `says what is wrong`(arguments: [String], message: String) throws {
    try withFolder { folder in
      let run = try observe(arguments + ["-o", "\(folder)/seen"])
      #expect(run.status == 1)
      #expect(run.errors.contains(message), "\(run.errors)")
      #expect(!FileManager.default.fileExists(atPath: "\(folder)/seen/observation.npz"))
    }
  }

  @Test(arguments: [["--every", "0"], ["--collections", "dreams"], ["--reductions", "median"]])
  func `2 for wrong usage`(arguments: [String]) throws {
    try withFolder { folder in
      let run = try observe(arguments + ["-o", "\(folder)/never"])
      #expect(run.status == 2)
    }
  }
}
