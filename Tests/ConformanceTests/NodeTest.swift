import EspalierGraph
import EspalierImport
import EspalierPasses
import Foundation

/// One ONNX test: a model, and tensors in and out.
struct NodeTest {
  struct DataSet {
    var inputs: [Tensor]
    var outputs: [Tensor]
  }

  let model: OnnxModel
  let dataSets: [DataSet]

  init(folder: URL) throws {
    model = try OnnxModel(contentsOf: folder.appending(path: "model.onnx").path)
    let folders = try FileManager.default.contentsOfDirectory(atPath: folder.path)
      .filter { $0.hasPrefix("test_data_set_") }.sorted()
    dataSets = try folders.map { name in
      let data = folder.appending(path: name)
      return DataSet(inputs: try Self.tensors(data, "input"), outputs: try Self.tensors(data, "output"))
    }
  }

  private static func tensors(_ folder: URL, _ kind: String) throws -> [Tensor] {
    var tensors: [Tensor] = []
    while true {
      let file = folder.appending(path: "\(kind)_\(tensors.count).pb").path
      guard FileManager.default.fileExists(atPath: file) else { return tensors }
      tensors.append(try Tensor(contentsOfOnnxTensor: file))
    }
  }
}

/// Why a test does not pass.
struct ConformanceFailure: Error, CustomStringConvertible {
  let description: String
}

extension NodeTest {
  /// Something that computes a graph's outputs from its inputs.
  typealias Engine = (_ graph: Graph, _ inputs: [Tensor]) throws -> [Tensor]

  /// Runs all data sets and compares.
  ///
  /// The tests feed everything as inputs: axes, sizes and weights too. Where the compiler needs more to be
  /// known, inputs are bound to the data set's tensors: all but the first of floats, all but the first, then all.
  ///
  /// - Parameter mayBindAll: Whether the last of these counts: it leaves nothing to compute.
  func check(with engine: Engine, mayBindAll: Bool) throws {
    if dataSets.isEmpty { throw ConformanceFailure(description: "has no data") }
    for data in dataSets {
      let outputs = try outputs(for: data, engine, mayBindAll: mayBindAll)
      guard outputs.count == data.outputs.count else {
        throw ConformanceFailure(description: "\(outputs.count) outputs, not \(data.outputs.count)")
      }
      for (index, (found, expected)) in zip(outputs, data.outputs).enumerated() {
        try compare(withoutFreeRows(found, expected), expected, output: index)
      }
    }
  }

  /// The outputs of the first attempt that compiles; else the first attempt's error.
  private func outputs(for data: DataSet, _ engine: Engine, mayBindAll: Bool) throws -> [Tensor] {
    let names = model.graph.inputs.map(\.name)
    let given = Dictionary(zip(names, data.inputs), uniquingKeysWith: { first, _ in first })
    let firstFloat = names.first { given[$0]?.type.element.isFloating == true }
    var attempts = [
      [:], given.filter { $0.key != firstFloat }, given.filter { $0.key != names.first }, given,
    ]
    if !mayBindAll { attempts.removeAll { !given.isEmpty && $0.count == given.count } }
    var failure: (any Error)?
    for constants in attempts {
      let shapes = given.filter { constants[$0.key] == nil }.mapValues(\.shape)
      do {
        let graph = try Importer.graph(of: model, options: .init(shapes: shapes, constants: constants))
        try Verifier.verify(graph)
        return try engine(graph, graph.inputs.compactMap { given[graph[$0].name] })
      } catch let error as ImportError {
        failure = failure ?? error
      } catch let error as Pipeline.Failure {
        failure = failure ?? error
      }
    }
    throw failure ?? ConformanceFailure(description: "has no inputs to run on")
  }

  /// ONNX's NonMaxSuppression has as many rows as it finds boxes. Where that depends on the frame, ours has rows of
  /// −1 behind them, which do not count.
  private func withoutFreeRows(_ found: Tensor, _ expected: Tensor) -> Tensor {
    guard model.graph.nodes.contains(where: { $0.type == "NonMaxSuppression" }), found.shape.count == 2,
      case .integers(let elements) = found.storage, expected.count <= found.count,
      elements[expected.count...].allSatisfy({ $0 == -1 })
    else { return found }
    return Tensor(
      shape: expected.shape, element: found.type.element, integers: Array(elements[..<expected.count]))
  }

  /// ONNX's own tolerances: relative 1e-3, absolute 1e-7; integers are equal.
  private func compare(_ found: Tensor, _ expected: Tensor, output: Int) throws {
    guard found.type == expected.type else {
      throw ConformanceFailure(description: "output \(output) is \(found.type), not \(expected.type)")
    }
    switch (found.storage, expected.storage) {
    case (.integers(let a), .integers(let b)):
      if let at = a.indices.first(where: { a[$0] != b[$0] }) {
        throw ConformanceFailure(description: "output \(output)[\(at)] is \(a[at]), not \(b[at])")
      }
    case (.floats(let a), .floats(let b)):
      if let at = a.indices.first(where: { !Self.isClose(a[$0], b[$0]) }) {
        throw ConformanceFailure(description: "output \(output)[\(at)] is \(a[at]), not \(b[at])")
      }
    default: throw ConformanceFailure(description: "output \(output) is stored otherwise")
    }
  }

  private static func isClose(_ a: Float, _ b: Float) -> Bool {
    a == b || (a.isNaN && b.isNaN) || abs(a - b) <= 1e-7 + 1e-3 * abs(b)
  }
}
