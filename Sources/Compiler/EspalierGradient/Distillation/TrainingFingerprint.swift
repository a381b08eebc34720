internal import CEspalierKernels
internal import EspalierGraph

/// All that decides what a training comes to, as one number: both networks with their weights, the frames and the
/// options. Threads decide nothing, and how long it may take may change when it goes on.
///
/// Texts by FNV-1a, floats by their CRC-32C.
struct TrainingFingerprint {
  private(set) var value: UInt64 = 0xCBF2_9CE4_8422_2325

  init(_ training: Distillation) {
    for graph in [training.teacher, training.student] { add(graph) }
    for frames in [training.frames, training.holdout] {
      for frame in 0..<frames.count { frames.elements(frame).forEach { add($0) } }
      add("\(frames.count) frames")
    }
    add(training.options.decisive)
  }

  private mutating func add(_ graph: Graph) {
    for node in graph.nodes {
      let shapes = node.inputs.map { graph.type(of: $0).description }.joined(separator: " ")
      add("\(node.name) \(node.op.name) \(shapes)")
      for constant in node.inputs.compactMap(graph.constant(of:)) where constant.type.element == .float32 {
        add(constant.floats)
      }
    }
  }

  private mutating func add(_ text: String) {
    for byte in text.utf8 { value = (value ^ UInt64(byte)) &* 0x100_0000_01B3 }
  }

  private mutating func add(_ floats: [Float]) {
    let sum = floats.withUnsafeBytes { espalier_crc32c($0.baseAddress, $0.count) }
    add("\(floats.count) \(sum)")
  }
}
