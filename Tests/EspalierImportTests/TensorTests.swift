import EspalierGraph
import EspalierImport
import Foundation
import Testing

@Suite("Tensors of an ONNX file") struct TensorTests {
  /// What a file's only tensor is read as.
  private func read(_ tensor: OnnxFile.TensorFile) throws -> Tensor {
    var file = OnnxFile()
    file.graph.initializers = [tensor]
    file.graph.initializers[0].name = "w"
    file.graph.outputs = ["w"]
    let graph = try file.graph()
    return try #require(graph.constant(of: graph.outputs[0]))
  }

  private func bytes<Element>(_ elements: [Element]) -> [UInt8] {
    elements.withUnsafeBytes { Array($0) }
  }

  @Test func `are read from raw bytes of every type`() throws {
    let shape: [Int64] = [3]
    let cases: [(Int64, [UInt8], Tensor)] = [
      (1, bytes([1.5, -2, 0] as [Float]), Tensor(shape: [3], floats: [1.5, -2, 0])),
      (2, [0, 127, 255], Tensor(shape: [3], element: .uint8, integers: [0, 127, 255])),
      (3, [0, 127, 255], Tensor(shape: [3], element: .int8, integers: [0, 127, -1])),
      (
        4, bytes([0, 1, 65535] as [UInt16]),
        Tensor(shape: [3], element: .uint16, integers: [0, 1, 65535])
      ),
      (5, bytes([0, 1, -1] as [Int16]), Tensor(shape: [3], element: .int16, integers: [0, 1, -1])),
      (
        6, bytes([1, -1, .min] as [Int32]),
        Tensor(shape: [3], element: .int32, integers: [1, -1, -2_147_483_648])
      ),
      (7, bytes([1, -1, .max] as [Int64]), Tensor(shape: [3], integers: [1, -1, .max])),
      (9, [0, 1, 2], Tensor(shape: [3], booleans: [false, true, true])),
      (
        11, bytes([1.5, -2, 0.1] as [Double]),
        Tensor(shape: [3], element: .float64, floats: [1.5, -2, 0.1])
      ),
      (
        12, bytes([1, 2, .max] as [UInt32]),
        Tensor(shape: [3], element: .uint32, integers: [1, 2, 4_294_967_295])
      ),
      (
        13, bytes([1, 2, .max] as [UInt64]),
        Tensor(shape: [3], element: .uint64, integers: [1, 2, -1])
      ),
    ]
    for (type, raw, expected) in cases {
      #expect(try read(.init(type: type, shape: shape, raw: raw)) == expected)
    }
  }

  /// Bit patterns and values from IEEE 754: one, minus two, the largest, the smallest normal, the smallest
  /// subnormal, infinity.
  @Test func `turn float16 into float32`() throws {
    let bits: [UInt16] = [0x3C00, 0xC000, 0x7BFF, 0x0400, 0x0001, 0x7C00]
    let expected: [Float] = [1, -2, 65504, 0x1p-14, 0x1p-24, .infinity]
    let raw = try read(.init(type: 10, shape: [6], raw: bytes(bits)))
    #expect(raw == Tensor(shape: [6], element: .float16, floats: expected))
    #expect(try read(.init(type: 10, shape: [6], int32s: bits.map(Int64.init))) == raw)
    #expect(try read(.init(type: 10, shape: [1], raw: bytes([0x7E00] as [UInt16]))).floats[0].isNaN)
  }

  @Test func `turn bfloat16 into float32`() throws {
    let bits: [UInt16] = [0x3F80, 0xC000, 0x7F80]
    let raw = try read(.init(type: 16, shape: [3], raw: bytes(bits)))
    #expect(raw == Tensor(shape: [3], element: .bfloat16, floats: [1, -2, .infinity]))
    #expect(try read(.init(type: 16, shape: [3], int32s: bits.map(Int64.init))) == raw)
  }

  @Test func `are read from the field of their type`() throws {
    #expect(try read(.init(type: 1, shape: [2], floats: [1, 2])).floats == [1, 2])
    #expect(try read(.init(type: 11, shape: [2], doubles: [1, 0.1])).floats == [1, 0.1])
    #expect(try read(.init(type: 7, shape: [2], int64s: [-1, .max])).integers == [-1, .max])
    #expect(try read(.init(type: 12, shape: [1], uint64s: [7])).integers == [7])
    #expect(try read(.init(type: 2, shape: [2], int32s: [200, 3])).integers == [200, 3])
    #expect(try read(.init(type: 3, shape: [2], int32s: [-5, 3])).integers == [-5, 3])
    #expect(try read(.init(type: 9, shape: [2], int32s: [0, 1])).integers == [0, 1])
    #expect(
      try read(.init(type: 6, shape: [], int32s: [-9])) == Tensor(shape: [], element: .int32, integers: [-9]))
  }

  @Test func `may be empty`() throws {
    #expect(try read(.init(type: 1, shape: [0], raw: [])) == Tensor(shape: [0], floats: []))
    #expect(try read(.init(type: 7, shape: [2, 0])) == Tensor(shape: [2, 0], integers: []))
  }

  @Test(arguments: [
    (OnnxFile.TensorFile(shape: [3], raw: [0, 0, 0, 0]), "must hold 12 bytes, but holds 4"),
    (OnnxFile.TensorFile(shape: [3], floats: [1]), "must hold 3 elements, but holds 1"),
    (OnnxFile.TensorFile(shape: [1], floats: [1, 2]), "must hold 1 elements, but holds 2"),
    (OnnxFile.TensorFile(shape: [-1], floats: [1]), "has a negative extent"),
    (OnnxFile.TensorFile(shape: [1 << 40, 1 << 40, 1 << 40], floats: [1]), "is too large"),
    (OnnxFile.TensorFile(shape: [1 << 40], floats: [1]), "must hold 1099511627776 elements, but holds 1"),
    (OnnxFile.TensorFile(type: 8, shape: [1]), "has a type that is not supported (8)"),
    (OnnxFile.TensorFile(type: 22, shape: [1]), "has a type that is not supported (22)"),
    (OnnxFile.TensorFile(shape: Array(repeating: 1, count: 33), floats: [1]), "has 33 axes"),
  ])
  func `are refused where payload and shape disagree`(tensor: OnnxFile.TensorFile, problem: String) {
    #expect(throws: ImportError.tensor("w", problem: problem)) { try read(tensor) }
  }

  @Test func `may be damaged where nothing reads them`() throws {
    var file = OnnxFile(nodes: [.init("Neg", ["x"], ["y"])], outputs: ["y"])
    file.graph.initializers = [.init(name: "w", shape: [3], floats: [1])]
    #expect(try file.run([1, 2]) == [[-1, -2]])
  }
}

@Suite("Tensors outside the ONNX file") struct ExternalDataTests {
  /// A model in a folder of its own, whose tensor `w` of two floats lies where `external` says.
  private func check(
    _ external: [(String, String)], prepare: (URL) throws -> Void
  ) throws -> Tensor {
    let folder = FileManager.default.temporaryDirectory.appending(path: "espalier-\(UUID().uuidString)")
    try FileManager.default.createDirectory(
      at: folder.appending(path: "model/data"), withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    var file = OnnxFile()
    file.graph.initializers = [.init(name: "w", shape: [2], external: external)]
    file.graph.outputs = ["w"]
    let model = folder.appending(path: "model/m.onnx")
    try Data(file.bytes).write(to: model)
    try prepare(folder)
    let graph = try Importer.graph(contentsOf: model.path)
    return try #require(graph.constant(of: graph.outputs[0]))
  }

  private static let elements = [1.5, -2, 3, 4] as [Float]
  private var data: Data { Self.elements.withUnsafeBytes { Data($0) } }

  private func write(_ data: Data, _ path: String) -> (URL) throws -> Void {
    { try data.write(to: $0.appending(path: path)) }
  }

  @Test func `are read from a file beside or below the model`() throws {
    let whole = try check([("location", "w.bin")], prepare: write(data.prefix(8), "model/w.bin"))
    #expect(whole == Tensor(shape: [2], floats: [1.5, -2]))
    let part = try check(
      [("location", "data/./w.bin"), ("offset", "8"), ("length", "8")],
      prepare: write(data, "model/data/w.bin"))
    #expect(part == Tensor(shape: [2], floats: [3, 4]))
  }

  @Test(arguments: [
    "../w.bin", "data/../../w.bin", "/etc/passwd", "..", "data", ".", "", "missing.bin", "data/missing/w.bin",
  ])
  func `are refused where the file is not one inside the model's directory`(location: String) {
    #expect(throws: ImportError.self) {
      try check([("location", location)], prepare: write(data, "w.bin"))
    }
  }

  @Test func `are refused behind a link, be it to the file or to its folder`() throws {
    #expect(
      throws: ImportError.tensor("w", problem: "is kept in 'w.bin', which is reached over a link")
    ) {
      try check([("location", "w.bin")]) { folder in
        try data.write(to: folder.appending(path: "model/real.bin"))
        try FileManager.default.createSymbolicLink(
          atPath: folder.appending(path: "model/w.bin").path, withDestinationPath: "real.bin")
      }
    }
    #expect(throws: ImportError.self) {
      try check([("location", "link/w.bin")]) { folder in
        try data.write(to: folder.appending(path: "model/data/w.bin"))
        try FileManager.default.createSymbolicLink(
          atPath: folder.appending(path: "model/link").path, withDestinationPath: "data")
      }
    }
  }

  @Test func `are refused where they are no plain file`() throws {
    #expect(throws: ImportError.self) {
      try check([("location", "pipe")]) { folder in
        #expect(mkfifo(folder.appending(path: "model/pipe").path, 0o600) == 0)
      }
    }
  }

  @Test(arguments: [
    [("offset", "12")], [("offset", "16")], [("offset", "99999999999")], [("offset", "-4")],
    [("offset", "99999999999999999999")], [("length", "4")], [("length", "12")], [("length", "eight")],
    [("offset", "0x0")],
  ])
  func `are refused where offset and length do not fit`(range: [(String, String)]) {
    #expect(throws: ImportError.self) {
      try check([("location", "w.bin")] + range, prepare: write(data, "model/w.bin"))
    }
  }

  @Test func `are refused where the model is not a file`() throws {
    var file = OnnxFile()
    file.graph.initializers = [.init(name: "w", shape: [2], external: [("location", "w.bin")])]
    file.graph.outputs = ["w"]
    #expect(
      throws: ImportError.tensor("w", problem: "is kept outside the model, which has no directory")
    ) { try file.graph() }
  }
}

@Suite("Opening an ONNX file") struct OpeningTests {
  @Test func `refuses a file that is not there, a folder, and nonsense`() throws {
    #expect(throws: ImportError.self) { try OnnxModel(contentsOf: "/nowhere/model.onnx") }
    #expect(throws: ImportError.self) { try OnnxModel(contentsOf: "/tmp") }
    #expect(throws: ImportError.self) { try OnnxModel(contentsOf: "/dev/zero") }
    #expect(throws: ImportError.self) { try OnnxModel(bytes: Array("nonsense".utf8)) }
    #expect(throws: ImportError.malformed("it holds no graph")) { try OnnxModel(bytes: []) }
  }
}
