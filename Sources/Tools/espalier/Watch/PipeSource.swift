internal import ArgumentParser
internal import CVideo
internal import EspalierRuntime

/// Pixel formats by the names that ffmpeg and GStreamer have for them, in small letters.
enum PipeFormat: String, CaseIterable, ExpressibleByArgument {
  case nv12, i420, yuyv, uyvy, rgb, bgr, rgba, bgra, gray

  init?(argument: String) {
    let other: [String: PipeFormat] = [
      "yuv420p": .i420, "yuy2": .yuyv, "yuyv422": .yuyv, "uyvy422": .uyvy, "rgb24": .rgb, "bgr24": .bgr,
      "rgb8": .rgb, "bgr8": .bgr, "rgbx": .rgba, "bgrx": .bgra, "gray8": .gray,
    ]
    let name = argument.lowercased()
    guard let format = PipeFormat(rawValue: name) ?? other[name] else { return nil }
    self = format
  }

  /// The `espalier_pixel_format`.
  var number: Int32 {
    switch self {
    case .gray: 0
    case .rgb: 1
    case .bgr: 2
    case .rgba: 3
    case .bgra: 4
    case .nv12: 5
    case .i420: 6
    case .yuyv: 7
    case .uyvy: 8
    }
  }
}

/// How frames lie in memory one plane behind the other, without gaps.
struct PackedPlanes {
  /// Bytes of a row and rows, for each plane that the format has.
  let planes: [(rowBytes: Int, rows: Int)]

  init(format: Int32, width: UInt32, height: UInt32) {
    planes = (0..<3).map { plane in
      var (rowBytes, rows) = (0, UInt32(0))
      espalier_video_plane(format, width, height, Int32(plane), &rowBytes, &rows)
      return (rowBytes, Int(rows))
    }.filter { $0.rows > 0 }
  }

  var byteCount: Int { planes.reduce(0) { $0 + $1.rowBytes * $1.rows } }

  /// Bytes to be there behind a frame: libswscale reads whole registers.
  static let padding = 64

  /// Points the frame at such memory.
  func place(_ frame: inout espalier_video_frame, at bytes: UnsafeMutablePointer<UInt8>) {
    var starts: [UnsafeMutablePointer<UInt8>?] = [nil, nil, nil]
    var strides = [0, 0, 0]
    var offset = 0
    for (index, plane) in planes.enumerated() {
      (starts[index], strides[index]) = (bytes + offset, plane.rowBytes)
      offset += plane.rowBytes * plane.rows
    }
    frame.planes = (starts[0], starts[1], starts[2])
    frame.strides = (strides[0], strides[1], strides[2])
  }

  /// Copies a frame's rows to such memory.
  func copy(_ frame: espalier_video_frame, to bytes: UnsafeMutablePointer<UInt8>) {
    let sources = [
      (frame.planes.0, frame.strides.0), (frame.planes.1, frame.strides.1), (frame.planes.2, frame.strides.2),
    ]
    var target = bytes
    for (index, plane) in planes.enumerated() {
      guard let source = sources[index].0 else { continue }
      for row in 0..<plane.rows {
        target.update(from: source + row * sources[index].1, count: plane.rowBytes)
        target += plane.rowBytes
      }
    }
  }
}

/// Frames without any container on standard input.
final class PipeSource: FrameSource {
  private var frame = espalier_video_frame()
  private let memory: UnsafeMutableBufferPointer<UInt8>
  private let byteCount: Int
  let rate: Double

  init(size: FrameSize, format: PipeFormat, rate: Double) {
    let planes = PackedPlanes(format: format.number, width: size.width, height: size.height)
    memory = .allocate(capacity: planes.byteCount + PackedPlanes.padding)
    byteCount = planes.byteCount
    self.rate = rate
    frame.format = format.number
    // What a camera of more rows than television had gives.
    frame.color = size.height > 576 ? 1 : 0
    (frame.width, frame.height) = (size.width, size.height)
    if let base = memory.baseAddress { planes.place(&frame, at: base) }
  }

  deinit { memory.deallocate() }

  func next() throws -> SourceFrame? {
    let found = try nextFrame(of: "-") { _, message in
      espalier_pipe_read(0, memory.baseAddress, byteCount, message)
    }
    guard found != nil else { return nil }
    frame.time_nanoseconds = UInt64(Double(frame.sequence) * 1e9 / rate)
    defer { frame.sequence += 1 }
    return SourceFrame(pixels: frame, captured: .now)
  }
}
