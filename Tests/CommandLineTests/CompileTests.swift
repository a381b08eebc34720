import Foundation
import Testing

@Suite("compile") struct CompileTests {
  @Test func `writes one file, the same bytes each time`() throws {
    let pack = try Signs.pack.get()
    try withFolder { folder in
      let again = "\(folder)/again.espalier"
      let run = try CommandRun(
        ["compile", Signs.model] + Signs.compileOptions + ["--output", again, "--json"])
      #expect(run.status == 0)
      #expect(FileManager.default.contents(atPath: pack) == FileManager.default.contents(atPath: again))
      #expect(try FileManager.default.contentsOfDirectory(atPath: folder) == ["again.espalier"])
      let report = try run.json()
      #expect(report["pack"] as? String == again)
      for key in ["bytes", "calls", "weight_bytes", "arena_bytes", "multiply_adds"] {
        #expect(try #require(report[key] as? Int, "\(key)") > 0)
      }
      let stages = try #require(report["stages"] as? [[String: Any]]).compactMap { $0["name"] as? String }
      #expect(stages == ["import", "simplify", "lower and place", "golden vectors", "write"])
    }
  }

  @Test func `replaces what stood there, and only when it succeeds`() throws {
    try withFolder { folder in
      let path = "\(folder)/model.espalier"
      try "what stood there".write(toFile: path, atomically: false, encoding: .utf8)
      let failed = try CommandRun(["compile", Signs.model, "--shape", "other=1x3x32x32", "-o", path])
      #expect(failed.status == 1)
      #expect(try String(contentsOfFile: path, encoding: .utf8) == "what stood there")
      let done = try CommandRun(["compile", Signs.model] + Signs.compileOptions + ["-o", path])
      #expect(done.status == 0)
      #expect(
        FileManager.default.contents(atPath: path)
          == FileManager.default.contents(atPath: try Signs.pack.get()))
      #expect(try FileManager.default.contentsOfDirectory(atPath: folder) == ["model.espalier"])
    }
  }

  @Test func `leaves nothing behind where the folder does not exist`() throws {
    try withFolder { folder in
      let path = "\(folder)/none/model.espalier"
      let run = try CommandRun(["compile", Signs.model] + Signs.compileOptions + ["-o", path])
      #expect(run.status == 1)
      #expect(run.errors.contains("cannot write '\(path)': No such file or directory"))
      #expect(try FileManager.default.contentsOfDirectory(atPath: folder).isEmpty)
    }
  }

  @Test func `an open input without a shape is named with the option that closes it`() throws {
    try withFolder { folder in
      let run = try CommandRun(["compile", Signs.model, "-o", "\(folder)/x.espalier"])
      #expect(run.status == 1)
      #expect(run.errors.contains("input 'input'"))
      #expect(run.errors.contains("--shape input="))
      #expect(try FileManager.default.contentsOfDirectory(atPath: folder).isEmpty)
    }
  }

  @Test(arguments: ["input=1x3x32x32", "input:1x3x32x32", "input[1,3,32,32]"])
  func `the shapes of other tools give the same pack`(shape: String) throws {
    try withFolder { folder in
      let path = "\(folder)/x.espalier"
      let run = try CommandRun([
        "compile", Signs.model, "--shapes", shape, "--mean", "127.5", "--scale", "127.5", "-o", path,
      ])
      #expect(run.status == 0)
      #expect(
        FileManager.default.contents(atPath: path)
          == FileManager.default.contents(atPath: try Signs.pack.get()))
    }
  }
}

@Suite("inspect") struct InspectTests {
  @Test func `a model: ports, nodes, multiply-adds, parameters, memory`() throws {
    let run = try CommandRun(["inspect", Signs.model, "--shape", "input=1x3x32x32", "--json"])
    #expect(run.status == 0)
    let report = try run.json()
    let inputs = try #require(report["inputs"] as? [[String: Any]])
    #expect(inputs.count == 1)
    #expect(inputs[0]["name"] as? String == "input")
    #expect(inputs[0]["shape"] as? [Int] == [1, 3, 32, 32])
    // torch's count of the network: 0.70 million parameters; 26.44 million multiply-adds by Conv's definition.
    #expect((690_000...710_000).contains(try #require(report["parameters"] as? Int)))
    #expect((26_400_000...26_500_000).contains(try #require(report["multiply_adds"] as? Int)))
    #expect(try #require(report["activation_bytes"] as? Int) > 0)
    #expect((report["problems"] as? [String])?.isEmpty == true)
    #expect((report["not_in_runtime"] as? [String])?.isEmpty == true)
    #expect((report["nodes"] as? [Any])?.isEmpty == false)
  }

  @Test func `a model that does not import: its problems, and 1`() throws {
    let run = try CommandRun(["inspect", Signs.model, "--json"])
    #expect(run.status == 1)
    let problems = try #require(try run.json()["problems"] as? [String])
    #expect(problems.count == 1)
    #expect(problems[0].contains("--shape input="))
  }

  @Test func `a pack: calls, kernels, certificate, provenance`() throws {
    let run = try CommandRun(["inspect", try Signs.pack.get(), "--json"])
    #expect(run.status == 0)
    let report = try run.json()
    let certificate = try #require(report["certificate"] as? [String: Any])
    for key in ["arena_bytes", "weight_bytes", "multiply_adds", "multiply_adds_between_deadline_checks"] {
      #expect(try #require(certificate[key] as? Int, "\(key)") > 0)
    }
    let provenance = try #require(report["provenance"] as? [String: String])
    #expect(provenance["picture-mean"] == "127.5")
    // sha256sum models/gtsrb_resnet14.onnx, from models/MANIFEST.md
    let manifest = try String(contentsOfFile: "\(Signs.root)/models/MANIFEST.md", encoding: .utf8)
    #expect(manifest.contains(try #require(provenance["source-sha256"])))
  }

  @Test func `the shapes of a pack cannot be changed`() throws {
    let run = try CommandRun(["inspect", try Signs.pack.get(), "--shape", "input=1x3x64x64"])
    #expect(run.status == 2)
  }
}
