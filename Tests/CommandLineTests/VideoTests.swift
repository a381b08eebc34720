import CVideo
import EspalierMedia
import EspalierRuntime
import Foundation
import Testing

@testable import espalier

/// A frame in memory of the test's own: every plane has one value.
final class FlatFrame {
  private let memory: UnsafeMutableBufferPointer<UInt8>
  private(set) var pixels = espalier_video_frame()

  init(format: PipeFormat, width: UInt32, height: UInt32, values: [UInt8], at milliseconds: UInt64 = 0) {
    let planes = PackedPlanes(format: format.number, width: width, height: height)
    memory = .allocate(capacity: planes.byteCount + PackedPlanes.padding)
    memory.initialize(repeating: 0)
    (pixels.format, pixels.width, pixels.height) = (format.number, width, height)
    pixels.time_nanoseconds = milliseconds * 1_000_000
    guard let base = memory.baseAddress else { return }
    planes.place(&pixels, at: base)
    var start = base
    for (plane, value) in zip(planes.planes, values) {
      start.update(repeating: value, count: plane.rowBytes * plane.rows)
      start += plane.rowBytes * plane.rows
    }
  }

  deinit { memory.deallocate() }

  var frame: SourceFrame { SourceFrame(pixels: pixels) }
  /// The first byte of a row of the first plane, and one in it.
  func byte(x: Int, y: Int) -> UInt8 { pixels.planes.0?[y * pixels.strides.0 + x] ?? 0 }
}

@Suite("Video files") struct VideoTests {
  /// Means of a frame's planes.
  private func means(_ frame: espalier_video_frame) -> [Double] {
    let planes = [
      (frame.planes.0, frame.strides.0), (frame.planes.1, frame.strides.1), (frame.planes.2, frame.strides.2),
    ]
    let extents = PackedPlanes(format: frame.format, width: frame.width, height: frame.height).planes
    return zip(planes, extents).map { plane, extent in
      var sum = 0
      for y in 0..<extent.rows {
        for x in 0..<extent.rowBytes { sum += Int(plane.0?[y * plane.1 + x] ?? 0) }
      }
      return Double(sum) / Double(extent.rows * extent.rowBytes)
    }
  }

  /// Colors that change with every frame come back: within 3 of 255, as they were encoded.
  @Test(arguments: ["mp4", "mkv"])
  func `hold the frames that were written, at their times`(container: String) throws {
    try withFolder { folder in
      let path = "\(folder)/a.\(container)"
      let video = AnnotatedVideo(path: path, rate: 25)
      for index in 0..<12 {
        let color: [UInt8] = [UInt8(30 + 15 * index), UInt8(90 + 5 * index), UInt8(170 - 5 * index)]
        let flat = FlatFrame(
          format: .i420, width: 96, height: 64, values: color, at: UInt64(40 * index))
        try withExtendedLifetime(flat) { try video.add(flat.frame) { _ in } }
      }
      try video.close()
      let source = try VideoSource(path)
      #expect(abs(source.rate - 25) < 0.01)
      for index in 0..<12 {
        let frame = try #require(try source.next())
        #expect(frame.pixels.width == 96 && frame.pixels.height == 64)
        #expect(abs(frame.milliseconds - Double(40 * index)) < 1)
        #expect(frame.pixels.sequence == UInt64(index))
        let expected = [Double(30 + 15 * index), Double(90 + 5 * index), Double(170 - 5 * index)]
        #expect(zip(means(frame.pixels), expected).allSatisfy { abs($0 - $1) < 3 })
      }
      #expect(try source.next() == nil)
    }
  }

  /// White is white in every format: Y 235 in a video.
  @Test(arguments: PipeFormat.allCases)
  func `are made of frames of every format`(format: PipeFormat) throws {
    let white: [UInt8] =
      switch format {
      case .nv12, .i420: [235, 128, 128]
      default: [255, 255, 255]
      }
    try withFolder { folder in
      let video = AnnotatedVideo(path: "\(folder)/a.mp4", rate: 30)
      let flat = FlatFrame(format: format, width: 31, height: 17, values: white)
      if format == .yuyv || format == .uyvy {
        let bytes = try #require(flat.pixels.planes.0)
        let luma = format == .yuyv ? 0 : 1
        for index in 0..<(flat.pixels.strides.0 * 17) { bytes[index] = index % 2 == luma ? 235 : 128 }
      }
      try withExtendedLifetime(flat) { try video.add(flat.frame) { _ in } }
      try video.close()
      let source = try VideoSource("\(folder)/a.mp4")
      defer { withExtendedLifetime(source) {} }
      let frame = try #require(try source.next()).pixels
      // Chroma has half the extents, so that an encoder takes even ones.
      #expect(frame.width == 32 && frame.height == 18)
      #expect(zip(means(frame), [235, 128, 128]).allSatisfy { abs($0 - $1) < 4 }, "\(means(frame))")
    }
  }

  @Test func `show what is drawn on them, and nothing else changes`() throws {
    let canvas = try #require(Canvas(width: 64, height: 48))
    let box = DetectedBox(category: 0, score: 0.5, left: 20, top: 20, right: 50, bottom: 40)
    canvas.draw(box, label: "")
    let gray = FlatFrame(format: .gray, width: 64, height: 48, values: [40])
    withExtendedLifetime(gray) { canvas.blend(onto: gray.pixels) }
    #expect(gray.byte(x: 20, y: 30) > 100 && gray.byte(x: 49, y: 30) > 60 && gray.byte(x: 35, y: 20) > 60)
    #expect(gray.byte(x: 35, y: 30) == 40 && gray.byte(x: 10, y: 30) == 40 && gray.byte(x: 60, y: 45) == 40)
    canvas.clear()
    let rgb = FlatFrame(format: .rgb, width: 64, height: 48, values: [40])
    withExtendedLifetime(rgb) { canvas.blend(onto: rgb.pixels) }
    #expect((0..<64 * 3).allSatisfy { rgb.byte(x: $0, y: 30) == 40 })
    var mask = [UInt8](repeating: 0, count: 64 * 48)
    mask[30 * 64 + 7] = 1
    canvas.draw(mask: mask, firstColor: 0)
    withExtendedLifetime(rgb) { canvas.blend(onto: rgb.pixels) }
    let touched = (0..<64).filter { x in (0..<3).contains { rgb.byte(x: 3 * x + $0, y: 30) != 40 } }
    #expect(touched == [7])
  }

  @Test func `that are none, or cannot be written, are refused with a sentence`() throws {
    try withFolder { folder in
      try Files.write(Array("no video at all".utf8), to: "\(folder)/a.mp4")
      #expect(throws: CommandError.self) { try VideoSource("\(folder)/a.mp4") }
      #expect(throws: MediaError.self) { try VideoSource("\(folder)/none.mp4") }
      let flat = FlatFrame(format: .gray, width: 8, height: 8, values: [1])
      for path in ["\(folder)/no/such/folder/a.mp4", "\(folder)/a.txt2"] {
        let video = AnnotatedVideo(path: path, rate: 25)
        _ = withExtendedLifetime(flat) {
          #expect(throws: CommandError.self) { try video.add(flat.frame) { _ in } }
        }
      }
    }
  }
}

@Suite("Sources of espalier watch") struct FrameSourceTests {
  @Test func `take extents as in 1280x720`() {
    #expect(FrameSize("1280x720") == FrameSize(width: 1280, height: 720))
    for text in ["", "x", "1280", "0x720", "1280x", "-1x2", "99999x2", "1x2x3"] {
      #expect(FrameSize(text) == nil)
    }
  }

  /// Bytes of a frame of 5x3, by the formats' definitions: halves are rounded up.
  @Test(arguments: [
    (PipeFormat.gray, 15), (.rgb, 45), (.bgra, 60), (.yuyv, 36), (.nv12, 15 + 12), (.i420, 15 + 6 + 6),
  ])
  func `know how many bytes a frame has`(format: PipeFormat, count: Int) {
    #expect(PackedPlanes(format: format.number, width: 5, height: 3).byteCount == count)
  }

  @Test func `give the pictures of a folder by name`() throws {
    let source = try FolderSource(Signs.pictures, rate: 10)
    let first = try #require(try source.next())
    let second = try #require(try source.next())
    #expect(first.name == "closed.png" && second.name == "danger.png")
    #expect(first.milliseconds == 0 && second.milliseconds == 100)
  }

  @Test func `refuse options that do not fit them`() throws {
    let size = FrameSize(width: 4, height: 4)
    #expect(throws: UsageError.self) { try SourceArguments().open("-") }
    #expect(throws: UsageError.self) { try SourceArguments(size: size).open(Signs.pictures) }
    #expect(throws: UsageError.self) { try SourceArguments(format: .rgb).open(Signs.pictures) }
    #expect(throws: CommandError.self) { try SourceArguments().open("/dev/null") }
  }

  /// 40 frames, 5 ms apart, are taken every 20 ms.
  @Test func `play as a camera does, and lose frames that nobody takes`() throws {
    let source = PacedSource(Counting(count: 40), rate: 200)
    var numbers: [UInt64] = []
    var values: [UInt8] = []
    while let frame = try source.next() {
      numbers.append(frame.pixels.sequence)
      values.append(frame.pixels.planes.0?[0] ?? 255)
      #expect(abs(frame.milliseconds - Double(frame.pixels.sequence) * 5) < 0.01)
      Thread.sleep(forTimeInterval: 0.02)
    }
    #expect(numbers == numbers.sorted() && Set(numbers).count == numbers.count)
    #expect(numbers.count < 30 && numbers.last == 39)
    #expect(values == numbers.map { UInt8($0) })
  }

  /// Frames whose pixels are their numbers.
  private final class Counting: FrameSource {
    let rate = 0.0
    private var position = 0
    private let count: Int
    private var flat: FlatFrame?

    init(count: Int) { self.count = count }

    func next() -> SourceFrame? {
      guard position < count else { return nil }
      let flat = FlatFrame(format: .gray, width: 8, height: 8, values: [UInt8(position)])
      self.flat = flat
      position += 1
      return flat.frame
    }
  }
}
