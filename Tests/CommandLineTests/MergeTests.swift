import EspalierMedia
import EspalierPlan
import Foundation
import PlanFixtures
import Testing

@testable import espalier

@Suite("Shards") struct ShardTests {
  @Test(arguments: [(0, 1), (1, 3), (13, 3), (13, 13), (13, 20), (1 << 40, 1 << 16)])
  func `are neighbors, hold every frame once, and differ by one frame at most`(total: Int, count: Int) throws
  {
    let ranges = try (1...count).map { try #require(Shard($0, of: count)).range(of: total) }
    #expect(ranges.first?.lowerBound == 0 && ranges.last?.upperBound == total)
    #expect(zip(ranges, ranges.dropFirst()).allSatisfy { $0.upperBound == $1.lowerBound })
    let sizes = ranges.map(\.count)
    #expect((sizes.max() ?? 0) - (sizes.min() ?? 0) <= 1)
  }

  @Test(arguments: ["0/3", "4/3", "1/0", "1", "1/2/3", "a/3", "-1/3", "1/65537", ""])
  func `are refused where there are none`(text: String) { #expect(Shard(argument: text) == nil) }
}

@Suite("merge, of eval") struct MergeEvaluationTests {
  /// What the pictures show, in the order of their names; the last two are wrong on purpose.
  static let labels = [15, 18, 13, 7, 1, 4, 5, 17, 38, 12, 14, 34, 32]

  private func arguments(in folder: String, compares: Bool = false) throws -> [String] {
    let names = try Files.list(Signs.pictures) { $0.hasSuffix(".png") }.map(Files.name)
    let table = zip(names, Self.labels).map { "\($0),\($1)\n" }.joined()
    try Files.write(Array(table.utf8), to: "\(folder)/labels.csv")
    let pack = try Signs.pack.get()
    return ["eval", pack, "--data", Signs.pictures, "--labels", "\(folder)/labels.csv"]
      + (compares ? ["--against", pack] : [])
  }

  /// The paths of the parts.
  static func parts(_ arguments: [String], _ count: Int, in folder: String) throws -> [String] {
    try (1...count).map { index in
      let path = "\(folder)/part\(index).json"
      let run = try CommandRun(arguments + ["--shard", "\(index)/\(count)", "--part", path])
      try #require(run.status == 0, "\(run.errors)")
      return path
    }
  }

  @Test func `prints what one machine prints, in any order of parts`() throws {
    try withFolder { folder in
      let arguments = try arguments(in: folder, compares: true)
      let parts = try Self.parts(arguments, 3, in: folder)
      for flags in [[], ["--json"]] {
        let whole = try CommandRun(arguments + flags)
        let merged = try CommandRun(["merge"] + parts.reversed() + flags)
        #expect(whole.output.contains("11"))
        #expect(merged.output == whole.output)
        #expect(merged.status == 0 && merged.errors == "")
      }
    }
  }

  @Test func `says which shard is missing, there twice, or of another run`() throws {
    try withFolder { folder in
      let arguments = try arguments(in: folder)
      let parts = try Self.parts(arguments, 3, in: folder)
      let other = "\(folder)/other.json"
      func check(_ found: [String], _ sentence: String, sourceLocation: SourceLocation = #_sourceLocation)
        throws
      {
        let run = try CommandRun(["merge"] + found)
        #expect(run.status == 1, sourceLocation: sourceLocation)
        #expect(run.output == "", sourceLocation: sourceLocation)
        #expect(run.errors.contains(sentence), "\(run.errors)", sourceLocation: sourceLocation)
      }
      try check([parts[1]], "shards 1, 3 of 3 of 'eval' are missing")
      try check([parts[0], parts[1]], "shard 3 of 3 of 'eval' is missing")
      try check(parts + [parts[1]], "shard 2 of 3 is there twice")
      #expect(try CommandRun(arguments + ["--shard", "3/4", "--part", other]).status == 0)
      try check([parts[0], other], "is one of 4 shards")
      let offset = arguments + ["--class-offset", "1", "--shard", "3/3", "--part", other]
      #expect(try CommandRun(offset).status == 0)
      try check([parts[0], parts[1], other], "--class-offset is 1, not 0")
      let compared = try self.arguments(in: folder, compares: true) + ["--shard", "3/3", "--part", other]
      #expect(try CommandRun(compared).status == 0)
      try check([other, parts[0], parts[1]], "--against is not given, not")
      try check([Signs.model, parts[0]], "is no part of a run")
      try check(["\(folder)/none.json"], "No such file")
      #expect(try CommandRun(["merge"] + parts + ["-o", "x"]).status == 2)
      #expect(try CommandRun(arguments + ["--shard", "1/3"]).status == 2)
      #expect(try CommandRun(arguments + ["--shard", "1/3", "--part", other, "--json"]).status == 2)
    }
  }

  /// Every field of a part, one after another, with every kind of thing that does not belong there.
  @Test func `takes no number that frames do not give, and never crashes`() throws {
    try withFolder { folder in
      let parts = try Self.parts(try arguments(in: folder), 2, in: folder)
      let text = String(decoding: try Files.read(parts[0]), as: UTF8.self)
      let broken = "\(folder)/broken.json"
      for (field, values) in [
        ("\"count\":7", ["\"count\":8", "\"count\":-7", "\"count\":9223372036854775807", "\"count\":null"]),
        ("\"first\":7", ["\"first\":8", "\"first\":-1", "\"first\":1e300", "\"first\":\"7\""]),
        ("\"total\":13", ["\"total\":12", "\"total\":-1", "\"total\":9223372036854775807"]),
        ("\"shard\":1", ["\"shard\":0", "\"shard\":3", "\"shard\":9223372036854775807"]),
        ("\"of\":2", ["\"of\":0", "\"of\":9223372036854775807", "\"of\":1"]),
        ("\"kind\":\"eval\"", ["\"kind\":\"observe\"", "\"kind\":\"eval --boxes\"", "\"kind\":\"\""]),
        ("espalier-part-1", ["espalier-part-2"]),
      ] {
        try #require(text.contains(field), "\(text)")
        for value in values {
          try Files.write(Array(text.replacingOccurrences(of: field, with: value).utf8), to: broken)
          let run = try CommandRun(["merge", broken, parts[1]])
          #expect(run.status == 1 && run.output == "", "\(value)")
          #expect(run.errors.hasPrefix("espalier: ") && run.errors.split(separator: "\n").count == 1)
        }
      }
      for length in stride(from: 0, to: text.utf8.count, by: 61) {
        try Files.write(Array(text.utf8.prefix(length)), to: broken)
        #expect(try CommandRun(["merge", broken, parts[1]]).status == 1)
      }
    }
  }
}

@Suite("merge, of eval --boxes") struct MergeBoxesTests {
  /// Frames of two detections each: seeded boxes, scores that occur several times, and one class without labels.
  private func arguments(in folder: String) throws -> [String] {
    var builder = PlanBuilder()
    let input = builder.input("rows", shape: [1, 1, 2, 7])
    builder.copy(14, from: input, to: builder.output("boxes", shape: [1, 1, 2, 7]))
    let pack = "\(folder)/detector.espalier"
    try Files.write(try PlanWriter.bytes(of: builder.plan), to: pack)
    var (random, rows, table): (UInt32, [Float], String) = (7, [], "file,class,left,top,right,bottom\n")
    func next(_ limit: UInt32) -> Int {
      random = random &* 1_664_525 &+ 1_013_904_223
      return Int(random >> 16) % Int(limit)
    }
    for frame in 0..<23 {
      for _ in 0..<2 {
        let (left, top) = (Float(next(8)) / 16, Float(next(8)) / 16)
        rows += [0, Float(next(3)), Float(1 + next(9)) / 10, left, top, left + 0.5, top + 0.5]
        let (x, y) = (Float(next(8)) / 16, Float(next(8)) / 16)
        table += "\(frame),\(next(2)),\(x * 7),\(y * 2),\((x + 0.5) * 7),\((y + 0.5) * 2)\n"
      }
    }
    let frames = FloatArray(shape: [23, 1, 2, 7], elements: rows)
    try Files.write(NumPyFile.encode(frames), to: "\(folder)/frames.npy")
    try Files.write(Array(table.utf8), to: "\(folder)/labels.csv")
    try Files.write(Array("car\nbus\nperson\n".utf8), to: "\(folder)/names.txt")
    return [
      "eval", pack, "--data", "\(folder)/frames.npy", "--boxes", "detection-output", "--labels",
      "\(folder)/labels.csv", "--classes", "\(folder)/names.txt", "--against", pack,
    ]
  }

  /// More shards than frames too.
  @Test(arguments: [1, 5, 25]) func `prints what one machine prints`(count: Int) throws {
    try withFolder { folder in
      let arguments = try arguments(in: folder)
      let parts = try MergeEvaluationTests.parts(arguments, count, in: folder)
      for flags in [[], ["--json"]] {
        let whole = try CommandRun(arguments + flags)
        #expect(whole.status == 0 && whole.output.contains("bus"), "\(whole.errors)")
        #expect(try CommandRun(["merge"] + parts.reversed() + flags).output == whole.output)
      }
    }
  }

  @Test func `takes no boxes that frames do not give`() throws {
    try withFolder { folder in
      let parts = try MergeEvaluationTests.parts(try arguments(in: folder), 2, in: folder)
      let bytes = try Files.read(parts[0])
      let wrong: [(String, String, [Any])] = [
        ("precision", "scores", ["AAAA", "", "AADAfwAAwH8="]), ("precision", "right", ["AAAA", 7]),
        ("precision", "ignored", ["//8="]), ("precision", "expected", [-1, Int.max, NSNull()]),
        ("agreement", "found", [-1, Int.max]), ("agreement", "partners", [1 << 39, -1]),
      ]
      for (section, field, values) in wrong {
        for value in values {
          var part = try #require(try JSONSerialization.jsonObject(with: Data(bytes)) as? [String: Any])
          var content = try #require(part["content"] as? [String: Any])
          var own = try #require(content["own"] as? [String: Any])
          var rows = try #require(own[section] as? [[String: Any]])
          rows[0][field] = value
          own[section] = rows
          content["own"] = own
          part["content"] = content
          let broken = "\(folder)/broken.json"
          try JSONSerialization.data(withJSONObject: part).write(to: URL(fileURLWithPath: broken))
          let run = try CommandRun(["merge", broken, parts[1]])
          #expect(run.status == 1 && run.output == "", "\(section) \(field) \(value)")
          #expect(run.errors.contains("make this part again"), "\(run.errors)")
        }
      }
    }
  }
}
