/// How well found boxes meet expected ones: average precision as COCO measures it.
///
/// Within a frame and class found boxes, the likeliest first (at most 100), each take the expected box that
/// they overlap most among those still free, if they overlap it by a threshold. Over all frames the likeliest
/// boxes draw a curve of precision over recall; AP is the mean of its highest precision at or beyond recall 0,
/// 0.01, …, 1. Classes without expected boxes do not count.
///
/// Source: Lin et al., "Microsoft COCO: Common Objects in Context", 2014; `cocoeval.py` of its API, area `all`.
struct AveragePrecision {
  /// Least overlaps, 0.5, 0.55, …, 0.95.
  static let thresholds: [Float] = (0..<10).map { 0.5 + 0.05 * Float($0) }
  static let boxLimit = 100

  /// A found box, with a bit for each threshold.
  struct Found: Equatable {
    var score: Float
    var isRight: UInt16 = 0
    /// It lies on a crowd, where boxes count neither way.
    var isIgnored: UInt16 = 0
  }

  /// By class, in the order of frames.
  private(set) var found: [Int: [Found]] = [:]
  private(set) var expected: [Int: Int] = [:]

  /// Adds a frame.
  mutating func add(found: [Box], expected: [ExpectedBox]) {
    for box in expected where !box.isCrowd { self.expected[box.box.category, default: 0] += 1 }
    let ofClass = Dictionary(grouping: Box.ranked(found), by: \.category)
    // Crowds come last, as one that a box can share with another is taken only where no single one is free.
    let expectedOfClass = Dictionary(grouping: expected, by: \.box.category).mapValues { boxes in
      boxes.filter { !$0.isCrowd } + boxes.filter(\.isCrowd)
    }
    for (category, boxes) in ofClass {
      self.found[category, default: []] += Self.judged(
        Array(boxes.prefix(Self.boxLimit)), expectedOfClass[category] ?? [])
    }
  }

  /// Adds the frames that follow.
  mutating func join(_ next: AveragePrecision) {
    found.merge(next.found, uniquingKeysWith: +)
    expected.merge(next.expected, uniquingKeysWith: +)
  }

  private static func judged(_ boxes: [Box], _ expected: [ExpectedBox]) -> [Found] {
    var judged = boxes.map { Found(score: $0.score) }
    for (bit, threshold) in thresholds.enumerated() {
      var taken = [Bool](repeating: false, count: expected.count)
      for (index, box) in boxes.enumerated() {
        guard let partner = partner(of: box, expected, taken, threshold) else { continue }
        if expected[partner].isCrowd {
          judged[index].isIgnored |= 1 << bit
        } else {
          taken[partner] = true
          judged[index].isRight |= 1 << bit
        }
      }
    }
    return judged
  }

  /// The free expected box that a box overlaps most, by the threshold at least; a crowd only where no other.
  private static func partner(
    of box: Box, _ expected: [ExpectedBox], _ taken: [Bool], _ threshold: Float
  ) -> Int? {
    var best: (index: Int, overlap: Float)?
    for (index, other) in expected.enumerated() where !taken[index] {
      if other.isCrowd, let best, !expected[best.index].isCrowd { break }
      let overlap = other.overlap(box)
      if overlap >= best?.overlap ?? min(threshold, 1 - 1e-6) { best = (index, overlap) }
    }
    return best?.index
  }

  /// What is measured of one class.
  struct Class: Equatable {
    var category: Int
    /// How many boxes are expected.
    var expected: Int
    /// AP at each threshold.
    var precisions: [Double]

    var at50: Double { precisions[0] }
    /// Over all thresholds.
    var mean: Double { precisions.reduce(0, +) / Double(precisions.count) }
  }

  /// Classes of which boxes are expected.
  var classes: [Class] {
    expected.keys.sorted().map { category in
      let count = expected[category] ?? 0
      let boxes = (found[category] ?? []).enumerated().sorted {
        ($0.element.score, $1.offset) > ($1.element.score, $0.offset)
      }.map(\.element)
      let precisions = Self.thresholds.indices.map { bit in
        let counted = boxes.filter { $0.isIgnored >> bit & 1 == 0 }
        return Self.precision(of: counted.map { $0.isRight >> bit & 1 == 1 }, expected: count)
      }
      return Class(category: category, expected: count, precisions: precisions)
    }
  }

  /// - Parameter isRight: Of each box, the likeliest first, whether it has a partner.
  static func precision(of isRight: [Bool], expected: Int) -> Double {
    var right = 0
    var curve: [(recall: Double, precision: Double)] = []
    for (index, hit) in isRight.enumerated() {
      right += hit ? 1 : 0
      curve.append((Double(right) / Double(expected), Double(right) / Double(index + 1)))
    }
    for index in curve.indices.dropLast().reversed() {
      curve[index].precision = max(curve[index].precision, curve[index + 1].precision)
    }
    var sum = 0.0
    var place = 0
    for step in 0...100 {
      while place < curve.count, curve[place].recall < Double(step) / 100 { place += 1 }
      if place < curve.count { sum += curve[place].precision }
    }
    return sum / 101
  }
}

/// A box that should be found.
struct ExpectedBox: Equatable {
  var box: Box
  /// It stands for many objects that nobody told apart.
  var isCrowd = false

  /// As a box of its own, or, in a crowd, the share of the found box that lies within.
  func overlap(_ found: Box) -> Float {
    isCrowd ? box.intersection(found) / max(found.area, 1e-12) : box.overlap(found)
  }
}

/// How many of two sets of boxes are partners: of one class, half of them in common; each serves once.
struct BoxAgreement {
  struct Counts: Equatable {
    var found = 0
    var expected = 0
    var partners = 0

    /// The harmonic mean of precision and recall; 1 where neither has a box.
    var f1: Double {
      found + expected == 0 ? 1 : 2 * Double(partners) / Double(found + expected)
    }
  }

  private(set) var ofClass: [Int: Counts] = [:]

  /// Adds the frames that follow.
  mutating func join(_ next: BoxAgreement) {
    ofClass.merge(next.ofClass) { own, other in
      Counts(
        found: own.found + other.found, expected: own.expected + other.expected,
        partners: own.partners + other.partners)
    }
  }

  mutating func add(found boxes: [Box], expected others: [Box]) {
    var free = others
    for box in Box.ranked(boxes) {
      ofClass[box.category, default: Counts()].found += 1
      let rivals = free.indices.filter { free[$0].category == box.category }
      guard let best = rivals.max(by: { free[$0].overlap(box) < free[$1].overlap(box) }),
        free[best].overlap(box) >= 0.5
      else { continue }
      ofClass[box.category]?.partners += 1
      free.remove(at: best)
    }
    for other in others { ofClass[other.category, default: Counts()].expected += 1 }
  }

  /// - Parameter onlyExpected: Whether classes of which no box is expected in any frame count for nothing.
  func counts(onlyExpected: Bool) -> Counts {
    ofClass.values.filter { !onlyExpected || $0.expected > 0 }.reduce(into: Counts()) { sum, own in
      sum.found += own.found
      sum.expected += own.expected
      sum.partners += own.partners
    }
  }
}
