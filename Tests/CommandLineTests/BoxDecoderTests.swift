import EspalierMedia
import Foundation
import Testing

@testable import espalier

/// What tools/boxes.py finds in outputs made by the formula of tools/fixtures/boxes.py.
@Suite("Boxes from outputs") struct BoxDecoderTests {
  private static let golden: Result<[String: [[Float]]], any Error> = Result {
    let path = "\(Signs.root)/Tests/CommandLineTests/Fixtures/boxes.json"
    return try JSONDecoder().decode([String: [[Float]]].self, from: Data(try Files.read(path)))
  }

  /// Uniform in [0, 1): a multiplicative hash of the place.
  private static func numbers(_ count: Int, seed: UInt64) -> [Double] {
    (0..<UInt64(count)).map { place in
      var mixed = (place + seed) &* 2_654_435_761 % (1 << 32)
      mixed = (mixed ^ (mixed >> 15)) &* 2_246_822_519 % (1 << 32)
      return Double(mixed >> 8) / Double(1 << 24)
    }
  }

  private static func rare(_ value: Double) -> Double { value * value * value * value }

  private func boxes(
    _ format: BoxFormat, _ ports: DetectorPorts, _ outputs: [[Float]], least: Float = 0.1,
    overlap: Float = 0.5,
    priors: String? = nil
  ) throws -> [Box] {
    let results = try format.results(ports, priors: priors)
    return try BoxDecoder(results, ports, least: least, overlap: overlap).boxes(outputs)
  }

  private func expectGolden(_ name: String, _ boxes: [Box], sourceLocation: SourceLocation = #_sourceLocation)
    throws
  {
    let expected = try #require(try Self.golden.get()[name])
    let found = boxes.filter { $0.score > 0.3 }
    try #require(found.count == expected.count, sourceLocation: sourceLocation)
    // Scores nearer to each other than float32's rounding may change places; none here do.
    for (box, row) in zip(found, expected) {
      let own = [Float(box.category), box.left, box.top, box.right, box.bottom]
      #expect(
        zip(own, row).allSatisfy { abs($0 - $1) < 1e-4 }, "\(own) \(row)", sourceLocation: sourceLocation)
    }
  }

  @Test func `are those of the Python tool for YOLOX`() throws {
    let values = Self.numbers(3549 * 7, seed: 1).enumerated().map { place, value in
      switch place % 7 {
      case 0, 1: Float(value * 2 - 0.5)
      case 2, 3: Float(value * 2)
      default: Float(Self.rare(value))
      }
    }
    let ports = DetectorPorts(path: "x", width: 416, height: 416, shapes: [[1, 3549, 7]])
    try expectGolden("yolox", try boxes(.yolox, ports, [values], least: 0.001, overlap: 0.45))
  }

  @Test func `are those of the Python tool for FastestDet`() throws {
    let values = Self.numbers(8 * 484, seed: 2).enumerated().map { place, value in
      Float((1...4).contains(place / 484) ? value * 4 - 2 : Self.rare(value))
    }
    let ports = DetectorPorts(path: "x", width: 352, height: 352, shapes: [[1, 8, 22, 22]])
    try expectGolden("fastestdet", try boxes(.fastestdet, ports, [values], least: 0.001, overlap: 0.45))
  }

  @Test func `are those of the Python tool for SSD with prior boxes`() throws {
    var corners = Self.numbers(800, seed: 3)
    for prior in 0..<200 {
      for axis in 0..<2 {
        corners[prior * 4 + 2 + axis] = corners[prior * 4 + axis] + 0.05 + corners[prior * 4 + 2 + axis] / 4
      }
    }
    let variances = (0..<800).map { Float($0 % 4 < 2 ? 0.1 : 0.2) }
    let scores = Self.numbers(400, seed: 5).enumerated().map { Float($0 % 2 == 1 ? Self.rare($1) : $1) }
    let offsets = Self.numbers(800, seed: 4).map { Float($0 * 4 - 2) }
    try withFolder { folder in
      let priors = "\(folder)/priors.npy"
      let array = FloatArray(shape: [1, 2, 800], elements: corners.map { Float($0) } + variances)
      try Files.write(NumPyFile.encode(array), to: priors)
      let ports = DetectorPorts(path: "x", width: 9, height: 9, shapes: [[1, 400], [1, 800]])
      try expectGolden(
        "vehicles", boxes(.ssd, ports, [scores, offsets], least: 0.001, overlap: 0.45, priors: priors))
    }
  }

  /// One box: class 1 at the center (20, 30) of 100 by 200 pixels, sides 10 and 40.
  private static let box = Box(category: 1, score: 0.5, left: 0.15, top: 0.05, right: 0.25, bottom: 0.25)

  private func expectTheBox(_ boxes: [Box], sourceLocation: SourceLocation = #_sourceLocation) throws {
    try #require(boxes.count == 1, sourceLocation: sourceLocation)
    let (found, box) = (boxes[0], Self.box)
    #expect(found.category == 1)
    let pairs = [
      (found.score, box.score), (found.left, box.left), (found.top, box.top), (found.right, box.right),
      (found.bottom, box.bottom),
    ]
    #expect(pairs.allSatisfy { abs($0 - $1) < 1e-6 }, "\(found)", sourceLocation: sourceLocation)
  }

  private func ports(_ shapes: [Int]...) -> DetectorPorts {
    DetectorPorts(path: "x", width: 100, height: 200, shapes: shapes)
  }

  @Test func `are read by columns for YOLOv8`() throws {
    // Two places; the second is unlikely.
    let values: [Float] = [20, 7, 30, 7, 10, 7, 40, 7, 0, 0, 0.5, 0]
    try expectTheBox(try boxes(.yolov8, ports([1, 6, 2]), [values]))
  }

  @Test func `are read by rows for YOLOv5`() throws {
    let values: [Float] = [20, 30, 10, 40, 0.625, 0, 0.8, 1, 1, 1, 1, 0.01, 1, 1]
    try expectTheBox(try boxes(.yolov5, ports([1, 2, 7]), [values]))
  }

  @Test func `are read as corners and classes apart`() throws {
    let corners: [Float] = [0.15, 0.05, 0.25, 0.25, 0, 0, 1, 1]
    let scores: [Float] = [0.5, 0, 0.5, 1, 0, 0]
    try expectTheBox(
      try boxes(.corners, ports([1, 2, 3], [1, 2, 4]), [scores, corners]))
  }

  @Test func `are read from finished detections up to the end mark, rivals and all`() throws {
    let row: [Float] = [0, 1, 0.5, 0.15, 0.05, 0.25, 0.25]
    let end: [Float] = [-1, 0, 0, 0, 0, 0, 0]
    let ports = ports([1, 1, 3, 7])
    try expectTheBox(boxes(.detectionOutput, ports, [row + end + row]))
    #expect(try boxes(.detectionOutput, ports, [row + row + row]).count == 3)
  }

  @Test func `are refused where the outputs are of another layout`() {
    for format in BoxFormat.allCases where format != .ssd {
      let error = #expect(throws: CommandError.self) {
        _ = try format.results(ports([1, 1000]), priors: nil)
      }
      #expect(error?.description.contains("--boxes \(format.rawValue) takes") == true)
    }
    #expect(throws: UsageError.self) { _ = try BoxFormat.ssd.results(ports([1, 8], [1, 4]), priors: nil) }
  }

  @Test func `are refused for YOLOX where the cells do not fit the input`() {
    #expect(throws: CommandError.self) { _ = try BoxFormat.yolox.results(ports([1, 400, 7]), priors: nil) }
  }
}
