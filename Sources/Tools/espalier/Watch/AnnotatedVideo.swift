internal import CDrawing
internal import CVideo

/// The video file of `-o`: every frame that was looked at, with what was found drawn on it.
///
/// It has the extents of the first frame; others are scaled to it.
final class AnnotatedVideo {
  let path: String
  private let rate: Double
  private var writer: OpaquePointer?
  private var canvas: Canvas?
  private(set) var frameCount = 0

  init(path: String, rate: Double) { (self.path, self.rate) = (path, rate) }

  deinit { _ = withVideoMessage { espalier_video_writer_close(writer, $0) } }

  /// - Throws: `CommandError` where the file cannot be written.
  func add(_ frame: SourceFrame, draw: (Canvas) throws -> Void) throws {
    if writer == nil {
      let made = withVideoMessage { message in
        withUnsafePointer(to: frame.pixels) { espalier_video_writer_open(path, $0, rate, message) }
      }
      guard let opened = made.result else { throw refusal(made.message) }
      writer = opened
    }
    guard let writer else { return }
    var target = espalier_video_frame()
    let filled = withVideoMessage { message in
      withUnsafePointer(to: frame.pixels) { espalier_video_writer_fill(writer, $0, &target, message) }
    }
    guard filled.result == 0 else { throw refusal(filled.message) }
    if canvas == nil { canvas = Canvas(width: target.width, height: target.height) }
    if let canvas {
      canvas.clear()
      try draw(canvas)
      canvas.blend(onto: target)
    }
    let written = withVideoMessage { espalier_video_writer_write(writer, frame.pixels.time_nanoseconds, $0) }
    guard written.result == 0 else { throw refusal(written.message) }
    frameCount += 1
  }

  /// Makes the file complete.
  func close() throws {
    let (status, message) = withVideoMessage { espalier_video_writer_close(writer, $0) }
    writer = nil
    guard status == 0 else { throw refusal(message) }
  }

  private func refusal(_ message: String) -> CommandError {
    CommandError("'\(path)' cannot be written: \(message)")
  }
}
