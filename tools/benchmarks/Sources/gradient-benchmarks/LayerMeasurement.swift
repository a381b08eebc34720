import EspalierGradient
import EspalierGraph
import EspalierOperators

/// The times of one 3x3 convolution, each of its three directions alone: billions of multiply-adds a second.
struct LayerMeasurement: CustomStringConvertible {
  private let forward: Double
  private let image: Double
  private let weights: Double

  /// - Parameter text: `FILTERSxCHANNELSxHEIGHTxWIDTH`; nil where it is none.
  init?(_ text: Substring) throws {
    let extents = text.split(separator: "x").compactMap { Int($0) }
    guard extents.count == 4, extents.allSatisfy({ $0 > 0 }) else { return nil }
    let (filters, channels, height, width) = (extents[0], extents[1], extents[2], extents[3])
    var graph = Graph()
    let input = graph.appendInput(name: "input", type: TensorType(.float32, [1, channels, height, width]))
    let count = filters * channels * 9
    let tensor = Tensor(
      shape: [filters, channels, 3, 3], floats: (0..<count).map { Float($0 * 37 % 255) / 255 - 0.5 })
    let weights = graph.appendConstant(name: "weights", tensor)
    let output = try graph.append(
      Conv(pads: [1, 1, 1, 1]), name: "conv", inputs: [input, weights], outputNames: ["output"])[0]
    graph.appendOutput(output, name: "output")
    let multiplyAdds = Double(count * height * width)
    func speed(gradientOf value: ValueID, _ body: (Tape, TapeMemory) -> Void) throws -> Double {
      let tape = try Tape(graph, gradientsOf: [value])
      let memory = TapeMemory(tape, tape.makeParameters())
      memory.setInput(0, (0..<channels * height * width).map { Float($0 % 255) / 255 - 0.5 })
      memory.gradient(of: output).update(repeating: 1)
      tape.forward(memory)
      return multiplyAdds / Measurement.seconds(runs: 500) { body(tape, memory) } / 1e9
    }
    forward = try speed(gradientOf: weights) { $0.forward($1) }
    image = try speed(gradientOf: input) { $0.backward($1) }
    self.weights = try speed(gradientOf: weights) { $0.backward($1) }
  }

  var description: String {
    let speeds = [forward, image, weights].map { ($0 * 10).rounded() / 10 }
    return "forward \(speeds[0]), image's gradient \(speeds[1]), weights' gradient \(speeds[2]) GMAC/s"
  }
}
