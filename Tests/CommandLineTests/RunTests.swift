import EspalierMedia
import Foundation
import Testing

@Suite("run") struct RunTests {
  @Test func `pictures become classes, in the order of their names`() throws {
    let run = try CommandRun([
      "run", try Signs.pack.get(), "--input", Signs.pictures, "--labels", Signs.classes, "--top", "1",
      "--json",
    ])
    #expect(run.status == 0)
    let report = try run.json()
    #expect(report["frames"] as? Int == 13)
    #expect((report["times_ms"] as? [Double])?.count == 13)
    let top = try #require(report["top"] as? [[[String: Any]]])
    // What the pictures show, by their names: closed, danger, give-way, …
    #expect(top.map { $0[0]["index"] as? Int } == [15, 18, 13, 7, 1, 4, 5, 17, 38, 12, 14, 35, 33])
  }

  /// Tolerance: float32 in another order of summation, on logits of up to 30.
  @Test func `outputs are what ONNX Runtime computes on the same frames`() throws {
    let golden = try NumPyArchive.decode(
      try Files.read("\(Signs.root)/models/gtsrb_resnet14.golden.npz"), path: "golden")
    let expected = try #require(golden.first { $0.name == "logits" }?.array)
    try withFolder { folder in
      let path = "\(folder)/y.npz"
      let run = try CommandRun(["run", try Signs.pack.get(), "-i", Signs.pictures, "-o", path])
      #expect(run.status == 0)
      let entries = try NumPyArchive.decode(try Files.read(path), path: path)
      #expect(entries.map(\.name) == ["logits"])
      #expect(entries[0].array.shape == expected.shape)
      for (value, expected) in zip(entries[0].array.elements, expected.elements) {
        #expect(abs(value - expected) < 2e-4)
      }
      #expect(try FileManager.default.contentsOfDirectory(atPath: folder) == ["y.npz"])
    }
  }

  @Test func `an input of N frames gives outputs of N frames, in every kind of file`() throws {
    try withFolder { folder in
      let frames = FloatArray(shape: [2, 3, 32, 32], elements: [Float](repeating: 0.25, count: 2 * 3072))
      try Files.write(NumPyFile.encode(frames), to: "\(folder)/x.npy")
      for ending in ["npz", "npy", "json", "bin"] {
        let path = "\(folder)/y.\(ending)"
        let run = try CommandRun([
          "run", try Signs.pack.get(), "--input", "input=\(folder)/x.npy", "-o", path,
        ])
        #expect(run.status == 0)
        #expect(run.output.contains("wrote \(path)"))
      }
      let array = try NumPyFile.decode(try Files.read("\(folder)/y.npy"), path: "y.npy")
      #expect(array.shape == [2, 43])
      #expect(Array(array.elements[..<43]) == Array(array.elements[43...]))
      #expect(try Files.read("\(folder)/y.bin").count == 2 * 43 * 4)
      let json = try JSONSerialization.jsonObject(with: Data(try Files.read("\(folder)/y.json")))
      let outputs = (json as? [String: [String: [String: Any]]])?["outputs"]
      #expect(outputs?["logits"]?["shape"] as? [Int] == [2, 43])
    }
  }

  @Test func `a deadline gives every frame its verdict`() throws {
    let run = try CommandRun([
      "run", try Signs.pack.get(), "--input", Signs.pictures, "--deadline", "60s", "--json",
    ])
    #expect(run.status == 0)
    let report = try #require(try run.json()["deadline"] as? [String: Any])
    #expect(report["deadline_ms"] as? Double == 60_000)
    #expect((report["counts"] as? [String: Int])?["met"] == 13)
    let verdicts = try #require(report["verdicts"] as? [[String: Any]])
    #expect(verdicts.count == 13)
    for verdict in verdicts {
      #expect(verdict["outcome"] as? String == "met" && verdict["level"] as? Int == 0)
      #expect(try #require(verdict["model_ms"] as? Double) > 0)
      #expect(try #require(verdict["age_ms"] as? Double) > 0)
    }
  }

  /// A microsecond is too little for any frame: the layer is named, and nothing passes for a result.
  @Test func `a frame that its deadline ended has no outputs`() throws {
    try withFolder { folder in
      let run = try CommandRun([
        "run", try Signs.pack.get(), "--input", Signs.pictures, "--deadline", "1us", "-o", "\(folder)/y.npy",
      ])
      #expect(run.status == 0)
      #expect(run.output.contains("frame 12: cancelled at ") || run.output.contains("frame 12: skipped"))
      #expect(run.output.contains("13 frames within"))
      let array = try NumPyFile.decode(try Files.read("\(folder)/y.npy"), path: "y.npy")
      #expect(array.shape == [13, 43] && array.elements.allSatisfy(\.isNaN))
    }
  }

  @Test(arguments: ["8", "0ms", "-1ms", "soon"]) func `a deadline without a unit or length is wrong usage`(
    text: String
  )
    throws
  {
    let run = try CommandRun(["run", try Signs.pack.get(), "--input", Signs.pictures, "--deadline=\(text)"])
    #expect(run.status == 2)
    #expect(run.errors.contains("--deadline"))
  }

  @Test func `a frame of another shape leaves what stood at the output`() throws {
    try withFolder { folder in
      let output = "\(folder)/y.npz"
      try "before".write(toFile: output, atomically: false, encoding: .utf8)
      let frame = FloatArray(shape: [1, 3, 16, 16], elements: [Float](repeating: 0, count: 768))
      try Files.write(NumPyFile.encode(frame), to: "\(folder)/x.npy")
      let run = try CommandRun(["run", try Signs.pack.get(), "--input", "\(folder)/x.npy", "-o", output])
      #expect(run.status == 1)
      #expect(run.errors.contains("[1, 3, 16, 16]"))
      #expect(run.errors.contains("[1, 3, 32, 32]"))
      #expect(try String(contentsOfFile: output, encoding: .utf8) == "before")
    }
  }

  @Test func `an input that the model does not have is wrong usage`() throws {
    let run = try CommandRun(["run", try Signs.pack.get(), "--input", "image=x.npy"])
    #expect(run.status == 2)
    #expect(run.errors.contains("'input'"))
  }

  /// Every tenth byte of the head and the middle of the pack, flipped one at a time.
  @Test func `a damaged pack is refused with one sentence`() throws {
    let whole = try Files.read(try Signs.pack.get())
    try withFolder { folder in
      let path = "\(folder)/damaged.espalier"
      for position in [0, 9, 40, 100, 1000, whole.count / 2, whole.count - 1] {
        var bytes = whole
        bytes[position] ^= 0x10
        try Files.write(bytes, to: path)
        let run = try CommandRun(["run", path, "--input", Signs.pictures])
        // Padding between sections is not covered by any check sum; there the pack still works.
        #expect(run.status == 1 || run.status == 0)
        if run.status == 1 { #expect(run.errors.hasPrefix("espalier: '\(path)': ")) }
      }
      try Files.write(Array(whole.prefix(whole.count / 2)), to: path)
      let run = try CommandRun(["run", path, "--input", Signs.pictures])
      #expect(run.status == 1)
      #expect(run.errors.split(separator: "\n").count == 1)
    }
  }
}
