internal import EspalierGraph
internal import EspalierObserve
internal import EspalierPasses
internal import EspalierSearch

/// What `compile` says about quantization.
struct CalibrationReport: Encodable {
  struct Output: Encodable {
    let name: String
    let cosine: Double
    let snr_db: Double
  }

  /// How far the outputs are from float32 on the frames of a group.
  struct Group: Encodable {
    let name: String
    let frames: Int
    let outputs: [Output]
    /// Frames in which the largest element is the same; nil where the outputs are not lists of classes.
    let same_class: Int?
  }

  /// A node that stays in float32.
  struct FloatNode: Encodable {
    let node: String
    let op: String
    let reason: String
    let multiply_adds: Int
    /// What the node takes in float32 beyond what it would take in 8 bits, in milliseconds a frame, with turning what
    /// it reads into float32 and what it gives into bytes where its neighbors compute in 8 bits; nil where no
    /// 8-bit kernel stands for it.
    let extra_ms: Double?
  }

  let method: String
  let frames: Int
  let sha256: String
  let int8_nodes: Int
  /// Of the multiply-adds of a frame.
  let int8_share: Double
  let groups: [Group]
  let float32: [FloatNode]
  /// Where the times are from: a processor and a number of threads, or nil for an estimate.
  let times_of: String?

  init(
    _ result: PostTrainingQuantization, frames: CalibrationFrames, method: MethodArgument, costs: LayerCosts
  ) {
    let graph = result.source
    self.method = method.rawValue
    self.frames = frames.count
    sha256 = frames.digest
    int8_nodes = result.plan.nodes.count
    let counts = graph.nodes.map { (node: $0, multiplyAdds: graph.multiplyAdds(of: $0)) }
    let total = counts.reduce(0) { $0 + $1.multiplyAdds }
    let quantized = counts.reduce(0) { $0 + (result.plan.nodes.contains($1.node.id) ? $1.multiplyAdds : 0) }
    int8_share = total == 0 ? 1 : Double(quantized) / Double(total)
    let classifies = graph.outputs.allSatisfy { output in
      graph.type(of: output).shape.filter { $0 > 1 }.count == 1
    }
    groups = result.errors.map { error in
      Group(
        name: error.group, frames: error.frames,
        outputs: error.outputs.map {
          Output(name: $0.name, cosine: $0.cosine, snr_db: Format.decibels($0.noise))
        },
        same_class: classifies ? error.sameLargest : nil)
    }
    let reasons = Dictionary(result.plan.reasons, uniquingKeysWith: { first, _ in first })
    float32 = counts.compactMap { node, multiplyAdds in
      guard !result.plan.nodes.contains(node.id) else { return nil }
      return FloatNode(
        node: node.name, op: node.op.label, reason: reasons[node.name] ?? "", multiply_adds: multiplyAdds,
        extra_ms: costs.extraOfFloat(node, in: graph).map {
          ($0 + Self.borders(of: node, result, costs)) / 1_000
        })
    }
    times_of = costs.isMeasured ? costs.source : nil
  }

  /// Microseconds of turning bytes into float32 before a node and float32 into bytes behind it.
  private static func borders(
    of node: Node, _ result: PostTrainingQuantization, _ costs: LayerCosts
  ) -> Double {
    let (graph, bytes) = (result.source, result.plan.nodes)
    let read = node.inputs.filter { graph.producer(of: $0).map { bytes.contains($0.id) } ?? false }
    let given = node.outputs.filter { graph.consumers(of: $0).contains { bytes.contains($0.id) } }
    return (read + given).reduce(0) { $0 + costs.conversion(of: $1, in: graph) }
  }

  func show() {
    print(
      """

      int8: \(int8_nodes) nodes, \(Format.fixed(int8_share * 100, 1)) % of the multiply-adds; ranges by \
      \(method) from \(frames) frame\(frames == 1 ? "" : "s")
      """)
    if !float32.isEmpty { print(floatTable) }
    print("\n" + errorTable)
  }

  /// Reasons, each with the nodes that it holds for.
  private var floatTable: String {
    let heading = times_of == nil ? "ms more, est." : "ms more"
    var table = Table([
      ("float32", .left), ("nodes", .right), (heading, .right), ("", .left), ("because", .left),
    ])
    var reasons: [String] = []
    for node in float32 where !reasons.contains(node.reason) { reasons.append(node.reason) }
    for reason in reasons {
      let own = float32.filter { $0.reason == reason }
      let names = own.prefix(3).map(\.node).joined(separator: ", ") + (own.count > 3 ? ", …" : "")
      let operators = Set(own.map(\.op)).sorted().joined(separator: ", ")
      let times = own.compactMap(\.extra_ms)
      let sum = times.isEmpty ? "" : Format.fixed(times.reduce(0, +), 3)
      table.add([operators, "\(own.count)", sum, names, reason])
    }
    return table.text
  }

  private var errorTable: String {
    var table = Table([
      ("against float32", .left), ("frames", .right), ("output", .left), ("cosine", .right),
      ("SNR dB", .right),
      ("same class", .right),
    ])
    for group in groups {
      for (place, output) in group.outputs.enumerated() {
        table.add([
          place == 0 ? group.name : "", place == 0 ? "\(group.frames)" : "", output.name,
          Format.fixed(output.cosine, 6), output.snr_db.isFinite ? Format.fixed(output.snr_db, 1) : "exact",
          place == 0 ? group.same_class.map { "\($0)" } ?? "" : "",
        ])
      }
    }
    return table.text
  }
}
