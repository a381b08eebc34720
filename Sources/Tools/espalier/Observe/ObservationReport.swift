internal import EspalierMedia
internal import EspalierObserve
internal import EspalierReport

/// What `observe` says in words.
struct ObservationReport: Encodable {
  struct Tensor: Encodable {
    let name: String
    let collection: TensorCollection
    let shape: [Int]
    /// Over all frames: the least of the minima, the largest of the maxima, otherwise the mean.
    let summary: [String: Double]
  }

  let model: String
  let frames: Int
  /// What gradients are those of; nil where none were computed here.
  let loss: String?
  let tensors: [Tensor]
  let findings: [ObservationRule.Finding]

  init(
    model: String, frames: Int, loss: String?, tensors: [ObservedTensor], reductions: [Reduction]
  ) {
    (self.model, self.frames, self.loss) = (model, frames, loss)
    self.tensors = tensors.map { tensor in
      let pairs = reductions.map { ($0.rawValue, Self.summary(tensor.series($0), $0)) }
      return Tensor(
        name: tensor.name, collection: tensor.collection, shape: tensor.shape,
        summary: Dictionary(uniqueKeysWithValues: pairs))
    }
    findings = ObservationRule.findings(tensors)
  }

  private static func summary(_ series: [Double], _ reduction: Reduction) -> Double {
    switch reduction {
    case .min: series.min() ?? 0
    case .max: series.max() ?? 0
    default: series.reduce(0, +) / Double(max(1, series.count))
    }
  }

  func show(_ folder: String) {
    var table = Table([("rule", .left), ("", .left), ("tensor", .left), ("found", .left)])
    for finding in findings {
      table.add([finding.rule.rawValue, finding.collection.rawValue, finding.tensor, finding.message])
    }
    if !findings.isEmpty { print(table.text) }
    print(
      """
      \(tensors.count) tensors over \(frames) frame\(frames == 1 ? "" : "s"), \
      \(findings.isEmpty ? "no rule fired" : "\(findings.count) findings"); look at \(folder)/observation.html
      """)
  }
}

/// The three files of an observation.
enum ObservationFiles {
  /// All of them, each whole or not at all.
  ///
  /// - Parameter kept: By place in `tensors` the elements of all frames, one after another.
  static func write(
    _ report: ObservationReport, _ tensors: [ObservedTensor], kept: [Int: [Float]] = [:],
    reductions: [Reduction], to folder: String
  ) throws {
    try Files.makeFolder(folder)
    let path = "\(folder)/observation.npz"
    let entries = entries(tensors, kept, reductions)
    try Files.write(try NumPyArchive.encode(entries, path: path), to: path)
    try Files.write(try Console.jsonBytes(report), to: "\(folder)/observation.json")
    let page = ObservationPage.page(report, tensors)
    try Files.write(Array(page.html.utf8), to: "\(folder)/observation.html")
  }

  static func entries(
    _ tensors: [ObservedTensor], _ kept: [Int: [Float]], _ reductions: [Reduction]
  ) -> [NumPyArchive.Entry] {
    tensors.enumerated().flatMap { place, tensor in
      let name = "\(tensor.collection.rawValue)/\(tensor.name)"
      func entry(_ suffix: String, _ shape: [Int], _ elements: [Float]) -> NumPyArchive.Entry {
        NumPyArchive.Entry(name: name + suffix, array: FloatArray(shape: shape, elements: elements))
      }
      var result = reductions.map { reduction in
        let series = tensor.series(reduction).map { Float($0) }
        return entry("/\(reduction.rawValue)", [series.count], series)
      }
      if let histogram = tensor.histogram {
        result.append(entry("/histogram", [histogram.counts.count], histogram.counts.map { Float($0) }))
        result.append(entry("/range", [2], [histogram.least, histogram.largest]))
      }
      if let kept = kept[place] {
        // A stack of frames along the first axis, as .npy inputs are.
        let frames = tensor.frames.count
        let shape =
          frames == 1 ? tensor.shape : [frames * (tensor.shape.first ?? 1)] + tensor.shape.dropFirst()
        result.append(entry("", shape, kept))
      }
      return result
    }
  }
}
