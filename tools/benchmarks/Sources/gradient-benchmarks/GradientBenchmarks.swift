import EspalierGradient
import EspalierGraph
import EspalierImport
import EspalierOperators
import EspalierPasses

/// How fast networks are trained on one core: milliseconds a frame, and billions of multiply-adds a second,
/// forward and backward. Inputs without fixed shapes get what `NAME=1x3x64x64` says; 'input' is 1x3x32x32 otherwise.
///
///     swift run -c release gradient-benchmarks signs.onnx detector.onnx images=1x3x320x320
///
/// `conv:FILTERSxCHANNELSxHEIGHTxWIDTH` measures one 3x3 convolution, each direction alone:
///
///     swift run -c release gradient-benchmarks conv:16x16x32x32 conv:64x64x8x8
@main struct GradientBenchmarks {
  static func main() throws {
    let arguments = CommandLine.arguments.dropFirst()
    var shapes = ["input": [1, 3, 32, 32]]
    for argument in arguments where argument.contains("=") {
      let parts = argument.split(separator: "=", maxSplits: 1)
      shapes[String(parts[0])] = parts[1].split(separator: "x").compactMap { Int($0) }
    }
    for path in arguments where !path.contains("=") {
      if path.hasPrefix("conv:"), let layer = try LayerMeasurement(path.dropFirst(5)) {
        print("\(path)  \(layer)")
        continue
      }
      print("\(path.split(separator: "/").last ?? "")  \(try Measurement(path, shapes))")
    }
  }
}

/// The times of one model.
struct Measurement: CustomStringConvertible {
  private let multiplyAdds: Double
  private let forward: Double
  private let backward: Double

  init(_ path: String, _ shapes: [String: [Int]]) throws {
    var graph: Graph
    do { graph = try Importer.graph(contentsOf: path) } catch {
      graph = try Importer.graph(contentsOf: path, options: Importer.Options(shapes: shapes))
    }
    try Pipeline.simplify(&graph)
    multiplyAdds = Self.multiplyAdds(of: graph)
    let tape = try Tape(graph, gradientsOf: Tape.trainable(graph))
    let memory = TapeMemory(tape, tape.makeParameters())
    for (index, input) in graph.inputs.enumerated() {
      let count = graph.type(of: input).elementCount
      memory.setInput(index, (0..<count).map { Float($0 % 255) / 255 - 0.5 })
    }
    forward = Self.seconds { tape.forward(memory) }
    backward = Self.seconds {
      memory.clearGradients()
      for output in graph.outputs { memory.gradient(of: output).update(repeating: 1) }
      tape.backward(memory)
    }
  }

  /// The shortest of some runs.
  static func seconds(runs: Int = 20, _ body: () -> Void) -> Double {
    let clock = ContinuousClock()
    return (0..<runs).map { _ in clock.measure(body) / .seconds(1) }.min() ?? .infinity
  }

  private static func multiplyAdds(of graph: Graph) -> Double {
    graph.nodes.reduce(0) { sum, node in
      let uses =
        switch node.op {
        case is Conv: graph.type(of: node.outputs[0]).shape.dropFirst(2).reduce(1, *)
        case is ConvTranspose: graph.type(of: node.inputs[0]).shape.dropFirst(2).reduce(1, *)
        case is Gemm: graph.type(of: node.outputs[0]).shape[0]
        default: 0
        }
      return sum + (uses == 0 ? 0 : Double(uses * graph.type(of: node.inputs[1]).elementCount))
    }
  }

  var description: String {
    func tenths(_ x: Double) -> Double { (x * 10).rounded() / 10 }
    func speed(_ passes: Double, _ seconds: Double) -> Double {
      tenths(passes * multiplyAdds / seconds / 1e9)
    }
    return """
      \(tenths(multiplyAdds / 1e6)) MMAC; forward \(tenths(forward * 1e3)) ms, \
      \(speed(1, forward)) GMAC/s; backward \(tenths(backward * 1e3)) ms, \
      \(speed(2, backward)) GMAC/s; both \(speed(3, forward + backward)) GMAC/s
      """
  }
}
