import EspalierImport
import EspalierMedia
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

  /// Models that lie in the assets and have golden outputs, by name.
  static var goldenModels: [String] {
    let files = (try? Files.list(goldens.path) { $0.hasSuffix(".npz") }) ?? []
    return files.map { URL(fileURLWithPath: $0).deletingPathExtension().lastPathComponent }.filter {
      Files.exists(assets.appendingPathComponent("models/\($0).onnx").path)
    }
  }
}

/// A model on the whole path: import, simplify, lower, write, read, run.
enum WholePath {
  static func model(_ path: String, shapes: [String: [Int]]) throws -> Model {
    let graph = try Importer.graph(contentsOf: path, options: Importer.Options(shapes: shapes))
    return try Model(bytes: try PlanWriter.bytes(of: try Pipeline.compile(graph)))
  }
}

/// What ONNX Runtime computed: `input:NAME` and `output:NAME`, frames along the first axis.
struct Golden {
  private let arrays: [String: FloatArray]

  init(_ path: String) throws {
    let entries = try NumPyArchive.decode(try Files.read(path), path: path)
    arrays = Dictionary(uniqueKeysWithValues: entries.map { ($0.name, $0.array) })
  }

  subscript(_ key: String) -> FloatArray? { arrays[key] }

  var input: (name: String, array: FloatArray)? {
    arrays.first { $0.key.hasPrefix("input:") }.map { (String($0.key.dropFirst(6)), $0.value) }
  }

  /// The shape of one frame of the input.
  var frameShape: [Int] { input.map { [1] + $0.array.shape.dropFirst() } ?? [] }

  /// Elements of frame `index` of an array of `count` frames.
  static func frame(_ index: Int, of count: Int, _ array: FloatArray) -> [Float] {
    let size = array.elements.count / count
    return Array(array.elements[(index * size)..<((index + 1) * size)])
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
