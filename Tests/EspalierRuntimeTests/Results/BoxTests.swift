import EspalierPlan
import PlanFixtures
import Testing

@testable import EspalierRuntime

/// A detector that gives corners and classes apart, `[1, N, 4]` and `[1, N, 1 + C]`: nothing is computed on the way.
struct CornerDetector {
  var corners: [Float] = []
  var scores: [Float] = []
  let classes: Int

  init(classes: Int) { self.classes = classes }

  var count: Int { corners.count / 4 }

  mutating func add(_ edges: [Float], _ scores: [Float]) {
    corners += edges
    self.scores += [0] + scores
  }

  func reader(_ options: ResultOptions = ResultOptions(), capacity: Int = 300) throws -> ResultReader {
    var results = Plan.Results(.corners, outputs: [1, 0])
    results.capacity = capacity
    return try ResultReader(
      results, inputs: [Plan.Port(name: "x", shape: [1, 3, 60, 80])],
      outputs: [
        Plan.Port(name: "scores", shape: [1, count, classes + 1]),
        Plan.Port(name: "corners", shape: [1, count, 4]),
      ], options: options)
  }

  func boxes(_ reader: ResultReader) throws -> [DetectedBox] {
    try withPointers([scores, corners]) { Array(try reader.boxes(in: $0)) }
  }

  /// Every box of every class that is likely enough, the likeliest first; of equal ones the one that stands earlier.
  func candidates(least: Float) -> [DetectedBox] {
    var found: [DetectedBox] = []
    for place in 0..<count {
      for category in 0..<classes {
        let score = scores[place * (classes + 1) + category + 1]
        let edges = corners[place * 4..<place * 4 + 4].map { $0 }
        guard score >= least, score.isFinite, edges.allSatisfy(\.isFinite) else { continue }
        found.append(
          DetectedBox(
            category: category, score: score, left: edges[0], top: edges[1], right: edges[2],
            bottom: edges[3]))
      }
    }
    return found.enumerated().sorted {
      $0.element.score != $1.element.score ? $0.element.score > $1.element.score : $0.offset < $1.offset
    }.map(\.element)
  }
}

func withPointers<Result>(
  _ outputs: [[Float]], _ body: (UnsafeBufferPointer<UnsafePointer<Float>?>) throws -> Result
) rethrows -> Result {
  let rooms = outputs.map { output in
    let room = UnsafeMutableBufferPointer<Float>.allocate(capacity: max(1, output.count))
    _ = room.initialize(from: output)
    return room
  }
  defer { for room in rooms { room.deallocate() } }
  return try rooms.map { UnsafePointer($0.baseAddress) }.withUnsafeBufferPointer(body)
}

@Suite("Boxes of a frame") struct BoxTests {
  /// Whole numbers, so that areas are exact; scores from few values, so that many are equal.
  private func detector(_ count: Int, classes: Int, seed: UInt64) -> CornerDetector {
    var random = SeededGenerator(seed: seed)
    var detector = CornerDetector(classes: classes)
    for _ in 0..<count {
      let (x, y) = (Float.random(in: 0...0.8, using: &random), Float.random(in: 0...0.8, using: &random))
      let (w, h) = (Float.random(in: 0...0.3, using: &random), Float.random(in: 0...0.3, using: &random))
      let scores = (0..<classes).map { _ in Float(Int.random(in: 0...20, using: &random)) / 20 }
      detector.add([x, y, x + w, y + h], scores)
    }
    return detector
  }

  /// What both cover over what either does, in Double.
  private static func share(_ a: DetectedBox, _ b: DetectedBox) -> Double {
    func area(_ l: Float, _ t: Float, _ r: Float, _ b: Float) -> Double {
      max(0, Double(r) - Double(l)) * max(0, Double(b) - Double(t))
    }
    let both = area(max(a.left, b.left), max(a.top, b.top), min(a.right, b.right), min(a.bottom, b.bottom))
    let sum = area(a.left, a.top, a.right, a.bottom) + area(b.left, b.top, b.right, b.bottom)
    return sum == both ? 0 : both / (sum - both)
  }

  /// The definition: the likeliest of all that are left stays, and takes out what it overlaps of its class.
  private static func suppressed(_ candidates: [DetectedBox], overlap: Double) -> [DetectedBox] {
    var (left, kept): ([DetectedBox], [DetectedBox]) = (candidates, [])
    while let best = left.first {
      kept.append(best)
      left.removeFirst()
      left.removeAll { $0.category == best.category && share($0, best) > overlap }
    }
    return kept
  }

  @Test(arguments: [0, 1, 2, 17, 300], [1, 4])
  func `are what non-maximum suppression defines`(count: Int, classes: Int) throws {
    for seed in 0..<6 as Range<UInt64> {
      let detector = detector(max(1, count), classes: classes, seed: seed + UInt64(count))
      for overlap in [0, 0.31, 0.7, 1] as [Float] {
        var options = ResultOptions()
        (options.scoreThreshold, options.overlapThreshold, options.capacity) = (0.5, overlap, 5000)
        let found = try detector.boxes(detector.reader(options))
        let candidates = count == 0 ? [] : detector.candidates(least: 0.5)
        if count > 0 { #expect(found == Self.suppressed(candidates, overlap: Double(overlap))) }
      }
    }
  }

  @Test func `are none where none is likely enough`() throws {
    var detector = CornerDetector(classes: 2)
    detector.add([0, 0, 1, 1], [0.29, 0.1])
    #expect(try detector.boxes(detector.reader()).isEmpty)
  }

  @Test func `are the likeliest where there is no room for all`() throws {
    let detector = detector(200, classes: 3, seed: 9)
    var options = ResultOptions()
    (options.scoreThreshold, options.overlapThreshold) = (0.2, 0.4)
    options.capacity = 5000
    let all = try detector.boxes(detector.reader(options))
    for capacity in [1, 2, 7, all.count, all.count + 1] {
      options.capacity = capacity
      #expect(try detector.boxes(detector.reader(options)) == Array(all.prefix(capacity)))
    }
    // Suppression looks at as many candidates as it has room for, and they are the likeliest.
    (options.capacity, options.candidateCapacity) = (10, 10)
    let first = Array(detector.candidates(least: 0.2).prefix(10))
    #expect(
      try detector.boxes(detector.reader(options)) == Self.suppressed(first, overlap: Double(Float(0.4))))
  }

  @Test func `are those of NaN and infinity to nobody`() throws {
    var detector = CornerDetector(classes: 1)
    detector.add([0, 0, 1, 1], [.nan])
    detector.add([0, 0, 1, 1], [.infinity])
    detector.add([.nan, 0, 1, 1], [0.9])
    detector.add([0, 0, .infinity, 1], [0.95])
    detector.add([0, 0, 0.5, 0.5], [0.5])
    let found = try detector.boxes(detector.reader())
    #expect(found.map(\.score) == [0.5])
  }

  @Test func `have thresholds of their class, or the common one`() throws {
    var detector = CornerDetector(classes: 3)
    for place in 0..<3 {
      let left = Float(place) / 4
      detector.add([left, 0, left + 0.1, 0.1], [0.5, 0.5, 0.5])
    }
    var options = ResultOptions()
    options.scoreThreshold = 0.5
    options.classThresholds = [0.6, .nan]
    #expect(try detector.boxes(detector.reader(options)).map(\.category) == [1, 2, 1, 2, 1, 2])
    options.classThresholds = [0.4, 0.6]
    options.scoreThreshold = 0.9
    #expect(try detector.boxes(detector.reader(options)).map(\.category) == [0, 0, 0])
  }

  @Test func `are refused where options mean nothing`() throws {
    var detector = CornerDetector(classes: 2)
    detector.add([0, 0, 1, 1], [0.5, 0.5])
    func error(_ change: (inout ResultOptions) -> Void) -> ResultError? {
      var options = ResultOptions()
      change(&options)
      do { _ = try detector.reader(options) } catch { return error as? ResultError }
      return nil
    }
    #expect(error { $0.scoreThreshold = .nan } == .threshold)
    #expect(error { $0.overlapThreshold = 1.5 } == .threshold)
    #expect(error { $0.classThresholds = [-1] } == .threshold)
    #expect(error { $0.classThresholds = [0, 0, 0] } == .classThresholds(3, classes: 2))
    #expect(error { $0.capacity = 0 } == .capacity(0, limit: 65_536))
    #expect(error { $0.capacity = 65_537 } == .capacity(65_537, limit: 65_536))
  }

  /// Whatever the order in which candidates come.
  @Test func `come from the candidates that come first in order`() {
    var random = SeededGenerator(seed: 3)
    for (total, capacity) in [(0, 4), (3, 4), (4, 4), (5, 4), (100, 1), (1000, 37)] {
      let all = (0..<total).map {
        Candidate(
          score: Float(Int.random(in: 0...9, using: &random)), place: UInt32($0 / 3), category: UInt32($0 % 3)
        )
      }
      let sorted = all.sorted { ($0.score, $1.place, $1.category) > ($1.score, $0.place, $0.category) }
      let room = UnsafeMutableBufferPointer<Candidate>.allocate(capacity: capacity)
      defer { room.deallocate() }
      var candidates = Candidates(in: room)
      for candidate in all.shuffled(using: &random) { candidates.add(candidate) }
      candidates.sort()
      #expect((0..<candidates.count).map { candidates[$0] } == Array(sorted.prefix(capacity)))
    }
  }
}
