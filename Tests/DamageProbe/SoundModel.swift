import EspalierGraph
import EspalierImport
import EspalierPasses
import EspalierPlan
import Foundation

/// A model whose damage is tried, and what must be known beside its file to compile it.
struct SoundModel {
  let path: String
  let bytes: [UInt8]
  private(set) var options = Importer.Options()

  /// - Parameter path: Of a model; where the data of an ONNX node test lie beside it, its inputs but the first
  ///   of floats become constants: axes, sizes and weights.
  init(path: String) throws {
    self.path = path
    bytes = [UInt8](try Data(contentsOf: URL(filePath: path)))
    let model = try OnnxModel(contentsOf: path)
    let folder = URL(filePath: path).deletingLastPathComponent().appending(path: "test_data_set_0")
    var hasFrame = false
    let initialized = Set(model.graph.initializers.map(\.name))
    for (index, input) in model.graph.inputs.enumerated() where !initialized.contains(input.name) {
      let data = folder.appending(path: "input_\(index).pb").path
      if let tensor = try? Tensor(contentsOfOnnxTensor: data) {
        if tensor.type.element.isFloating && !hasFrame {
          hasFrame = true
        } else {
          options.constants[input.name] = tensor
        }
      } else if let extents = input.extents {
        options.shapes[input.name] = extents.map { if case .fixed(let count) = $0 { count } else { 1 } }
      }
    }
    // 32 MB: more than a network's shape arithmetic ever takes, and soon reached.
    options.madeElementLimit = 1 << 22
  }

  /// The packed file of the sound model; nil where the runtime has no kernel for it.
  func pack(_ weights: PlanWriter.WeightStorage) throws -> [UInt8]? {
    guard let graph = try? Importer.graph(contentsOf: path, options: options),
      let plan = try? Pipeline.compile(graph)
    else { return nil }
    return try PlanWriter.bytes(of: plan, weights: weights)
  }
}
