internal import Foundation

/// The greatest values of a classifier's output, frame by frame.
struct Ranking {
  struct Entry: Encodable {
    let index: Int
    let label: String?
    let score: Float
    /// The share that softmax gives the value; nil where the outputs are shares already.
    let probability: Float?
  }

  /// Nil where no ranking was asked for, or no output has the form `[1, classes]`.
  let frames: [[Entry]]?
  private let result: FrameResults

  init(_ result: FrameResults, top: Int?, labels: Labels?) {
    self.result = result
    guard let top, let output = Self.classifierOutput(result) else {
      frames = nil
      return
    }
    let scores = result.outputs[output].array.elements
    let classes = scores.count / result.frameCount
    frames = (0..<result.frameCount).map { frame in
      Self.best(Array(scores[(frame * classes)..<((frame + 1) * classes)]), top, labels)
    }
  }

  /// The first output whose only extent above 1 is its number of classes.
  private static func classifierOutput(_ result: FrameResults) -> Int? {
    result.frameShapes.firstIndex { shape in
      shape.count >= 1 && shape.filter { $0 > 1 }.count == 1 && (2...100_000).contains(shape.reduce(1, *))
    }
  }

  private static func best(_ scores: [Float], _ top: Int, _ labels: Labels?) -> [Entry] {
    // A frame that its deadline ended has no scores.
    guard !scores.contains(where: \.isNaN) else { return [] }
    let greatest = scores.max() ?? 0
    let isShare = scores.allSatisfy { $0 >= 0 } && abs(scores.reduce(0, +) - 1) < 0.01
    let sum = scores.reduce(0.0) { $0 + exp(Double($1 - greatest)) }
    let order = scores.indices.sorted { (scores[$0], $1) > (scores[$1], $0) }
    return order.prefix(top).map { index in
      Entry(
        index: index, label: labels?[index], score: scores[index],
        probability: isShare ? nil : Float(exp(Double(scores[index] - greatest)) / sum))
    }
  }

  /// The ranking as a table, or the extremes of every output where there is no ranking.
  var text: String {
    guard let frames else { return outputTable }
    var table = Table([("", .left), ("", .right), ("", .left), ("", .right), ("", .right)])
    for (number, entries) in frames.enumerated() {
      let origin = number < result.origins.count ? result.origins[number] : "\(number)"
      for (place, entry) in entries.enumerated() {
        table.add([
          place == 0 ? origin : "", "\(entry.index)", entry.label ?? "",
          Format.significant(Double(entry.score)),
          entry.probability.map { "\(Format.fixed(Double($0) * 100, 1)) %" } ?? "",
        ])
      }
    }
    return table.text
  }

  private var outputTable: String {
    var table = Table([
      ("output", .left), ("shape", .left), ("min", .right), ("max", .right), ("mean", .right),
    ])
    for fact in result.facts {
      table.add([
        fact.name, Format.shape(fact.shape), Format.significant(Double(fact.min)),
        Format.significant(Double(fact.max)), Format.significant(Double(fact.mean)),
      ])
    }
    return table.text
  }
}
