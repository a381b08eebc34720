import EspalierGraph
import EspalierImport
import Foundation
import Testing

/// Splits a file into pieces and puts it together wrongly, the same way for the same seed.
struct Mutator {
  private var state: UInt64

  init(seed: UInt64) { state = seed &* 0x9E37_79B9_7F4A_7C15 | 1 }

  /// Xorshift: small, and the same on every machine.
  mutating func below(_ limit: Int) -> Int {
    state ^= state << 13
    state ^= state >> 7
    state ^= state << 17
    return limit <= 0 ? 0 : Int(state % UInt64(limit))
  }

  mutating func mutate(_ bytes: [UInt8]) -> [UInt8] {
    var result = bytes
    for _ in 0...below(3) {
      let place = below(result.count)
      let length = below(min(64, result.count - place) + 1)
      switch below(7) {
      case 0: result = Array(result[..<place])
      case 1, 2: if !result.isEmpty { result[place] ^= UInt8(1 << below(8)) }
      case 3: if !result.isEmpty { result[place] = [0, 1, 0x7F, 0x80, 0xFF][below(5)] }
      case 4: result.removeSubrange(place..<(place + length))
      case 5: result.insert(contentsOf: Array(result[place..<(place + length)]), at: below(result.count + 1))
      default:
        let noise = (0..<length).map { _ in UInt8(below(256)) }
        result.replaceSubrange(place..<(place + length), with: noise)
      }
    }
    return result
  }
}

@Suite("Damaged ONNX files") struct DamagedFileTests {
  /// Small models that between them have everything that the importer treats in its own way.
  static let files = [network, shapeArithmetic, functionsAndBranches, payloads]
  static let models = files.map(\.bytes)

  private static let network: OnnxFile = {
    var file = OnnxFile(
      nodes: [
        .init(
          "Conv", ["x", "w", "b"], ["c"],
          attributes: [
            .init(name: "pads", value: .ints([1, 1, 1, 1])), .init(name: "strides", value: .ints([2, 2])),
          ]),
        .init("Relu", ["c"], ["r"]),
        .init("MaxPool", ["r"], ["p"], attributes: [.init(name: "kernel_shape", value: .ints([2, 2]))]),
        .init("Flatten", ["p"], ["f"]),
        .init("Gemm", ["f", "g"], ["y"], attributes: [.init(name: "transB", value: .int(1))]),
      ], outputs: ["y"])
    file.graph.inputs = [.input("x", [1, 2, 8, 8])]
    file.graph.initializers = [
      .init(name: "w", shape: [3, 2, 3, 3], floats: Array(repeating: 0.5, count: 54)),
      .init(name: "b", shape: [3], raw: Array(repeating: 0, count: 12)),
      .init(name: "g", shape: [4, 27], raw: Array(repeating: 0, count: 432)),
    ]
    return file
  }()

  private static let shapeArithmetic: OnnxFile = {
    var file = OnnxFile(
      nodes: [
        .init("Shape", ["x"], ["s"]),
        .init("Gather", ["s", "zero"], ["n"], attributes: [.init(name: "axis", value: .int(0))]),
        .init("Unsqueeze", ["n", "axes"], ["u"]),
        .init("Concat", ["u", "rest"], ["t"], attributes: [.init(name: "axis", value: .int(0))]),
        .init("Reshape", ["x", "t"], ["q"]),
        .init("Slice", ["q", "axes", "rest2", "axes", "one"], ["z"]),
        .init("Transpose", ["z"], ["v"], attributes: [.init(name: "perm", value: .ints([1, 0, 2]))]),
        .init("ConstantOfShape", ["t"], ["k"]),
        .init("Add", ["v", "k"], ["y"]),
      ], outputs: ["y"])
    file.graph.inputs = [.input("x", [2, 6])]
    file.graph.initializers = [
      .init(name: "zero", type: 7, shape: [], int64s: [0]),
      .init(name: "axes", type: 7, shape: [1], int64s: [0]),
      .init(name: "one", type: 7, shape: [1], int64s: [1]),
      .init(name: "rest", type: 7, shape: [2], int64s: [2, 3]),
      .init(name: "rest2", type: 7, shape: [1], int64s: [.max]),
    ]
    return file
  }()

  private static let functionsAndBranches: OnnxFile = {
    var branch = OnnxFile.GraphFile(nodes: [.init("Neg", ["x"], ["r"])])
    branch.outputs = ["r"]
    var file = OnnxFile(
      nodes: [
        .init("Twice", ["x"], ["t"], domain: "local"),
        .init(
          "If", ["flag"], ["i"],
          attributes: [
            .init(name: "then_branch", value: .graph(branch)),
            .init(name: "else_branch", value: .graph(branch)),
          ]),
        .init("Sum", ["t", "i", "x"], ["y"]),
      ], outputs: ["y"])
    file.functions = [
      .init(
        name: "Twice", domain: "local", inputs: ["a"], outputs: ["b"], attributes: ["alpha"],
        nodes: [
          .init(
            "LeakyRelu", ["a"], ["m"],
            attributes: [.init(name: "alpha", value: .reference, reference: "alpha")]),
          .init("Add", ["m", "a"], ["b"]),
        ])
    ]
    file.graph.initializers = [.init(name: "flag", type: 9, shape: [], int32s: [1])]
    return file
  }()

  private static let payloads: OnnxFile = {
    var file = OnnxFile()
    file.graph.initializers = [
      .init(name: "a", type: 10, shape: [2, 2], int32s: [0x3C00, 0, 1, 2]),
      .init(name: "b", type: 2, shape: [4], raw: [1, 2, 3, 4]),
      .init(name: "c", type: 11, shape: [1, 2], doubles: [1, 2]),
      .init(name: "d", type: 13, shape: [2], uint64s: [1, 2]),
      .init(name: "e", shape: [2], external: [("location", "w.bin"), ("offset", "0")]),
    ]
    file.graph.nodes = [
      .init("Constant", [], ["f"], attributes: [.init(name: "value_floats", value: .floats([1, 2]))]),
      .init(
        "Constant", [], ["g"],
        attributes: [.init(name: "value", value: .tensor(.init(shape: [2], floats: [1, 2])))]),
      .init("Cast", ["b"], ["h"], attributes: [.init(name: "to", value: .int(1))]),
    ]
    file.graph.outputs = ["a", "c", "d", "f", "g", "h"]
    return file
  }()

  /// Imports, and holds whatever comes out to the verifier.
  private func check(_ bytes: [UInt8]) throws -> Bool {
    guard let graph = try? Importer.graph(of: OnnxModel(bytes: bytes)) else { return false }
    try Verifier.verify(graph)
    return true
  }

  private var residentMegabytes: Int {
    var usage = rusage()
    getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage)
    return usage.ru_maxrss / 1024
  }

  @Test func `are the damage of files that are sound`() throws {
    for model in Self.models {
      #expect(throws: Never.self) { try Importer.graph(of: OnnxModel(bytes: model)) }
    }
  }

  @Test(arguments: models.indices)
  func `give an error or a sound graph, however they are damaged`(index: Int) throws {
    let before = residentMegabytes
    let started = ContinuousClock.now
    for seed in 0..<2500 {
      var mutator = Mutator(seed: UInt64(index * 1_000_000 + seed + 1))
      let bytes = mutator.mutate(Self.models[index])
      _ = try check(bytes)
    }
    #expect(residentMegabytes - before < 1024, "MB more than before")
    #expect(ContinuousClock.now - started < .seconds(120))
  }

  @Test(arguments: models.indices) func `give an error or a sound graph when cut off`(index: Int) throws {
    let model = Self.models[index]
    for length in 0..<model.count { _ = try check(Array(model[..<length])) }
  }

  @Test func `of pure noise give an error`() throws {
    for seed in 1...300 {
      var mutator = Mutator(seed: UInt64(seed))
      let bytes = (0..<mutator.below(400)).map { _ in UInt8(mutator.below(256)) }
      #expect(try !check(bytes))
    }
  }

  /// Every attribute and every integer of an initializer in turn, at values that overflow careless arithmetic.
  @Test(arguments: files.indices)
  func `give an error or a sound graph when numbers are absurd`(index: Int) throws {
    let absurd: [Int64] = [.min, .min + 1, -(1 << 32), -1, 0, 1, 7, 1 << 31, 1 << 32, 1 << 62, .max]
    let file = Self.files[index]
    for node in file.graph.nodes.indices {
      for attribute in file.graph.nodes[node].attributes.indices {
        for value in absurd {
          var damaged = file
          damaged.graph.nodes[node].attributes[attribute].value = .int(value)
          _ = try check(damaged.bytes)
          for count in [1, 2, 4] {
            let values = Array(repeating: value, count: count)
            damaged.graph.nodes[node].attributes[attribute].value = .ints(values)
            _ = try check(damaged.bytes)
          }
        }
      }
    }
    for tensor in file.graph.initializers.indices {
      for position in file.graph.initializers[tensor].int64s.indices {
        for value in absurd {
          var damaged = file
          damaged.graph.initializers[tensor].int64s[position] = value
          _ = try check(damaged.bytes)
        }
      }
      for value in absurd {
        var damaged = file
        damaged.graph.initializers[tensor].shape = [value, 2]
        _ = try check(damaged.bytes)
      }
    }
  }
}
