import EspalierPlan
import EspalierRuntime
import Foundation
import Testing

/// Pictures that become inputs, without a network.
@Suite("A camera's picture") struct PictureTests {
  private static let sets: [InstructionSet] = [.scalar, .avx2, .avx512, .limit]

  /// Rows shorter than, as long as and longer than the 8 and 16 pixels of a step; scales from 1/4 to 4; one pixel.
  static let sizes = [
    (1, 1, 1, 1), (1, 1, 9, 5), (2, 3, 8, 2), (7, 5, 16, 4), (37, 21, 17, 9), (64, 48, 15, 11),
    (61, 9, 33, 20),
    (130, 4, 31, 3), (131, 66, 66, 33), (16, 12, 64, 31), (400, 3, 40, 2),
  ]

  /// The definition of `espalier_frame_parameters.h` once more, pixel by pixel, with positions as OpenCV has them.
  @Test(arguments: PixelFormat.allCases, sizes)
  func `becomes what the definition says, to the bit, on every instruction set`(
    format: PixelFormat, size: (Int, Int, Int, Int)
  ) throws {
    let (width, height, columns, rows) = size
    var random = Noise(seed: UInt64(width * 31 + columns))
    for (index, channels) in PictureInput.Channels.allCases.enumerated() {
      let color = PixelColor.allCases[(width + index) % 4]
      let picture = CameraPicture(format, color: color, width: width, height: height, gap: index * 3) {
        _, _, _ in random.byte()
      }
      let input = PictureInput(channels: channels, mean: SIMD3(3, 5, 7), scale: SIMD3(2, 4, 8))
      let shape = try #require(PictureShape([1, channels.count, rows, columns]))
      let expected = Self.stretched(picture, channels, columns, rows)
      for set in Self.sets {
        let found = try picture.withPicture { try input.tensor(of: $0, shape: shape, limit: set) }
        let values = found.indices.map { index in
          let channel = index / (rows * columns)
          return Int((found[index] * input.scale[channel] + input.mean[channel]).rounded())
        }
        #expect(values == expected, "\(format) \(channels) \(size) \(set)")
      }
    }
  }

  /// 1: colors are rounded once more than by OpenCV; luminance of gray likewise.
  @Test func `is within one level of what OpenCV makes of it`() throws {
    let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent().appendingPathComponent(
      "Fixtures")
    let cases = try String(contentsOf: folder.appendingPathComponent("frames.txt"), encoding: .utf8)
    let bytes = [UInt8](try Data(contentsOf: folder.appendingPathComponent("frames.bin")))
    var position = 0
    var (differing, total) = (0, 0)
    for line in cases.split(separator: "\n") {
      let words = line.split(separator: " ").map(String.init)
      let numbers = words[3...].compactMap(Int.init)
      let format = try #require(PixelFormat.allCases.first { "\($0)" == words[0] })
      let channels = try #require(PictureInput.Channels.allCases.first { "\($0)" == words[1] })
      let fit = try #require(PictureInput.Fit.allCases.first { "\($0)" == words[2] })
      let picture = CameraPicture(format, width: numbers[0], height: numbers[1]) { plane, row, place in
        UInt8(truncatingIfNeeded: row * 5 + place * 3 + plane * 40 + (row * place % 23) * 4)
      }
      let input = PictureInput(channels: channels, fit: fit, cropShare: fit == .crop ? 0.875 : 1)
      let shape = try #require(PictureShape([1, channels.count, numbers[3], numbers[2]]))
      let found = try picture.withPicture { try input.tensor(of: $0, shape: shape) }
      let count = found.count
      let area = numbers[2] * numbers[3]
      for pixel in 0..<area {
        for channel in 0..<channels.count {
          let expected = Int(bytes[position + pixel * channels.count + channel])
          let difference = abs(Int(found[channel * area + pixel]) - expected)
          if difference > 1 { Issue.record("\(line): pixel \(pixel) channel \(channel): \(difference)") }
          differing += difference
        }
      }
      position += count
      total += count
    }
    #expect(position == bytes.count && total > 50_000)
    #expect(differing * 20 < total, "\(differing) of \(total) elements differ")
  }

  @Test func `lies in the input as its fit says`() throws {
    let white = CameraPicture(.gray8, width: 40, height: 20) { _, _, _ in 255 }
    let shape = try #require(PictureShape([1, 1, 30, 30]))
    func rows(_ fit: PictureInput.Fit) throws -> [Int] {
      let input = PictureInput(channels: .gray, fit: fit, fill: 7)
      let found = try white.withPicture { try input.tensor(of: $0, shape: shape) }
      #expect(found.allSatisfy { $0 == 255 || $0 == 7 })
      return (0..<30).filter { found[$0 * 30 + 15] == 255 }
    }
    #expect(try rows(.stretch) == Array(0..<30))
    #expect(try rows(.letterbox) == Array(7..<22))
    #expect(try rows(.letterboxTopLeft) == Array(0..<15))
    #expect(try rows(.crop) == Array(0..<30))
  }

  @Test func `is refused with a sentence where it cannot be`() throws {
    let shape = try #require(PictureShape([1, 3, 8, 8]))
    let picture = CameraPicture(.nv12, width: 9, height: 5) { _, _, _ in 1 }
    func fault(_ change: (inout Picture) -> Void) throws -> String {
      picture.withPicture {
        var picture = $0
        change(&picture)
        do throws(PictureFault) {
          _ = try PictureInput().tensor(of: picture, shape: shape)
          return ""
        } catch {
          return error.description
        }
      }
    }
    #expect(try fault { _ in } == "")
    #expect(try fault { $0.planes.1 = nil } == "plane 1 of the picture is missing")
    #expect(try fault { $0.strides.1 = 9 } == "plane 1 has rows of 10 bytes, the stride is 9")
    #expect(try fault { $0.strides.0 = -9 } == "plane 0 has rows of 9 bytes, the stride is -9")
    #expect(try fault { $0.strides.0 = 1 << 31 }.hasPrefix("plane 0 has rows of 9 bytes"))
    #expect(try fault { $0.width = 0 } == "a picture has 1 to 32768 columns and rows, not 0 x 5")
    #expect(try fault { $0.height = 32769 }.hasSuffix("not 9 x 32769"))
    #expect(
      throws: PictureFault.declaration(.scale),
      performing: {
        try picture.withPicture {
          _ = try PictureInput(scale: SIMD3(1, 0, 1)).tensor(of: $0, shape: shape)
        }
      })
    #expect(throws: PictureFault.notAPicture) {
      try picture.withPicture { _ = try PictureInput(channels: .gray).tensor(of: $0, shape: shape) }
    }
  }

  private static func stretched(
    _ picture: CameraPicture, _ channels: PictureInput.Channels, _ columns: Int, _ rows: Int
  ) -> [Int] {
    func taps(_ index: Int, _ from: Int, _ to: Int) -> (first: Int, weights: [Int]) {
      let position = Float((Double(index) + 0.5) * (Double(from) / Double(to)) - 0.5)
      let first = position.rounded(.down)
      let fraction = position - first
      return (Int(first), [1 - fraction, fraction].map { Int(($0 * 2048).rounded(.toNearestOrEven)) })
    }
    var found = [Int](repeating: 0, count: channels.count * rows * columns)
    for y in 0..<rows {
      let (top, vertical) = taps(y, picture.height, rows)
      for x in 0..<columns {
        let (left, horizontal) = taps(x, picture.width, columns)
        let isInside = left >= 0 && left + 1 < picture.width
        let weights = isInside ? horizontal : [2048, 0]
        let sums = [top, top + 1].map { row -> [Int] in
          let y = min(max(row, 0), picture.height - 1)
          let (a, b) = (min(max(left, 0), picture.width - 1), min(max(left + 1, 0), picture.width - 1))
          let (one, two) = (
            picture.pixel(a, y, gray: channels == .gray), picture.pixel(b, y, gray: channels == .gray)
          )
          return (0..<3).map { (one[$0] * weights[0] + two[$0] * weights[1]) >> 4 }
        }
        for channel in 0..<channels.count {
          let source = channels == .bgr ? 2 - channel : channel
          let value = ((sums[0][source] * vertical[0]) >> 16) + ((sums[1][source] * vertical[1]) >> 16)
          found[(channel * rows + y) * columns + x] = min(255, (value + 2) >> 2)
        }
      }
    }
    return found
  }
}

/// SplitMix64 (Steele, Lea and Flood 2014), a byte at a time.
struct Noise {
  private var state: UInt64

  init(seed: UInt64) { state = seed }

  mutating func byte() -> UInt8 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var z = state
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return UInt8(truncatingIfNeeded: z >> 56)
  }
}
