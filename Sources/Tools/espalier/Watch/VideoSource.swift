internal import CVideo
internal import EspalierMedia
internal import EspalierRuntime

/// A video file.
final class VideoSource: FrameSource {
  private let path: String
  private let video: OpaquePointer
  let rate: Double

  /// - Throws: `MediaError` or `CommandError` that names the file.
  init(_ path: String) throws {
    guard Files.exists(path) else {
      throw MediaError.unreadable(path: path, reason: "No such file or directory")
    }
    // One thread: the network's threads are to have the cores.
    let (video, message) = withVideoMessage { espalier_video_open(path, 1, $0) }
    guard let video else { throw CommandError("'\(path)' cannot be watched: \(message)") }
    self.path = path
    self.video = video
    rate = espalier_video_rate(video)
  }

  deinit { espalier_video_close(video) }

  func next() throws -> SourceFrame? {
    guard espalier_interruption_noted() == 0 else { return nil }
    return try nextFrame(of: path) { espalier_video_next(video, &$0, $1) }.map { SourceFrame(pixels: $0) }
  }
}

/// A camera behind V4L2. Of frames that wait it gives the newest, and the others are missing in the count.
final class CameraSource: FrameSource {
  private let path: String
  private let camera: OpaquePointer
  let rate: Double

  /// - Parameter rate: What to ask of it; 0: as it is set.
  init(_ path: String, size: FrameSize?, rate: Double) throws {
    let (camera, message) = withVideoMessage {
      espalier_camera_open(path, size?.width ?? 0, size?.height ?? 0, rate, $0)
    }
    guard let camera else { throw CommandError("'\(path)' cannot be watched: \(message)") }
    self.path = path
    self.camera = camera
    self.rate = espalier_camera_rate(camera)
  }

  deinit { espalier_camera_close(camera) }

  func next() throws -> SourceFrame? {
    try nextFrame(of: path) { espalier_camera_next(camera, &$0, $1) }.map {
      SourceFrame(pixels: $0, captured: .now)
    }
  }
}

/// The pictures of a folder, by name.
final class FolderSource: FrameSource {
  private let paths: [String]
  private var position = 0
  private var memory = UnsafeMutableBufferPointer<UInt8>(start: nil, count: 0)
  let rate: Double

  /// - Throws: `MediaError`, or `CommandError` where there are none.
  init(_ path: String, rate: Double) throws {
    paths = try Files.list(path, accepts: EspalierMedia.Picture.isPictureName)
    self.rate = rate
    guard !paths.isEmpty else { throw CommandError("'\(path)' holds no pictures") }
  }

  deinit { memory.deallocate() }

  func next() throws -> SourceFrame? {
    guard position < paths.count, espalier_interruption_noted() == 0 else { return nil }
    let picture = try EspalierMedia.Picture(contentsOf: paths[position])
    if memory.count != picture.pixels.count + PackedPlanes.padding {
      memory.deallocate()
      memory = .allocate(capacity: picture.pixels.count + PackedPlanes.padding)
    }
    _ = memory.initialize(from: picture.pixels)
    var frame = espalier_video_frame()
    frame.format = PipeFormat.rgb.number
    frame.width = UInt32(picture.width)
    frame.height = UInt32(picture.height)
    frame.planes.0 = memory.baseAddress
    frame.strides.0 = picture.width * 3
    frame.time_nanoseconds = UInt64(Double(position) * 1e9 / rate)
    frame.sequence = UInt64(position)
    defer { position += 1 }
    return SourceFrame(pixels: frame, name: Files.name(paths[position]))
  }
}
