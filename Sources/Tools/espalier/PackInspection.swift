internal import EspalierKernels
internal import EspalierPlan
internal import EspalierRuntime

/// What `inspect` says about a packed file.
struct PackInspection: Encodable {
  struct Port: Encodable {
    let name: String
    let shape: [Int]
  }

  struct Family: Encodable {
    let name: String
    let kernels: String
    let calls: Int
    let multiply_adds: UInt64
    let touched_bytes: UInt64
  }

  struct CallFact: Encodable {
    let name: String
    let family: String
    let items: UInt32
    let multiply_adds: UInt64
    let touched_bytes: UInt64
  }

  struct Certificate: Encodable {
    let arena_bytes: UInt64
    let scratch_bytes_per_thread: UInt64
    let weight_bytes: UInt64
    let multiply_adds: UInt64
    let multiply_adds_between_deadline_checks: UInt64
    let bytes_between_deadline_checks: UInt64
    /// What the multiply-adds take one core at its float32 peak; absent where that was not measured.
    let microseconds_between_deadline_checks_at_peak: Double?
  }

  struct Level: Encodable {
    let calls: Int
    let multiply_adds: UInt64
  }

  struct Watched: Encodable {
    let name: String
    let call: Int
    let elements: String
    /// What calibration frames showed; absent where there were none.
    let frames: Int?
    let mean: Float?
    let standard_deviation: Float?
    let least: Float?
    let largest: Float?
    let saturated_share: Float?
  }

  struct Golden: Encodable {
    let seed: UInt64
    /// Greatest difference over the greatest magnitude that kernels may make; 0: all give the same bits.
    let tolerance: Float
    let portable: Bool

    init(_ vector: Plan.GoldenVectors.Vector) {
      seed = vector.seed
      tolerance = vector.outputs.map(\.tolerance).max() ?? 0
      portable = vector.outputs.allSatisfy(\.isPortable)
    }

    var text: String {
      guard tolerance > 0 else { return "the same bits everywhere" }
      return "\(portable ? "the same bits on portable kernels, " : "")within \(tolerance)"
    }
  }

  struct Results: Encodable {
    let form: String
    let outputs: [String]
    let softmax: Bool
    let score: Float
    let overlap: Float
    let capacity: Int
    let class_offset: Int
    let priors: Int
    let labels: [String]

    init(_ results: Plan.Results, of outputs: [Plan.Port]) {
      form = results.form.name
      self.outputs = results.outputs.map { outputs[$0].name }
      (softmax, score, overlap) = (
        results.appliesSoftmax, results.scoreThreshold, results.overlapThreshold
      )
      (capacity, class_offset, priors) = (results.capacity, results.classOffset, results.priors.count / 8)
      labels = results.labels
    }

    var text: String {
      var text = "  results: \(form) from \(outputs.map { "'\($0)'" }.joined(separator: ", "))"
      text += ", score \(Format.significant(Double(score)))"
      if form != "classes", form != "mask" { text += ", overlap \(Format.significant(Double(overlap)))" }
      if softmax { text += ", softmax" }
      if class_offset > 0 { text += ", class 0 at place \(class_offset)" }
      if priors > 0 { text += ", \(priors) priors" }
      if !labels.isEmpty {
        text += "; \(labels.count) labels: "
        text += labels.prefix(3).map { "'\($0)'" }.joined(separator: ", ") + (labels.count > 3 ? ", …" : "")
      }
      return text
    }
  }

  let file: String
  let bytes: Int
  let inputs: [Port]
  let outputs: [Port]
  /// Of the inputs that the pack says it of.
  let pictures: [PictureFact]
  let certificate: Certificate
  /// The largest first; one where the pack has one network.
  let levels: [Level]
  /// Of the largest level.
  let families: [Family]
  /// Likewise, in order.
  let calls: [CallFact]
  let watched: [Watched]
  /// What the outputs mean; absent where the pack does not say.
  let results: Results?
  /// What 'verify' replays; absent where there is nothing.
  let golden: [Golden]?
  let provenance: [String: String]
  let instruction_set: String

  init(path: String) throws {
    let model = try Pack.load(path)
    file = path
    bytes = model.fileByteCount
    inputs = model.inputs.map { Port(name: $0.name, shape: $0.shape) }
    outputs = model.outputs.map { Port(name: $0.name, shape: $0.shape) }
    pictures = zip(model.inputs, model.pictureInputs).compactMap { port, declared in
      declared.map { PictureFact(name: port.name, declared: $0) }
    }
    let stated = model.certificate
    certificate = Certificate(
      arena_bytes: stated.arenaByteCount, scratch_bytes_per_thread: stated.scratchByteCount,
      weight_bytes: stated.weightsByteCount, multiply_adds: stated.multiplyAdds,
      multiply_adds_between_deadline_checks: stated.checkpointMultiplyAdds,
      bytes_between_deadline_checks: stated.checkpointByteCount,
      microseconds_between_deadline_checks_at_peak: ProcessorPeak.measured.map {
        Double(stated.checkpointMultiplyAdds) / $0 * 1e6
      })
    levels = model.levels.map { Level(calls: $0.calls.count, multiply_adds: $0.multiplyAdds) }
    let own = model.levels[0].calls
    let facts = Array(zip(model.calls[own], model.resources[own]))
    calls = facts.map { call, resources in
      CallFact(
        name: call.name, family: Pack.familyName(call.family), items: resources.items,
        multiply_adds: resources.multiplyAdds, touched_bytes: resources.touchedByteCount)
    }
    families = Dictionary(grouping: facts, by: \.0.family).map { family, calls in
      Family(
        name: Pack.familyName(family), kernels: Pack.variantName(family), calls: calls.count,
        multiply_adds: calls.reduce(0) { $0 + $1.1.multiplyAdds },
        touched_bytes: calls.reduce(0) { $0 + $1.1.touchedByteCount })
    }.sorted { ($0.multiply_adds, $0.touched_bytes) > ($1.multiply_adds, $1.touched_bytes) }
    watched = model.watches.map { watch in
      let digest = watch.digest
      return Watched(
        name: watch.statistics.name, call: watch.call,
        elements: watch.statistics.family == ByteStatisticsParameters.family ? "bytes" : "float32",
        frames: digest?.frameCount, mean: digest?.mean, standard_deviation: digest?.standardDeviation,
        least: digest?.least, largest: digest?.largest, saturated_share: digest?.saturatedShare)
    }
    results = model.results.map { Results($0, of: model.outputs) }
    golden = model.golden?.vectors.map(Golden.init)
    provenance = Dictionary(
      model.provenance.map { ($0.key, $0.value) }, uniquingKeysWith: { first, _ in first })
    instruction_set = InstructionSet.limit.name
  }

  func show(json: Bool, calls showsCalls: Bool) throws {
    if json { return try Console.json(self) }
    print("\(file): packed file of \(Format.bytes(bytes))")
    for (kind, ports) in [("input", inputs), ("output", outputs)] {
      for port in ports { print("  \(kind) '\(port.name)' float32 \(Format.shape(port.shape))") }
    }
    if let results { print(results.text) }
    if let golden { print("  golden vectors: \(golden.map(\.text).joined(separator: "; "))") }
    for (key, value) in provenance.sorted(by: { $0.key < $1.key }) { print("  \(key): \(value)") }
    for picture in pictures { print("  pictures for '\(picture.name)': \(picture.text)") }
    print(
      """
      \(calls.count) kernel calls, \(Format.count(Int(certificate.multiply_adds))) multiply-adds a frame
      memory: \(Format.bytes(Int(certificate.weight_bytes))) weights, \
      \(Format.bytes(Int(certificate.arena_bytes))) working memory, \
      \(Format.bytes(Int(certificate.scratch_bytes_per_thread))) for each thread
      between two looks at the deadline: at most \
      \(Format.count(Int(certificate.multiply_adds_between_deadline_checks))) multiply-adds and \
      \(Format.bytes(Int(certificate.bytes_between_deadline_checks))) a thread\(peakText)
      kernels on this processor: \(instruction_set)\n
      """)
    if levels.count > 1 { print(levelTable + "\n") }
    var table = Table([
      ("kernel family", .left), ("kernels", .left), ("calls", .right), ("multiply-adds", .right),
      ("touches", .right),
    ])
    for family in families {
      table.add([
        family.name, family.kernels, "\(family.calls)",
        family.multiply_adds == 0 ? "" : Format.count(Int(family.multiply_adds)),
        Format.bytes(Int(family.touched_bytes)),
      ])
    }
    print(table.text)
    if !watched.isEmpty { print("\n" + watchTable) }
    if showsCalls { print("\n" + callTable) }
  }

  private var peakText: String {
    guard let microseconds = certificate.microseconds_between_deadline_checks_at_peak else { return "" }
    return """
      , \(Format.fixed(microseconds, 1)) microseconds of this processor's float32 peak
      """
  }

  private var levelTable: String {
    var table = Table([("level", .right), ("calls", .right), ("multiply-adds", .right)])
    for (index, level) in levels.enumerated() {
      table.add(["\(index)", "\(level.calls)", Format.count(Int(level.multiply_adds))])
    }
    return table.text
  }

  private var watchTable: String {
    var table = Table([
      ("watched tensor", .left), ("", .left), ("mean", .right), ("deviation", .right), ("least", .right),
      ("largest", .right), ("saturated", .right),
    ])
    func text(_ number: Float?) -> String { number.map { Format.fixed(Double($0), 3) } ?? "" }
    for tensor in watched {
      table.add([
        tensor.name, tensor.elements, text(tensor.mean), text(tensor.standard_deviation), text(tensor.least),
        text(tensor.largest), tensor.saturated_share.map { "\(Format.fixed(Double($0) * 100, 2)) %" } ?? "",
      ])
    }
    return table.text
  }

  private var callTable: String {
    var table = Table([
      ("", .right), ("call", .left), ("kernel family", .left), ("items", .right), ("multiply-adds", .right),
      ("touches", .right),
    ])
    for (index, call) in calls.enumerated() {
      table.add([
        "\(index)", call.name, call.family, "\(call.items)",
        call.multiply_adds == 0 ? "" : Format.count(Int(call.multiply_adds)),
        Format.bytes(Int(call.touched_bytes)),
      ])
    }
    return table.text
  }
}
