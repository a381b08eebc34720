import EspalierMedia
import Foundation
import Testing

@Suite("compile --checkpoint") struct CheckpointTests {
  private static func arguments(_ checkpoint: String?, seed: Int = 0, to pack: String) -> [String] {
    ["compile", Signs.model] + Signs.compileOptions
      + [
        "--calibrate", Signs.pictures, "--prune", "0.4", "--allocation", "uniform", "--criterion", "l2",
        "--precision", "fp32", "--seed", "\(seed)", "--threads", "1", "-o", pack,
      ] + (checkpoint.map { ["--checkpoint", $0] } ?? [])
  }

  /// Ends a run without a warning as soon as a file has appeared.
  private static func interrupt(_ arguments: [String], after path: String) throws {
    let process = CommandRun.process(arguments)
    (process.standardOutput, process.standardError) = (FileHandle.nullDevice, FileHandle.nullDevice)
    try process.run()
    while process.isRunning, !FileManager.default.fileExists(atPath: path) { usleep(1_000) }
    kill(process.processIdentifier, SIGKILL)
    process.waitUntilExit()
  }

  @Test func `goes on after an interruption to the same pack, byte for byte`() throws {
    try withFolder { folder in
      let (whole, resumed, file) = ("\(folder)/1.espalier", "\(folder)/2.espalier", "\(folder)/state")
      let run = try CommandRun(Self.arguments(nil, to: whole))
      #expect(run.status == 0, "\(run.errors)")
      try Self.interrupt(Self.arguments(file, to: resumed), after: file)
      #expect(!FileManager.default.fileExists(atPath: resumed))
      let second = try CommandRun(Self.arguments(file, to: resumed) + ["--resume"])
      #expect(second.status == 0, "\(second.errors)")
      #expect(try Files.read(resumed) == Files.read(whole))

      // What it was at the end is the end of another run, and no beginning for one with another seed.
      let third = try CommandRun(Self.arguments(file, to: "\(folder)/3.espalier") + ["--resume"])
      #expect(third.status == 0, "\(third.errors)")
      #expect(try Files.read("\(folder)/3.espalier") == Files.read(whole))
      let other = try CommandRun(Self.arguments(file, seed: 1, to: "\(folder)/x.espalier") + ["--resume"])
      #expect(other.status == 1 && other.errors.contains("another training"), "\(other.errors)")
      #expect(!FileManager.default.fileExists(atPath: "\(folder)/x.espalier"))
    }
  }

  @Test func `says what is wrong with a file, and writes nothing`() throws {
    try withFolder { folder in
      let (pack, file) = ("\(folder)/x.espalier", "\(folder)/state")
      let missing = try CommandRun(Self.arguments(file, to: pack) + ["--resume"])
      #expect(missing.status == 1 && missing.errors.contains(file), "\(missing.errors)")
      try Files.write(Array("ESPDIST1 and more".utf8), to: file)
      let damaged = try CommandRun(Self.arguments(file, to: pack) + ["--resume"])
      #expect(damaged.status == 1 && damaged.errors.contains("damaged"), "\(damaged.errors)")
      let nowhere = try CommandRun(Self.arguments("/no/such/folder/state", to: pack))
      #expect(nowhere.status == 1 && nowhere.errors.contains("/no/such/folder"), "\(nowhere.errors)")
      #expect(!FileManager.default.fileExists(atPath: pack))
    }
  }

  @Test(arguments: [
    ["--prune", "0.5", "--resume"], ["--checkpoint", "state"],
    ["--prune", "0.5", "--checkpoint", "state", "--recover", "lsq"],
    ["--prune", "0.5", "--checkpoint", "/no/such/never.espalier"],
  ])
  func `2 for wrong usage`(arguments: [String]) throws {
    let run = try CommandRun(["compile", Signs.model] + arguments + ["-o", "/no/such/never.espalier"])
    #expect(run.status == 2)
  }
}
