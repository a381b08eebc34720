import Foundation
import PlanFixtures
import Testing

@Suite("verify") struct VerifyTests {
  @Test func `replays the vectors that compile put into the pack`() throws {
    let pack = try Signs.pack.get()
    let run = try CommandRun(["verify", pack])
    #expect(run.status == 0)
    #expect(run.output.contains("the checksums are right"))
    #expect(run.output.contains("level 0: ok, the same bits on portable kernels, within"))
    let report = try CommandRun(["verify", pack, "--threads", "3", "--json"]).json()
    #expect(report["wrong"] as? Int == 0)
    #expect(report["threads"] as? [Int] == [3])
    let sets = try #require(report["instruction_sets"] as? [String])
    #expect(sets.first == "scalar" && report["replays"] as? Int == sets.count)
    let limited = try CommandRun(["verify", pack, "--limit", "scalar", "--json"]).json()
    #expect(limited["instruction_sets"] as? [String] == ["scalar"])
    #expect(limited["threads"] as? [Int] == [1, 2, 3, 4])
  }

  @Test func `holds a network in 8 bits to its bits`() throws {
    try withFolder { folder in
      let pack = "\(folder)/bytes.espalier"
      let model = "\(Signs.root)/models/gtsrb_resnet14_qdq.onnx"
      #expect(try CommandRun(["compile", model, "--shape", "input=1x3x32x32", "-o", pack]).status == 0)
      let run = try CommandRun(["verify", pack])
      #expect(run.status == 0)
      #expect(run.output.contains("level 0: ok, the same bits\n"))
      #expect(try CommandRun(["inspect", pack]).output.contains("golden vectors: the same bits everywhere"))
    }
  }

  @Test func `names output and element where a weight was altered, checksums and all`() throws {
    try withFolder { folder in
      let pack = "\(folder)/altered.espalier"
      var editor = PackEditor([UInt8](try Data(contentsOf: URL(fileURLWithPath: Signs.pack.get()))))
      // The last layer's: whatever stands at the end of the weights says something of every class.
      let weights = try #require(editor.section("WGHT"))
      let middle = weights.lowerBound + weights.count / 2
      let place = try #require((middle..<weights.upperBound).first { $0 % 4 == 3 && editor.bytes[$0] != 0 })
      editor.write(UInt64(editor.bytes[place] ^ 0x80), at: place, width: 1)
      editor.mendChecksums()
      try Data(editor.bytes).write(to: URL(fileURLWithPath: pack))
      let refused = try CommandRun(["verify", pack])
      #expect(refused.status == 1)
      #expect(refused.errors.contains("the weights are not those that the golden vectors were made with"))

      let content = Array(editor.bytes[weights])
      let golden = try #require(editor.section("GOLD"))
      editor.write(UInt64(PackEditor.checksum(of: content)), at: golden.lowerBound + 16, width: 4)
      editor.mendChecksums()
      try Data(editor.bytes).write(to: URL(fileURLWithPath: pack))
      let run = try CommandRun(["verify", pack, "--threads", "1", "--json"])
      #expect(run.status == 1)
      let level = try #require((try run.json()["levels"] as? [[String: Any]])?.first)
      let fault = try #require((level["faults"] as? [[String: Any]])?.first)
      #expect(fault["instruction_set"] as? String == "scalar")
      #expect(fault["output"] as? String == "logits")
      #expect(try CommandRun(["verify", pack]).output.contains("element"))
    }
  }

  @Test func `says where there is nothing to replay, and where there is no pack`() throws {
    try withFolder { folder in
      let pack = "\(folder)/none.espalier"
      let compiled = try CommandRun(
        ["compile", Signs.model, "--no-golden"] + Signs.compileOptions + ["-o", pack])
      #expect(compiled.status == 0)
      let run = try CommandRun(["verify", pack])
      #expect(run.status == 0)
      #expect(run.output.contains("there are no golden vectors to replay"))
      #expect(!(try CommandRun(["inspect", pack]).output.contains("golden")))
      #expect(try CommandRun(["compare", Signs.model, pack, "--json"]).json()["same_pack"] as? Bool == true)
    }
    let damaged = try CommandRun(["verify", Signs.model])
    #expect(damaged.status == 1)
    #expect(damaged.errors.contains("does not begin as a packed file does"))
  }

  @Test(arguments: [["--threads", "0"], ["--threads", "257"], ["--limit", "sse"]])
  func `refuses what there is not`(options: [String]) throws {
    let run = try CommandRun(["verify", try Signs.pack.get()] + options)
    #expect(run.status == 2)
    #expect(run.errors.contains(options[0]))
  }
}
