internal import EspalierMedia
internal import EspalierPrune

/// What `sensitivity` found.
struct SensitivityReport: Encodable {
  struct Point: Encodable {
    /// Of the weights, at 0.
    let sparsity: Double
    /// Of the outputs from the network's own.
    let divergence: Double
    /// The share of frames that get another class; nil where outputs are no classes.
    let disagreement: Double?
    /// For each weight, after an entropy coder.
    let bits: Double
  }

  struct Layer: Encodable {
    let name: String
    let weights: Int
    let points: [Point]
  }

  struct Clustering: Encodable {
    let centers: Int
    let divergence: Double
    let disagreement: Double?
    let bits: Double
  }

  let model: String
  let frames: Int
  let weights: Int
  let layers: [Layer]
  let network: [Point]
  let clustering: [Clustering]
  let note: String

  /// What nobody shall take these numbers for.
  private static let honesty = """
    None of this makes a frame faster: kernels multiply by zeros and by shared values as by any others, and packs hold \
    float32 weights in full. Bits are what an entropy coder would need.
    """

  init(
    model: String, _ sensitivity: WeightSensitivity, frames: Int, shares: [Double], centers: [Int]
  ) throws {
    var bar = Progress(
      "measuring sensitivity", total: (sensitivity.layers.count + 1) * shares.count + centers.count)
    defer { bar.finish() }
    func rate(_ result: WeightSensitivity.Result) -> Double? {
      result.disagreement.isClassifier ? result.disagreement.rate : nil
    }
    func points(_ measure: (Double) throws -> WeightSensitivity.Result) throws -> [Point] {
      try shares.map { share in
        let result = try measure(share)
        bar.advance()
        return Point(
          sparsity: share, divergence: result.disagreement.divergence, disagreement: rate(result),
          bits: result.bits)
      }
    }
    layers = try sensitivity.layers.map { layer in
      Layer(
        name: layer.name, weights: sensitivity.weightCount(of: layer),
        points: try points { try sensitivity.sparse(layer, share: $0) })
    }
    network = try points { try sensitivity.sparse(share: $0) }
    clustering = try centers.map { count in
      let result = try sensitivity.clustered(centers: count)
      bar.advance()
      return Clustering(
        centers: count, divergence: result.disagreement.divergence, disagreement: rate(result),
        bits: result.bits)
    }
    (self.model, self.frames, note) = (Files.name(model), frames, Self.honesty)
    weights = layers.reduce(0) { $0 + $1.weights }
  }

  func show() {
    let shares = network.map { ("\(Format.fixed($0.sparsity * 100, 0)) %", Table.Alignment.right) }
    var table = Table([("divergence with weights at 0", .left), ("weights", .right)] + shares)
    for layer in layers {
      table.add([layer.name, Format.count(layer.weights)] + layer.points.map { Self.number($0.divergence) })
    }
    table.add(["whole network", Format.count(weights)] + network.map { Self.number($0.divergence) })
    print(table.text + "\n")
    var whole = Table([
      ("whole network", .left), ("divergence", .right), ("other class", .right), ("bits a weight", .right),
    ])
    for row in rows { whole.add(row) }
    print(whole.text + "\n\n" + note)
  }

  /// The network's own lines.
  var rows: [[String]] {
    func row(_ name: String, _ divergence: Double, _ rate: Double?, _ bits: Double) -> [String] {
      [
        name, Self.number(divergence), rate.map { "\(Format.fixed($0 * 100, 2)) %" } ?? "",
        Format.fixed(bits, 2),
      ]
    }
    return network.map {
      row("\(Format.fixed($0.sparsity * 100, 0)) % of weights 0", $0.divergence, $0.disagreement, $0.bits)
    } + clustering.map { row("\($0.centers) values a layer", $0.divergence, $0.disagreement, $0.bits) }
  }

  static func number(_ divergence: Double) -> String { Format.significant(divergence) }
}
