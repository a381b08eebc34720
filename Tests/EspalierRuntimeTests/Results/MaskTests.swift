import EspalierPlan
import PlanFixtures
import Testing

@testable import EspalierRuntime

@Suite("Masks of a frame") struct MaskTests {
  private static let input = Plan.Port(name: "x", shape: [1, 3, 6, 8])

  private func mask(
    _ outputs: [(shape: [Int], values: [Float])], index: Int = 0, width: Int, height: Int, stride: Int? = nil,
    transform: PictureTransform = PictureTransform(inputWidth: 8, inputHeight: 6), threshold: Float? = nil
  ) throws -> [UInt8] {
    var options = ResultOptions()
    options.scoreThreshold = threshold
    let reader = try ResultReader(
      Plan.Results(.mask, outputs: Array(outputs.indices)), inputs: [Self.input],
      outputs: outputs.map { Plan.Port(name: "", shape: $0.shape) }, options: options)
    let stride = stride ?? width
    var bytes = [UInt8](repeating: 99, count: stride * height)
    try withPointers(outputs.map(\.values)) { outputs in
      try bytes.withUnsafeMutableBufferPointer { room in
        let start = try #require(room.baseAddress)
        try reader.fill(
          MaskRoom(start, width: width, height: height, stride: stride), withMask: index, of: outputs,
          transform: transform)
      }
    }
    return bytes
  }

  @Test func `hold the first channel with the greatest value, whatever is no number`() throws {
    var random = SeededGenerator(seed: 4)
    let (channels, area) = (5, 48)
    let values = (0..<channels * area).map { _ in
      let value = Int.random(in: 0...9, using: &random)
      return value == 0 ? Float.nan : Float(value)
    }
    let expected = (0..<area).map { pixel in
      let own = (0..<channels).map { values[$0 * area + pixel] }
      let greatest = own.filter { !$0.isNaN }.max()
      return UInt8(own.firstIndex { $0 == greatest } ?? 0)
    }
    #expect(try mask([([1, 5, 6, 8], values)], width: 8, height: 6) == expected)
  }

  @Test func `of one channel hold where it reaches the threshold`() throws {
    let values = (0..<48).map { Float($0) / 48 }
    let output = [(shape: [1, 1, 6, 8], values: values)]
    #expect(try mask(output, width: 8, height: 6) == values.map { $0 >= 0.5 ? 1 : 0 })
    #expect(try mask(output, width: 8, height: 6, threshold: 0.25) == values.map { $0 >= 0.25 ? 1 : 0 })
  }

  @Test func `are several, each of its own extents, and leave alone what is between rows`() throws {
    let small = (
      shape: [1, 2, 3, 4], values: [Float](repeating: 1, count: 12) + (0..<12).map { Float($0 % 4) }
    )
    let found = try mask(
      [([1, 1, 6, 8], [Float](repeating: 0, count: 48)), small], index: 1, width: 8, height: 6, stride: 10)
    for y in 0..<6 {
      #expect(Array(found[y * 10..<y * 10 + 10]) == [0, 0, 0, 0, 1, 1, 1, 1, 99, 99], "\(y)")
    }
  }

  /// A picture of 16 by 6 pixels, shrunk by 2 onto the rows 1.5 to 4.5 of the input.
  @Test func `are cut out of a letterboxed input`() throws {
    let values = (0..<48).map { Float($0 / 8 == 2 && $0 % 8 >= 6 ? 1 : 0) }
    let transform = PictureTransform(
      scaleX: 2, scaleY: 2, offsetX: 0, offsetY: -3, pictureWidth: 16, pictureHeight: 6)
    let found = try mask([([1, 1, 6, 8], values)], width: 16, height: 6, transform: transform)
    for y in 0..<6 {
      for x in 0..<16 {
        // The middle of the pixel, in rows of the input.
        let row = Int((Double(y) + 0.5) / 2 + 1.5)
        #expect(found[y * 16 + x] == (row == 2 && x >= 12 ? 1 : 0), "\(x), \(y)")
      }
    }
  }

  @Test func `are refused without pixels`() throws {
    let output = [(shape: [1, 1, 6, 8], values: [Float](repeating: 0, count: 48))]
    #expect(throws: ResultError.maskExtents) { _ = try mask(output, width: 8, height: 6, stride: 7) }
    #expect(throws: ResultError.noSuchMask(1, count: 1)) {
      _ = try mask(output, index: 1, width: 8, height: 6)
    }
  }
}
