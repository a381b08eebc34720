import EspalierGraph
import EspalierImport
import EspalierMedia
import EspalierOperators
import EspalierPasses
import EspalierPlan
import EspalierRuntime
import Foundation

/// Where things lie.
enum Place {
  static let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent()
  /// Models and data that are not ours to publish; ESPALIER_ASSETS names another folder.
  static let assets =
    ProcessInfo.processInfo.environment["ESPALIER_ASSETS"].map { URL(fileURLWithPath: $0) }
    ?? root.appendingPathComponent("../shared/assets")
  /// What tools/golden made with ONNX Runtime.
  static let goldens = root.appendingPathComponent(".build-golden")

  /// What tools/golden made outputs for and whose model lies in the assets: a model's name, or `NAME@CASE`.
  static var goldenCases: [String] {
    let files = (try? Files.list(goldens.path) { $0.hasSuffix(".npz") }) ?? []
    return files.map { name(of: $0) }.filter { Files.exists(model(of: $0)) }
  }

  /// Every model in the assets, by name.
  static var models: [String] {
    let files =
      (try? Files.list(assets.appendingPathComponent("models").path) { $0.hasSuffix(".onnx") }) ?? []
    return files.map { name(of: $0) }
  }

  /// The model file of a case.
  static func model(of name: String) -> String {
    let model = name.split(separator: "@")[0]
    return assets.appendingPathComponent("models/\(model).onnx").path
  }

  private static func name(of path: String) -> String {
    URL(fileURLWithPath: path).deletingPathExtension().lastPathComponent
  }
}

/// A model on the whole path: import, simplify, lower, write, read.
enum WholePath {
  static func model(_ path: String, shapes: [String: [Int]]) throws -> Model {
    let graph = try Importer.graph(contentsOf: path, options: Importer.Options(shapes: shapes))
    return try Model(bytes: try PlanWriter.bytes(of: try Pipeline.compile(graph)))
  }

  /// The model of a golden case for `batch` frames at once.
  static func model(_ name: String, for golden: Golden, batch: Int = 1) throws -> Model {
    try model(Place.model(of: name), shapes: [golden.inputName: [batch] + golden.frameShape])
  }
}

extension KernelChoices {
  /// Winograd's algorithm for every layer of a graph that it computes; other layers get their favorites.
  static func winograd(tile: Int, in graph: Graph) -> KernelChoices {
    var choices: [LayerShape: KernelChoice] = [:]
    for node in graph.nodes {
      if let shape = graph.layerShape(of: node) { choices[shape] = .winograd(tile: tile) }
    }
    return KernelChoices(choices)
  }

  /// Products over offset lists for every layer of a graph.
  static func products(in graph: Graph) -> KernelChoices {
    var choices: [LayerShape: KernelChoice] = [:]
    for node in graph.nodes {
      if let shape = graph.layerShape(of: node) { choices[shape] = .gemm(panelsInner: true) }
    }
    return KernelChoices(choices)
  }
}

/// What ONNX Runtime computed: `input:NAME` and `output:NAME`, frames along the first axis.
struct Golden {
  let inputName: String
  /// Of one frame, without the batch.
  let frameShape: [Int]
  let frames: [[Float]]
  private let arrays: [String: FloatArray]

  init(_ path: String) throws {
    let entries = try NumPyArchive.decode(try Files.read(path), path: path)
    arrays = Dictionary(uniqueKeysWithValues: entries.map { ($0.name, $0.array) })
    let input = arrays.first { $0.key.hasPrefix("input:") }
    inputName = input.map { String($0.key.dropFirst(6)) } ?? ""
    frameShape = input.map { Array($0.value.shape.dropFirst()) } ?? []
    frames = input.map { Golden.frames(of: $0.value) } ?? []
  }

  init(case name: String) throws {
    try self.init(Place.goldens.appendingPathComponent("\(name).npz").path)
  }

  subscript(_ key: String) -> FloatArray? { arrays[key] }

  /// What the network says to each frame, or nil where it has no such output.
  func outputs(_ name: String) -> [[Float]]? { arrays["output:\(name)"].map(Golden.frames) }

  var outputNames: Set<String> {
    Set(arrays.keys.filter { $0.hasPrefix("output:") }.map { String($0.dropFirst(7)) })
  }

  static func frames(of array: FloatArray) -> [[Float]] {
    let size = array.elements.count / array.shape[0]
    return (0..<array.shape[0]).map { Array(array.elements[($0 * size)..<(($0 + 1) * size)]) }
  }
}

/// How far values are from reference values.
struct Difference {
  let cosine: Double
  /// The greatest error over the greatest reference value.
  let relativeError: Double

  init(_ values: [Float], _ reference: [Float]) {
    var (product, ours, theirs, error, greatest) = (0.0, 0.0, 0.0, 0.0, 0.0)
    for (value, expected) in zip(values, reference) {
      let (x, r) = (Double(value), Double(expected))
      product += x * r
      ours += x * x
      theirs += r * r
      error = max(error, abs(x - r))
      greatest = max(greatest, abs(r))
    }
    cosine = product / (ours.squareRoot() * theirs.squareRoot())
    relativeError = values.count == reference.count ? error / greatest : .infinity
  }
}

extension [Float] {
  /// The place of the greatest element, the first of equals.
  var greatestIndex: Int { indices.reduce(0) { self[$1] > self[$0] ? $1 : $0 } }
}
