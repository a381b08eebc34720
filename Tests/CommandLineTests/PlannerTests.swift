import EspalierMedia
import EspalierOperators
import EspalierSearch
import Foundation
import Testing

@testable import espalier

@Suite("Kernels by measured times", .serialized) struct PlannerTests {
  /// A table in which the traffic-sign network's layers are fastest by a kernel that is not the usual one.
  private func table(_ layers: [LayerShape], on processor: ProcessorKind) -> CostTable {
    var table = CostTable(processor: processor, name: "Board")
    for shape in layers {
      for (index, choice) in shape.candidates.reversed().enumerated() {
        table.add(shape, choice, threads: 1, microseconds: 10 + Double(index))
      }
    }
    return table
  }

  private let board = ProcessorKind(vendor: "Maker", family: "8", model: "1", instructionSet: "neon")

  private func layers(in folder: String) throws -> [LayerShape] {
    var chain = CompileChain()
    let shape = try #require(ShapeArgument(argument: "input=1x3x32x32"))
    return try chain.simplify(try chain.importGraph(Signs.model, shapes: [shape])).layerShapes
  }

  /// One frame to calibrate with.
  private func frame(in folder: String) throws -> String {
    let path = "\(folder)/frame.npy"
    let elements = (0..<3072).map { (place: Int) -> Float in Float(place * 37 % 101) / 50 - 1 }
    try Files.write(NumPyFile.encode(FloatArray(shape: [1, 3, 32, 32], elements: elements)), to: path)
    return path
  }

  private func compile(_ arguments: [String], to path: String) throws -> CommandRun {
    try CommandRun(["compile", Signs.model] + Signs.compileOptions + arguments + ["--json", "-o", path])
  }

  private func scores(_ pack: String) throws -> [Float] {
    let path = "\(pack).npz"
    let run = try CommandRun(["run", pack, "--input", Signs.pictures, "--output", path])
    #expect(run.status == 0, "\(run.errors)")
    return try NumPyArchive.decode(try Files.read(path), path: path)[0].array.elements
  }

  @Test func `follow a table from another machine, with the same outputs and the same bytes each time`()
    throws
  {
    try withFolder { folder in
      let (usual, one, two) = ("\(folder)/a", "\(folder)/b", "\(folder)/c")
      try CostFile.write(table(try layers(in: folder), on: board), to: "\(folder)/board.costs")
      #expect(try compile([], to: usual).status == 0)
      let run = try compile(["--costs", "\(folder)/board.costs"], to: one)
      #expect(run.status == 0, "\(run.errors)")
      let kernels = try #require(try run.json()["kernels"] as? [String: Any])
      #expect(kernels["processor"] as? String == "Maker 8 1 neon")
      #expect(kernels["measured"] as? Int == 0)
      #expect(try #require(kernels["changed"] as? Int) > 0)
      #expect(
        try #require(kernels["layers_ms"] as? Double) < (try #require(kernels["favorites_ms"] as? Double)))
      #expect(try compile(["--timingCacheFile", "\(folder)/board.costs"], to: two).status == 0)
      #expect(try Files.read(one) == Files.read(two))
      #expect(try Files.read(one) != Files.read(usual))
      for (expected, found) in zip(try scores(usual), try scores(one)) {
        #expect(abs(expected - found) < 1e-3)
      }
      let compared = try CommandRun([
        "compare", Signs.model, one, "--frames", try frame(in: folder), "--json",
      ])
      #expect(try compared.json()["same_pack"] as? Bool == true)
    }
  }

  @Test func `are measured by --tune, remembered in the pack and in the table`() throws {
    try withFolder { folder in
      let (pack, costs) = ("\(folder)/tuned", "\(folder)/here.costs")
      let run = try compile(["--tune", "--costs", costs], to: pack)
      #expect(run.status == 0, "\(run.errors)")
      let shapes = try layers(in: folder)
      let kernels = try #require(try run.json()["kernels"] as? [String: Any])
      #expect(kernels["measured"] as? Int == shapes.reduce(0) { $0 + $1.candidates.count })
      let processor = ProcessorInfo.current.kind
      #expect(kernels["processor"] as? String == processor.description)
      let inspected = try CommandRun(["inspect", pack, "--json"]).json()
      let provenance = try #require(inspected["provenance"] as? [String: String])
      #expect(provenance["kernel-costs"] == "\(processor), 1 thread")
      let table = try CostFile.read(costs)
      for shape in shapes {
        for choice in shape.candidates {
          #expect(try #require(table.microseconds(shape, choice, threads: 1)) > 0)
        }
      }
      let again = try compile(["--tune", "--costs", costs], to: "\(folder)/again")
      #expect((try again.json()["kernels"] as? [String: Any])?["measured"] as? Int == 0)
      #expect(try Files.read(pack) == Files.read("\(folder)/again"))
    }
  }

  @Test func `say what float32 costs, and keep layers in float32 that are faster so`() throws {
    try withFolder { folder in
      let shapes = try layers(in: folder)
      let slow = try #require(shapes.first { $0.kernel == [3, 3] })
      var table = table(shapes, on: board)
      for shape in shapes {
        let twin = shape.computed(in: .bytes)
        for choice in twin.candidates {
          table.add(twin, choice, threads: 1, microseconds: shape == slow ? 5_000 : 2)
        }
      }
      try CostFile.write(table, to: "\(folder)/board.costs")
      let frame = try self.frame(in: folder)
      let quantize = [
        "--calibrate", frame, "--calibration-method", "minmax", "--costs", "\(folder)/board.costs",
      ]
      let run = try compile(quantize + ["--keep-float", "logits"], to: "\(folder)/x")
      #expect(run.status == 0, "\(run.errors)")
      let calibration = try #require(try run.json()["calibration"] as? [String: Any])
      #expect(calibration["times_of"] as? String == "Maker 8 1 neon, 1 thread")
      let float = try #require(calibration["float32"] as? [[String: Any]])
      let kept = try #require(float.first { $0["reason"] as? String == "kept by --keep-float" })
      // 10 µs by the best kernel, less 2, and a little for its input, which comes in bytes.
      #expect(try #require(kept["extra_ms"] as? Double) >= 0.008)
      #expect(try #require(kept["extra_ms"] as? Double) < 0.009)
      let faster = float.filter { $0["reason"] as? String == "float32 is faster" }
      #expect(!faster.isEmpty)
      for node in faster { #expect(abs(try #require(node["extra_ms"] as? Double) + 4.99) < 0.005) }
      let compared = try CommandRun([
        "compare", Signs.model, "\(folder)/x", "--frames", frame, "--calibrate", frame, "--json",
      ])
      #expect(try compared.json()["same_pack"] as? Bool == true, "\(compared.errors)")
      let all = try compile(quantize + ["--precision", "int8"], to: "\(folder)/y")
      let report = try #require(try all.json()["calibration"] as? [String: Any])
      #expect(report["int8_share"] as? Double == 1)
    }
  }

  @Test func `are estimated for the report where nothing was measured`() throws {
    try withFolder { folder in
      let run = try compile(
        [
          "--calibrate", try frame(in: folder), "--calibration-method", "minmax", "--keep-float", "logits",
        ], to: "\(folder)/x")
      let report = try run.json()
      #expect(report["kernels"] == nil)
      let calibration = try #require(report["calibration"] as? [String: Any])
      #expect(calibration["times_of"] == nil)
      let kept = try #require(calibration["float32"] as? [[String: Any]])
      #expect(kept.contains { $0["extra_ms"] is Double })
    }
  }

  @Test func `come from a sound table of the right processor`() throws {
    try withFolder { folder in
      try Files.write(Array("no table\n".utf8), to: "\(folder)/none.costs")
      try Files.write(Array("espalier-costs 1\nprocessor a b c d\nrate x\n".utf8), to: "\(folder)/bad.costs")
      var two = table([], on: board)
      two.set(.callOverhead, threads: 2, 1)
      try CostFile.write(two, to: "\(folder)/two.costs")
      let cases = [
        (["--costs", "\(folder)/none.costs"], "is no table of kernel times"),
        (["--costs", "\(folder)/bad.costs"], "line 3: expected 'rate"),
        (["--costs", "\(folder)/missing.costs"], "No such file or directory"),
        (["--costs", "\(folder)/two.costs"], "holds no times for 1 thread, only for 2"),
        (["--tune", "--costs", "\(folder)/two.costs"], "do not mix"),
      ]
      for (arguments, sentence) in cases {
        let run = try compile(arguments, to: "\(folder)/x")
        #expect(run.status == 1)
        #expect(run.errors.contains(sentence), "\(run.errors)")
        #expect(!Files.exists("\(folder)/x"))
      }
    }
  }

  @Test func `are measured layer by layer for the models that 'measure' is given`() throws {
    try withFolder { folder in
      let path = "\(folder)/cpu.costs"
      let run = try CommandRun([
        "measure", Signs.model, "--shape", "input=1x3x32x32", "-o", path, "--threads", "1", "2", "--json",
      ])
      #expect(run.status == 0, "\(run.errors)")
      let table = try CostFile.read(path)
      #expect(table.processor == ProcessorInfo.current.kind)
      #expect(table.threadCounts == [1, 2])
      let shapes = try layers(in: folder)
      let expected = shapes.flatMap { [$0, $0.computed(in: .bytes)] }.reduce(0) { $0 + $1.candidates.count }
      #expect(table.count == 2 * expected)
      #expect(try run.json()["measured"] as? Int == 2 * expected)
      let rates = try #require(table.rates[2])
      for rate in [MachineRate.callOverhead, .floatGemm, .byteGemm, .level2] {
        #expect(try #require(rates[rate]) > 0)
      }
    }
  }
}

@Suite("The processor's description") struct ProcessorInfoTests {
  @Test func `is read for x86-64`() {
    let info = ProcessorInfo(
      cpuinfo: """
        processor\t: 0
        vendor_id\t: GenuineIntel
        cpu family\t: 6
        model\t\t: 154
        model name\t: 12th Gen Intel(R)  Core(TM)

        processor\t: 1
        model\t\t: 7
        """, instructionSet: "avxvnni")
    #expect(info.kind.description == "GenuineIntel 6 154 avxvnni")
    #expect(info.name == "12th Gen Intel(R) Core(TM)")
  }

  @Test func `is read for Arm`() {
    let info = ProcessorInfo(
      cpuinfo: "CPU implementer\t: 0x41\nCPU architecture: 8\nCPU part\t: 0xd0c\n", instructionSet: "neon")
    #expect(info.kind.description == "0x41 8 0xd0c neon")
  }

  @Test func `has no spaces in its parts, and is unknown where nothing is said`() {
    let info = ProcessorInfo(cpuinfo: "vendor_id : A B\n", instructionSet: "scalar")
    #expect(info.kind.description == "A_B unknown unknown scalar")
  }
}
