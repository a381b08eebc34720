internal import CVideo
internal import EspalierMedia
internal import EspalierRuntime

/// A frame on its way through `espalier watch`.
struct SourceFrame {
  /// Format, extents and where the bytes lie: they stay until the source gives its next frame, and nobody changes them.
  var pixels: espalier_video_frame
  /// When it was taken; nil where it waited in a file.
  var captured: MonotonicInstant?
  /// The file's name, where every frame is one.
  var name: String?

  /// Milliseconds since the first frame.
  var milliseconds: Double { Double(pixels.time_nanoseconds) / 1e6 }
}

/// Where frames come from.
protocol FrameSource: AnyObject {
  /// Frames a second; 0 where nobody says.
  var rate: Double { get }
  /// The next frame; nil at the end, or where the user ended it.
  func next() throws -> SourceFrame?
}

/// What a frame source needs to be told.
struct SourceArguments {
  var size: FrameSize?
  var format: PipeFormat?
  /// Of sources that have no rate of their own.
  var rate: Double?
  /// Frames come as a camera gives them, so many a second.
  var camera: Double?

  /// Opens what the path stands for: `-` raw frames, a folder pictures, a device a camera, else a video file.
  ///
  /// - Throws: `UsageError` where options do not fit it, `CommandError`.
  func open(_ path: String) throws -> any FrameSource {
    let source = try plainSource(path)
    guard let camera else { return source }
    guard !(source is CameraSource) else {
      throw UsageError("--camera: '\(path)' is a camera itself; --rate sets it")
    }
    return PacedSource(source, rate: camera)
  }

  private func plainSource(_ path: String) throws -> any FrameSource {
    if path == "-" {
      guard let size, let format else {
        throw UsageError("frames on standard input need --size WIDTHxHEIGHT and --format")
      }
      return PipeSource(size: size, format: format, rate: rate ?? 30)
    }
    guard format == nil else { throw UsageError("--format is for frames on standard input: SOURCE is '-'") }
    if path.hasPrefix("/dev/") { return try CameraSource(path, size: size, rate: rate ?? 0) }
    guard size == nil else { throw UsageError("--size is for cameras and frames on standard input") }
    if Files.isFolder(path) { return try FolderSource(path, rate: rate ?? 25) }
    guard rate == nil else { throw UsageError("--rate: a video has a rate of its own; --camera paces it") }
    return try VideoSource(path)
  }
}

/// `1280x720`.
struct FrameSize: Equatable {
  let width: UInt32
  let height: UInt32
}

extension FrameSize {
  /// Extents above this are refused.
  static let limit: UInt32 = 16_384

  init?(_ text: String) {
    let parts = text.split(separator: "x", omittingEmptySubsequences: false)
    guard parts.count == 2, let width = UInt32(parts[0]), let height = UInt32(parts[1]),
      (1...Self.limit).contains(width), (1...Self.limit).contains(height)
    else { return nil }
    self.init(width: width, height: height)
  }
}

/// Calls a function of CVideo that explains itself in a message.
func withVideoMessage<Result>(
  _ body: (UnsafeMutablePointer<CChar>) -> Result
) -> (result: Result, message: String) {
  withUnsafeTemporaryAllocation(of: CChar.self, capacity: Int(ESPALIER_VIDEO_MESSAGE)) { room in
    room.initialize(repeating: 0)
    guard let base = room.baseAddress else { preconditionFailure("room for \(room.count) letters") }
    let result = body(base)
    return (result, String(cString: base))
  }
}

/// Takes the next frame of a C source.
///
/// - Throws: `CommandError` that names the path.
func nextFrame(
  of path: String, _ take: (inout espalier_video_frame, UnsafeMutablePointer<CChar>) -> Int32
) throws -> espalier_video_frame? {
  var frame = espalier_video_frame()
  let (status, message) = withVideoMessage { take(&frame, $0) }
  switch status {
  case ESPALIER_VIDEO_FRAME.rawValue: return frame
  case ESPALIER_VIDEO_END.rawValue: return nil
  default: throw CommandError("'\(path)': \(message)")
  }
}
