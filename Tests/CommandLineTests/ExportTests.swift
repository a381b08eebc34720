import EspalierMedia
import Foundation
import Testing

@Suite("export") struct ExportTests {
  private let shape = ["--shape", "input=1x3x32x32"]

  @Test func `writes a file that compiles to the same network, the same bytes each time`() throws {
    try withFolder { folder in
      let (first, second) = ("\(folder)/a.onnx", "\(folder)/b.onnx")
      let run = try CommandRun(["export", Signs.model, "-o", first, "--json"] + shape)
      #expect(run.status == 0)
      let report = try run.json()
      #expect(report["onnx"] as? String == first)
      #expect(report["opset"] as? Int == 17)
      #expect(try #require(report["parameters"] as? Int) > 100_000)
      #expect(try CommandRun(["export", Signs.model, "-o", second] + shape).status == 0)
      let bytes = try Files.read(first)
      #expect(try Files.read(second) == bytes)
      #expect(report["bytes"] as? Int == bytes.count)
      // Shapes are fixed now: no --shape.
      #expect(try CommandRun(["compile", first, "-o", "\(folder)/a.espalier"]).status == 0)
      let compared = try CommandRun(["compare", Signs.model, "\(folder)/a.espalier"])
      #expect(compared.status == 0, "\(compared.errors)")
    }
  }

  @Test func `refuses a model in 8 bits, and leaves what stood there`() throws {
    try withFolder { folder in
      let path = "\(folder)/x.onnx"
      try "what stood there".write(toFile: path, atomically: false, encoding: .utf8)
      let quantized = Signs.model.replacing(".onnx", with: "_qdq.onnx")
      let run = try CommandRun(["export", quantized, "-o", path] + shape)
      #expect(run.status == 1)
      #expect(run.errors.contains("only float32 networks are written as ONNX"))
      #expect(try String(contentsOfFile: path, encoding: .utf8) == "what stood there")
    }
  }
}
