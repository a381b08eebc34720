/// What `eval --boxes` prints.
struct BoxReport: Encodable {
  /// Boxes against labels, or against another pack's.
  struct Score: Encodable {
    struct Class: Encodable {
      let category: Int
      let name: String?
      let expected: Int
      let ap: Double
      let ap50: Double
    }
    /// Mean over the classes of AP over overlaps from 0.5 to 0.95; nil where no box is expected.
    let map: Double?
    /// The same at overlap 0.5.
    let map50: Double?
    /// Of boxes that are likely enough, at overlap 0.5.
    let f1: Double
    let boxes: Int
    let expected: Int
    let classes: [Class]

    /// - Parameter isLabelled: Classes without labels then count for nothing: nobody looked for them.
    init(_ score: BoxScore, isLabelled: Bool, names: Labels?) {
      let found = score.precision.classes
      func mean(_ value: (AveragePrecision.Class) -> Double) -> Double? {
        found.isEmpty ? nil : found.map(value).reduce(0, +) / Double(found.count)
      }
      (map, map50) = (mean(\.mean), mean(\.at50))
      let counts = score.agreement.counts(onlyExpected: isLabelled)
      (f1, boxes, expected) = (counts.f1, counts.found, counts.expected)
      classes = found.map {
        Class(
          category: $0.category, name: names?[$0.category], expected: $0.expected, ap: $0.mean,
          ap50: $0.at50)
      }
    }
  }

  struct Other: Encodable {
    let pack: String
    /// Against labels.
    let labels: Score?
    /// The pack's boxes where this one's are expected.
    let agreement: Score
  }

  let pack: String
  let frames: Int
  let boxes: String
  let labels: Score?
  let against: Other?

  init(
    _ evaluation: BoxEvaluation, pack: String, against: String?, isLabelled: Bool, format: BoxFormat,
    names: Labels?
  ) {
    self.pack = pack
    frames = evaluation.frames
    boxes = format.rawValue
    labels = isLabelled ? Score(evaluation.own, isLabelled: true, names: names) : nil
    self.against = against.map {
      Other(
        pack: $0, labels: isLabelled ? Score(evaluation.other, isLabelled: true, names: names) : nil,
        agreement: Score(evaluation.between, isLabelled: false, names: names))
    }
  }

  func show() {
    var table = Table([
      ("\(frames) frames", .left), ("mAP 0.5…0.95", .right), ("mAP 0.5", .right), ("F1 0.5", .right),
      ("boxes", .right), ("expected", .right),
    ])
    func add(_ title: String, _ score: Score?) {
      guard let score else { return }
      table.add([
        title, share(score.map), share(score.map50), share(score.f1), "\(score.boxes)", "\(score.expected)",
      ])
    }
    add("labels", labels)
    add("labels, \(against?.pack ?? "")", against?.labels)
    add("boxes of \(against?.pack ?? "")", against?.agreement)
    print(table.text)
    if let classes = (labels ?? against?.agreement)?.classes, !classes.isEmpty {
      print("\n" + classTable(classes))
    }
  }

  private func classTable(_ classes: [Score.Class]) -> String {
    var table = Table([
      ("class", .right), ("", .left), ("AP 0.5…0.95", .right), ("AP 0.5", .right), ("expected", .right),
    ])
    for one in classes {
      table.add(["\(one.category)", one.name ?? "", share(one.ap), share(one.ap50), "\(one.expected)"])
    }
    return table.text
  }

  private func share(_ value: Double?) -> String { value.map { Format.fixed($0, 4) } ?? "none expected" }
}
