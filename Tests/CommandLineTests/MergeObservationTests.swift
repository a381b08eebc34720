import EspalierMedia
import Foundation
import Testing

@Suite("merge, of observe") struct MergeObservationTests {
  private let arguments = [
    "observe", Signs.model, "--frames", Signs.pictures, "--shape", "input=1x3x32x32", "--mean", "127.5",
    "--scale", "127.5", "--include", "logit*", "*conv1*", "--collections", "weights", "activations",
    "outputs",
  ]

  private func rounds(_ count: Int, in folder: String) throws -> (first: [String], second: [String]) {
    func round(_ name: String, _ more: [String]) throws -> [String] {
      try (1...count).map { index in
        let path = "\(folder)/\(name)\(index).json"
        let run = try CommandRun(arguments + more + ["--shard", "\(index)/\(count)", "--part", path])
        try #require(run.status == 0, "\(run.errors)")
        return path
      }
    }
    let first = try round("a", [])
    let ranges = "\(folder)/ranges.json"
    let run = try CommandRun(["merge"] + first.reversed() + ["-o", ranges])
    try #require(run.status == 0, "\(run.errors)")
    return (first, try round("b", ["--ranges", ranges]))
  }

  @Test(arguments: [1, 3])
  func `writes the three files that one machine writes, byte for byte`(count: Int) throws {
    try withFolder { folder in
      let parts = try rounds(count, in: folder)
      let whole = try CommandRun(arguments + ["--json", "-o", "\(folder)/whole"])
      #expect(whole.status == 0, "\(whole.errors)")
      let merged = try CommandRun(
        ["merge"] + parts.second + parts.first.reversed() + ["--json", "-o", "\(folder)/merged"])
      #expect(merged.status == 0, "\(merged.errors)")
      #expect(merged.output == whole.output)
      for name in ["observation.npz", "observation.json", "observation.html"] {
        let expected = try Files.read("\(folder)/whole/\(name)")
        #expect(try Files.read("\(folder)/merged/\(name)") == expected, "\(name)")
      }
      #expect(try Files.read("\(folder)/whole/observation.npz").count > 10_000)
    }
  }

  @Test func `says what is missing, damaged or of another run`() throws {
    try withFolder { folder in
      let (first, second) = try rounds(2, in: folder)
      func check(_ parts: [String], _ sentence: String, sourceLocation: SourceLocation = #_sourceLocation)
        throws
      {
        let run = try CommandRun(["merge"] + parts + ["-o", "\(folder)/out"])
        #expect(run.status == 1, sourceLocation: sourceLocation)
        #expect(run.errors.contains(sentence), "\(run.errors)", sourceLocation: sourceLocation)
        #expect(run.errors.split(separator: "\n").count == 1, sourceLocation: sourceLocation)
        #expect(!Files.exists("\(folder)/out"), sourceLocation: sourceLocation)
      }
      try check([first[0]], "shard 2 of 2 of 'observe' is missing")
      try check(first + [second[1]], "shard 1 of 2 of 'observe --ranges' is missing")
      try check(second, "need those of the first")
      let broken = "\(folder)/broken.json"
      func write(_ path: String, _ change: (inout [String: Any]) throws -> Void) throws {
        var part = try #require(
          try JSONSerialization.jsonObject(with: Data(try Files.read(path))) as? [String: Any])
        try change(&part)
        try JSONSerialization.data(withJSONObject: part).write(to: URL(fileURLWithPath: broken))
      }
      func change(_ path: String, _ field: String, _ value: Any) throws {
        try write(path) { part in
          var content = try #require(part["content"] as? [String: Any])
          var tensors = try #require(content["tensors"] as? [[String: Any]])
          let last = tensors.count - 1
          tensors[last][field] = value
          content["tensors"] = tensors
          part["content"] = content
        }
      }
      let wrong: [(String, [Any])] = [
        ("shape", [[Int.max, 43], [0, Int.max], [-1, 43], [1 << 40], [1, 44], [Int]()]),
        ("frames", ["", "AAAA"]),
        ("ranges", ["", "AAAA"]), ("atBound", [1, -1, Int.max]), ("name", ["other", 7]),
      ]
      for (field, values) in wrong {
        for value in values {
          try change(first[1], field, value)
          try check([first[0], broken], "make this part again")
        }
      }
      let miscounted: [(String, [Any])] = [
        ("counts", ["", "AAAA"]), ("zeros", [-1, Int.max]), ("name", ["x"]),
      ]
      for (field, values) in miscounted {
        for value in values {
          try change(second[1], field, value)
          try check(first + [second[0], broken], "make this part again")
        }
      }
      try write(second[1]) { part in
        var content = try #require(part["content"] as? [String: Any])
        content["ranges"] = "0"
        part["content"] = content
      }
      try check(first + [second[0], broken], "was counted over other ranges")
    }
  }

  @Test func `the second round takes the ranges of its own run alone`() throws {
    try withFolder { folder in
      let (first, _) = try rounds(1, in: folder)
      let shard = ["--shard", "1/1", "--part", "\(folder)/c.json"]
      for (more, sentence) in [
        (["--every", "2", "--ranges", "\(folder)/ranges.json"], "--every is 2, not 1"),
        (["--ranges", first[0]], "holds no ranges"), (["--ranges", Signs.classes], "holds no ranges"),
      ] {
        let run = try CommandRun(arguments + more + shard)
        #expect(run.status == 1)
        #expect(run.errors.contains(sentence), "\(run.errors)")
      }
    }
  }

  @Test(arguments: [
    ["--save-tensors", "--shard", "1/2", "--part", "p.json"],
    ["--tensors", "t.npz", "--shard", "1/2", "--part", "p.json"],
    ["--shard", "1/2", "--part", "p.json", "-o", "seen"], ["--shard", "1/2"],
    ["--ranges", "r.json", "-o", "s"],
    ["--shard", "3/2", "--part", "p.json"], [],
  ])
  func `2 for wrong usage`(more: [String]) throws {
    #expect(try CommandRun(arguments + more).status == 2)
  }
}
