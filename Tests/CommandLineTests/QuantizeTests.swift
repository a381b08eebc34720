import EspalierMedia
import Foundation
import Testing

@Suite("compile --calibrate") struct QuantizeTests {
  private static let options = Signs.compileOptions + ["--calibrate", Signs.pictures]

  private func compile(_ arguments: [String]) throws -> CommandRun {
    try CommandRun(["compile", Signs.model] + Signs.compileOptions + arguments)
  }

  private func frames(_ count: Int, shape: [Int] = [3, 32, 32], to path: String, _ number: Float) throws {
    let elements = [Float](repeating: number, count: shape.reduce(count, *))
    try Files.write(NumPyFile.encode(FloatArray(shape: [count] + shape, elements: elements)), to: path)
  }

  @Test func `makes a pack of less than a third, the same bytes each time, that still knows the signs`()
    throws
  {
    try withFolder { folder in
      let (one, two) = ("\(folder)/one.espalier", "\(folder)/two.espalier")
      let run = try CommandRun(["compile", Signs.model] + Self.options + ["-o", one, "--json"])
      #expect(run.status == 0, "\(run.errors)")
      let report = try run.json()
      #expect(report["precision"] as? String == "int8")
      #expect(try #require(report["size_ratio"] as? Double) <= 0.3)
      let calibration = try #require(report["calibration"] as? [String: Any])
      #expect(calibration["frames"] as? Int == 13)
      #expect(calibration["method"] as? String == "mse")
      #expect(calibration["int8_share"] as? Double == 1)
      #expect((calibration["sha256"] as? String)?.count == 64)
      let groups = try #require(calibration["groups"] as? [[String: Any]])
      #expect(groups.map { $0["name"] as? String } == ["pictures"])
      #expect(groups[0]["same_class"] as? Int == 13)
      let again = try CommandRun(["quantize", Signs.model] + Self.options + ["-o", two])
      #expect(again.status == 0)
      #expect(FileManager.default.contents(atPath: one) == FileManager.default.contents(atPath: two))
      try holdsItsPromises(one)
    }
  }

  /// What commands say about a pack in 8 bits.
  private func holdsItsPromises(_ pack: String) throws {
    let provenance = try #require(
      try CommandRun(["inspect", pack, "--json"]).json()["provenance"] as? [String: String])
    #expect(provenance["calibration-frames"] == "13")
    #expect(provenance["calibration-method"] == "mse")
    #expect(provenance["calibration-sha256"]?.count == 64)
    let compared = try CommandRun(["compare", Signs.model, pack, "--frames", Signs.pictures, "--json"])
    #expect(compared.status == 0, "\(compared.errors)")
    let comparison = try compared.json()
    #expect(comparison["same_pack"] as? Bool == true)
    let culprits = try #require(comparison["culprits"] as? [[String: Any]]).compactMap {
      $0["added"] as? Double
    }
    #expect(culprits.count == 18)
    #expect(culprits == culprits.sorted(by: >))
    let unknown = try CommandRun(["compare", Signs.model, pack, "--json"])
    #expect(try unknown.json()["same_pack"] == nil)
    #expect((try unknown.json()["layers"] as? [Any])?.isEmpty == true)
  }

  @Test func `keeps nodes in float32 that are named, and says so`() throws {
    try withFolder { folder in
      let run = try compile([
        "--calibrate", Signs.pictures, "--keep-float", "logits", "--json", "-o", "\(folder)/x.espalier",
      ])
      #expect(run.status == 0, "\(run.errors)")
      let calibration = try #require(try run.json()["calibration"] as? [String: Any])
      let kept = try #require(calibration["float32"] as? [[String: Any]])
      #expect(kept.contains { $0["reason"] as? String == "kept by --keep-float" })
      let unknown = try compile([
        "--calibrate", Signs.pictures, "--keep-float", "nothing", "-o", "\(folder)/y.espalier",
      ])
      #expect(unknown.status == 1)
      #expect(unknown.errors.contains("no node is called 'nothing'"))
    }
  }

  @Test func `gives layers back to float32 until the outputs have no more noise than is borne`() throws {
    try withFolder { folder in
      let pack = "\(folder)/x.espalier"
      let run = try compile(["--calibrate", Signs.pictures, "--max-noise", "0.004%", "--json", "-o", pack])
      #expect(run.status == 0, "\(run.errors)")
      let calibration = try #require(try run.json()["calibration"] as? [String: Any])
      let float = try #require(calibration["float32"] as? [[String: Any]])
      #expect(float.contains { ($0["reason"] as? String)?.hasPrefix("sensitive") == true })
      #expect(try #require(calibration["int8_share"] as? Double) < 1)
      let compared = try CommandRun(["compare", Signs.model, pack, "--frames", Signs.pictures, "--json"])
      #expect(try compared.json()["same_pack"] as? Bool == true, "the pack remembers what was borne")
    }
  }

  @Test func `takes folders as groups, and reports the error of each`() throws {
    try withFolder { folder in
      try frames(2, to: "\(folder)/night.npy", -0.9)
      let run = try compile([
        "--calibrate", Signs.pictures, "--calibrate", "\(folder)/night.npy", "--json", "-o",
        "\(folder)/x.espalier",
      ])
      #expect(run.status == 0, "\(run.errors)")
      let calibration = try #require(try run.json()["calibration"] as? [String: Any])
      let groups = try #require(calibration["groups"] as? [[String: Any]])
      #expect(groups.map { $0["name"] as? String } == ["pictures", "night.npy"])
      #expect(groups.map { $0["frames"] as? Int } == [13, 2])
    }
  }

  @Test func `takes pictures of any size, gray ones too, and frames of one number`() throws {
    try withFolder { folder in
      let pictures = "\(folder)/pictures"
      try FileManager.default.createDirectory(atPath: pictures, withIntermediateDirectories: true)
      let fixtures = "\(Signs.root)/Tests/EspalierMediaTests/Fixtures"
      for name in ["gray.png", "gray.jpg", "color.jpg"] {
        try Files.write(try Files.read("\(fixtures)/\(name)"), to: "\(pictures)/\(name)")
      }
      try frames(1, to: "\(folder)/flat.npy", 0)
      for source in [pictures, "\(folder)/flat.npy"] {
        let run = try compile(["--calibrate", source, "-o", "\(folder)/x.espalier"])
        #expect(run.status == 0, "\(run.errors)")
      }
    }
  }

  @Test func `refuses frames that tell nothing, with one sentence and without a file`() throws {
    try withFolder { folder in
      let (empty, broken) = ("\(folder)/empty", "\(folder)/broken")
      for path in [empty, broken] {
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
      }
      try "no picture".write(toFile: "\(broken)/a.png", atomically: false, encoding: .utf8)
      try frames(2, to: "\(folder)/nan.npy", .nan)
      try frames(2, shape: [3, 16, 16], to: "\(folder)/small.npy", 0)
      try frames(2, shape: [1, 32, 32], to: "\(folder)/gray.npy", 0)
      let cases = [
        (empty, "holds no pictures and no .npy files"), ("\(folder)/none", "No such file or directory"),
        (broken, "a.png"),
        ("\(folder)/nan.npy", "nan.npy[0]': tensor 'input' holds a number that is not finite"),
        ("\(folder)/small.npy", "[2, 3, 16, 16]"), ("\(folder)/gray.npy", "[2, 1, 32, 32]"),
      ]
      for (source, sentence) in cases {
        let run = try compile(["--calibrate", source, "-o", "\(folder)/x.espalier"])
        #expect(run.status == 1)
        #expect(run.errors.contains(sentence), "\(run.errors)")
        #expect(run.errors.split(separator: "\n").count == 1)
        #expect(!Files.exists("\(folder)/x.espalier"))
      }
    }
  }
}

@Suite("eval") struct EvaluateTests {
  /// The classes of the pictures by their names, as in the tests of 'run'.
  private static let classes = [15, 18, 13, 7, 1, 4, 5, 17, 38, 12, 14, 35, 33]

  private func names() throws -> [String] {
    try Files.list(Signs.pictures) { $0.hasSuffix(".png") }.map(Files.name)
  }

  @Test func `counts pictures that a table names, and those that two packs agree on`() throws {
    try withFolder { folder in
      var rows = zip(try names(), Self.classes).map { "\($0),\($1)" }
      // One label that is wrong.
      rows[3] = "\(try names()[3]),42"
      let table = "\(folder)/labels.csv"
      try Files.write(Array((["file,class_index"] + rows).joined(separator: "\n").utf8), to: table)
      let pack = try Signs.pack.get()
      let run = try CommandRun([
        "eval", pack, "--data", Signs.pictures, "--labels", table, "--against", pack, "--json",
      ])
      #expect(run.status == 0, "\(run.errors)")
      let report = try run.json()
      #expect(report["frames"] as? Int == 13)
      #expect(report["top1_count"] as? Int == 12)
      let against = try #require(report["against"] as? [String: Any])
      #expect(against["agreement_count"] as? Int == 13)
      #expect(against["top1_count"] as? Int == 12)
    }
  }

  @Test func `takes folders as classes`() throws {
    try withFolder { folder in
      for (name, label) in zip(try names(), Self.classes) {
        let own = "\(folder)/\(label)"
        try FileManager.default.createDirectory(atPath: own, withIntermediateDirectories: true)
        try Files.write(try Files.read("\(Signs.pictures)/\(name)"), to: "\(own)/\(name)")
      }
      let run = try CommandRun(["eval", try Signs.pack.get(), "--data", folder, "--json"])
      #expect(run.status == 0, "\(run.errors)")
      #expect(try run.json()["top1_count"] as? Int == 13)
      #expect(try run.json()["top5_count"] as? Int == 13)
    }
  }

  @Test func `says what is missing or does not fit`() throws {
    try withFolder { folder in
      let pack = try Signs.pack.get()
      try Files.write(Array("file,label\na.png,stop\n".utf8), to: "\(folder)/words.csv")
      try Files.write([], to: "\(folder)/empty.csv")
      let cases = [
        ([Signs.pictures], "holds no folders whose names are classes"),
        ([Signs.pictures, "--labels", "\(folder)/words.csv"], "line 2: no class in column 2"),
        ([Signs.pictures, "--labels", "\(folder)/empty.csv"], "is an empty table"),
        ([Signs.pictures, "--labels", "\(folder)/none.csv"], "No such file or directory"),
      ]
      for (arguments, sentence) in cases {
        let run = try CommandRun(["eval", pack, "--data"] + arguments)
        #expect(run.status == 1)
        #expect(run.errors.contains(sentence), "\(run.errors)")
      }
    }
  }
}
