internal import CVideo
internal import EspalierMedia
internal import EspalierPlan
internal import EspalierRuntime

/// A session that takes pictures and gives what the network finds in them.
struct PictureSession: ~Copyable {
  let model: Model
  private var session: Session
  private let deadline: MillisecondsArgument?
  /// Where masks are read to, as large as the network's own; for shares.
  private let masks: [ResultLayout.Mask]

  /// - Parameter pictures: How they become the input, where the pack does not say it: stretched.
  /// - Throws: `UsageError` where options do not fit the pack, `CommandError` where it takes no pictures.
  init(
    _ model: Model, threads: Int, deadline: MillisecondsArgument?, pictures: Preprocessing,
    options: ResultOptions
  ) throws {
    self.model = model
    self.deadline = deadline
    masks = model.results?.layout(inputs: model.inputs, outputs: model.outputs)?.masks ?? []
    session = try Self.session(model, threads: threads, pictures: pictures, options: options)
  }

  private static func session(
    _ model: Model, threads: Int, pictures: Preprocessing, options: ResultOptions
  ) throws -> Session {
    guard 1...Session.threadLimit ~= threads else {
      throw UsageError("--threads: a session has 1 to \(Session.threadLimit) threads, not \(threads)")
    }
    guard model.inputs.count == 1, let shape = PictureShape(model.inputs[0].shape) else {
      throw CommandError("the pack takes no pictures: that needs one input [1, 3, height, width]")
    }
    var session = try Session(model, threads: threads)
    if session.pictureInputs[0] == nil {
      try session.setPictureInput(PictureInput(pictures, channels: shape.channels), at: 0)
    }
    if model.results != nil { try session.setResultOptions(options) }
    try session.prepare()
    return session
  }

  /// Runs a frame. Its deadline counts from when it was taken, or from now where it waited in a file.
  mutating func run(_ frame: SourceFrame) throws -> FrameVerdict {
    guard let picture = EspalierRuntime.Picture(frame.pixels) else {
      throw CommandError("frames of a format that networks do not take")
    }
    let outputs = UnsafeBufferPointer<UnsafeMutablePointer<Float>?>(start: nil, count: 0)
    return try session.run(
      picture: picture, outputs: outputs, deadline: limit(frame),
      frame: FrameStamp(
        sequence: frame.pixels.sequence, captured: frame.captured))
  }

  private func limit(_ frame: SourceFrame) -> Deadline {
    guard let deadline else { return .none }
    let nanoseconds = UInt64(deadline.value * 1e6)
    return frame.captured.map { .at($0.advanced(byNanoseconds: nanoseconds)) } ?? deadline.deadline
  }

  /// What the last frame that was computed to its end shows.
  mutating func findings() throws -> Findings {
    var findings = Findings()
    switch model.results?.kind {
    case .boxes: findings.boxes = Array(try session.boxes())
    case .classes: findings.classes = Array(try session.classes())
    case .mask:
      for (index, mask) in masks.enumerated() {
        let classes = try self.mask(index, width: mask.width, height: mask.height)
        var counts = [Int](repeating: 0, count: max(2, mask.channels))
        for category in classes where Int(category) < counts.count { counts[Int(category)] += 1 }
        findings.shares.append(counts.map { Double($0) / Double(classes.count) })
      }
    case nil: break
    }
    return findings
  }

  /// All masks at this size, one class a pixel.
  mutating func masks(width: Int, height: Int) throws -> [[UInt8]] {
    guard model.results?.kind == .mask else { return [] }
    var found: [[UInt8]] = []
    for index in masks.indices { found.append(try mask(index, width: width, height: height)) }
    return found
  }

  private mutating func mask(_ index: Int, width: Int, height: Int) throws -> [UInt8] {
    var pixels = [UInt8](repeating: 0, count: width * height)
    var failure: ResultError?
    pixels.withUnsafeMutableBufferPointer { room in
      guard let base = room.baseAddress else { return }
      do throws(ResultError) {
        try session.fill(MaskRoom(base, width: width, height: height, stride: width), withMask: index)
      } catch { failure = error }
    }
    if let failure { throw failure }
    return pixels
  }
}

extension EspalierRuntime.Picture {
  /// Nil where the runtime has no such format.
  init?(_ frame: espalier_video_frame) {
    guard let format = PixelFormat(rawValue: UInt8(clamping: frame.format)),
      let color = PixelColor(rawValue: UInt8(clamping: frame.color))
    else { return nil }
    self.init(
      format: format, color: color, width: Int(frame.width), height: Int(frame.height),
      planes: (
        UnsafeRawPointer(frame.planes.0), UnsafeRawPointer(frame.planes.1), UnsafeRawPointer(frame.planes.2)
      ), strides: frame.strides)
  }
}

extension PictureInput {
  /// Pictures stretched to an input of 1 or 3 channels.
  fileprivate init(_ preprocessing: Preprocessing, channels: Int) {
    let (mean, scale) = (preprocessing.mean, preprocessing.scale)
    self.init(
      channels: channels == 1 ? .gray : preprocessing.order == .rgb ? .rgb : .bgr, fit: .stretch,
      mean: SIMD3(mean[0], mean[mean.count / 2], mean[mean.count - 1]),
      scale: SIMD3(scale[0], scale[scale.count / 2], scale[scale.count - 1]))
  }
}
