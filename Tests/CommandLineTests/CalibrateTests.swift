import EspalierMedia
import Foundation
import PlanFixtures
import Testing

/// Two groups of frames, more than `compile --statistics` reads of the second.
@Suite("calibrate") struct CalibrateTests {
  private static let frameCount = 300

  private func options(_ folder: String) throws -> [String] {
    let path = "\(folder)/night.npy"
    if !Files.exists(path) {
      var random = SeededGenerator(seed: 3)
      let elements = (0..<Self.frameCount * 3 * 32 * 32).map { _ in
        Float.random(in: -0.5...0.5, using: &random)
      }
      let array = FloatArray(shape: [Self.frameCount, 3, 32, 32], elements: elements)
      try Files.write(NumPyFile.encode(array), to: path)
    }
    return Signs.compileOptions + ["--calibrate", Signs.pictures, "--calibrate", path]
  }

  /// The parts of both rounds, and the calibration that they merge to.
  private func calibrated(
    _ count: Int, in folder: String
  ) throws -> (first: [String], second: [String], whole: String) {
    let options = try options(folder)
    func round(_ name: String, _ more: [String]) throws -> [String] {
      try (1...count).map { index in
        let path = "\(folder)/\(name)\(index).json"
        let run = try CommandRun(
          ["calibrate", Signs.model] + options + more + ["--shard", "\(index)/\(count)", "--part", path])
        try #require(run.status == 0, "\(run.errors)")
        return path
      }
    }
    func merge(_ parts: [String], _ path: String) throws {
      let run = try CommandRun(["merge"] + parts + ["-o", path])
      try #require(run.status == 0, "\(run.errors)")
    }
    let first = try round("a", [])
    try merge(first.reversed(), "\(folder)/ranges.json")
    let second = try round("b", ["--ranges", "\(folder)/ranges.json"])
    try merge(second + first, "\(folder)/all.json")
    return (first, second, "\(folder)/all.json")
  }

  @Test func `shards give the pack that one machine gives, byte for byte`() throws {
    try withFolder { folder in
      let parts = try calibrated(3, in: folder)
      let compile =
        try ["compile", Signs.model, "--precision", "int8", "--watch", "none"] + options(folder)
      let whole = try CommandRun(compile + ["-o", "\(folder)/whole"])
      #expect(whole.status == 0, "\(whole.errors)")
      let merged = try CommandRun(compile + ["--statistics", parts.whole, "-o", "\(folder)/parts"])
      #expect(merged.status == 0, "\(merged.errors)")
      #expect(try Files.read("\(folder)/whole") == Files.read("\(folder)/parts"))

      // Other frames than those of the statistics: one that is read, and names.
      let path = "\(folder)/night.npy"
      var bytes = try Files.read(path)
      bytes[bytes.count - 3 * 32 * 32 * 4 * Self.frameCount] ^= 1
      try Files.write(bytes, to: path)
      let changed = try CommandRun(compile + ["--statistics", parts.whole, "-o", "\(folder)/no"])
      #expect(changed.status == 1)
      #expect(changed.errors.contains("'night.npy[0]' has changed"), "\(changed.errors)")
      let fewer = try CommandRun(
        [
          "compile", Signs.model, "--statistics", parts.whole, "--calibrate", Signs.pictures, "-o",
          "\(folder)/no",
        ]
          + Signs.compileOptions)
      #expect(fewer.status == 1)
      #expect(fewer.errors.contains("is of other frames than --calibrate"), "\(fewer.errors)")
      #expect(!Files.exists("\(folder)/no"))
    }
  }

  @Test func `one shard, and three with as many frames, merge to the same statistics`() throws {
    try withFolder { folder in
      let three = try Files.read(calibrated(3, in: folder).whole)
      #expect(try Files.read(calibrated(1, in: folder).whole) == three)
    }
  }

  @Test func `says what is missing, damaged or of another run`() throws {
    try withFolder { folder in
      let (first, second, whole) = try calibrated(2, in: folder)
      func check(_ parts: [String], _ sentence: String, sourceLocation: SourceLocation = #_sourceLocation)
        throws
      {
        let run = try CommandRun(["merge"] + parts + ["-o", "\(folder)/out"])
        #expect(run.status == 1, sourceLocation: sourceLocation)
        #expect(run.errors.contains(sentence), "\(run.errors)", sourceLocation: sourceLocation)
        #expect(!Files.exists("\(folder)/out"), sourceLocation: sourceLocation)
      }
      try check([first[0]], "shard 2 of 2 of 'calibrate' is missing")
      try check(first + [second[1]], "shard 1 of 2 of 'calibrate --ranges' is missing")
      try check(second, "need those of the first")
      let broken = "\(folder)/broken.json"
      func write(_ path: String, _ change: (inout [String: Any]) throws -> Void) throws {
        let object = try JSONSerialization.jsonObject(with: Data(try Files.read(path)))
        var part = try #require(object as? [String: Any])
        try change(&part)
        try JSONSerialization.data(withJSONObject: part).write(to: URL(fileURLWithPath: broken))
      }
      func content(_ path: String, _ change: (inout [String: Any]) throws -> Void) throws {
        try write(path) { part in
          var content = try #require(part["content"] as? [String: Any])
          try change(&content)
          part["content"] = content
        }
      }
      let nan = Data([UInt8](repeating: 0xFF, count: 8)).base64EncodedString()
      let wrong: [(String, [Any])] = [
        ("elements", [-1, Int.max, 7]), ("ranges", ["", "AAAA", nan]), ("sums", ["", "AAAA", nan]),
        ("sumCounts", ["", "AAAA"]), ("squares", [nan]), ("squareCounts", ["AA=="]), ("name", ["other", 7]),
      ]
      for (field, values) in wrong {
        for value in values {
          try content(first[1]) { content in
            var tensors = try #require(content["tensors"] as? [[String: Any]])
            tensors[tensors.count - 1][field] = value
            content["tensors"] = tensors
          }
          try check([first[0], broken], "make this part again")
        }
      }
      for digests in [[], ["x"], [String](repeating: "0", count: 157)] as [[String]] {
        try content(first[1]) { $0["digests"] = digests }
        try check([first[0], broken], "make this part again")
      }
      for bins in ["", "AAAA"] {
        try content(second[1]) { content in
          var tensors = try #require(content["tensors"] as? [[[String: Any]]])
          tensors[0][1]["bins"] = bins
          content["tensors"] = tensors
        }
        try check(first + [second[0], broken], "make this part again")
      }
      try content(second[1]) { $0["ranges"] = "0" }
      try check(first + [second[0], broken], "was counted over other ranges")
      try refusesStatistics(whole, folder, write, broken)
    }
  }

  /// What `compile` says to files that hold no statistics, or those of another network.
  private func refusesStatistics(
    _ whole: String, _ folder: String, _ write: (String, (inout [String: Any]) throws -> Void) throws -> Void,
    _ broken: String
  ) throws {
    let compile = try ["compile", Signs.model, "-o", "\(folder)/no"] + options(folder)
    func check(_ path: String, _ more: [String], _ sentence: String) throws {
      let run = try CommandRun(compile + more + ["--statistics", path])
      #expect(run.status == 1)
      #expect(run.errors.contains(sentence), "\(run.errors)")
    }
    try check(Signs.classes, [], "holds no calibration")
    for (key, value) in [
      ("groups", [0, 313]), ("groups", [Int.max, 2]), ("digests", ["0"]), ("format", "x"),
    ]
      as [(String, Any)]
    {
      try write(whole) { $0[key] = value }
      try check(broken, [], "holds no calibration")
    }
    try check(whole, ["--calibration-method", "kl"], "they are of a network with other weights")
    try write(whole) { whole in
      whole["tensors"] = try Array(#require(whole["tensors"] as? [Any]).dropLast())
    }
    try check(broken, [], "its tensors have other names")
  }

  @Test(arguments: [
    ["calibrate", "--calibrate", "x"], ["calibrate", "--calibrate", "x", "--shard", "1/2"],
    ["calibrate", "--shard", "1/2", "--part", "p.json"],
    ["compile", "--statistics", "s.json", "-o", "p"],
    ["compile", "--calibrate", "x", "--statistics", "s.json", "--prune", "0.5", "-o", "p"],
    ["compile", "--calibrate", "x", "--statistics", "s.json", "--sparsity", "0.5", "-o", "p"],
    ["compile", "--calibrate", "x", "--statistics", "s.json", "--precision", "fp32", "-o", "p"],
  ])
  func `2 for wrong usage`(arguments: [String]) throws {
    let run = try CommandRun([arguments[0], Signs.model] + arguments.dropFirst())
    #expect(run.status == 2, "\(run.errors)")
  }
}
