import EspalierPlan
@testable import EspalierRuntime
import Foundation
import PlanFixtures
import Testing

/// Pictures that go through networks.
@Suite("A session that is given pictures") struct PictureSessionTests {
  private static let declared = PictureInput(
    channels: .bgr, fit: .letterbox, mean: SIMD3(103.5, 116.25, 123.75), scale: SIMD3(57, 57.5, 58),
    fill: 114.5)

  private static func camera(_ width: Int, _ height: Int, _ format: PixelFormat = .nv12) -> CameraPicture {
    CameraPicture(format, width: width, height: height, gap: 5) { plane, row, place in
      UInt8(truncatingIfNeeded: row * 7 + place * 11 + plane * 50 + (row * place) % 41)
    }
  }

  private static func model(_ beginning: PictureNetwork.Beginning, watched: Bool = false) throws -> Model {
    let network = PictureNetwork(beginning, declared: declared)
    var plan = network.plan
    if watched {
      plan.watch(
        plan.calls[0].operands[0], count: 3 * network.width * network.height, behind: 0, name: "x")
    }
    return try Model(bytes: PlanWriter.bytes(of: plan))
  }

  /// What the same tensor gives that the picture becomes.
  private static func expected(_ model: Model, _ camera: CameraPicture) throws -> [Float] {
    let shape = try #require(PictureShape(model.inputs[0].shape))
    let tensor = try camera.withPicture { try declared.tensor(of: $0, shape: shape) }
    var session = try Session(model)
    return try session.run([tensor])[0]
  }

  /// Of other sizes and formats from frame to frame; the last one is the first again.
  private static let frames = [
    camera(64, 40), camera(33, 57, .yuyv), camera(5, 3, .rgb8), camera(200, 20, .i420), camera(1, 1, .bgra8),
    camera(24, 20, .rgbFloat), camera(64, 40),
  ]

  @Test(arguments: PictureNetwork.Beginning.allCases, [1, 2, 3])
  func `gives what the tensor gives that the picture becomes`(
    beginning: PictureNetwork.Beginning, threads: Int
  ) throws {
    let model = try Self.model(beginning)
    var session = try Session(model, threads: threads)
    let buffers = TestBuffers(model, inputs: [])
    for camera in Self.frames {
      let verdict = try camera.withPicture {
        try session.run(picture: $0, outputs: UnsafeBufferPointer(buffers.outputs))
      }
      #expect(verdict.outcome == .met)
      #expect(buffers.output(0) == (try Self.expected(model, camera)))
    }
    #expect(session.counters.met == UInt64(Self.frames.count))
  }

  @Test(arguments: PictureNetwork.Beginning.allCases)
  func `takes tensors in between`(beginning: PictureNetwork.Beginning) throws {
    let model = try Self.model(beginning)
    var session = try Session(model)
    let buffers = TestBuffers(model, inputs: [])
    let tensor = (0..<1440).map { Float($0 % 97) / 40 - 1 }
    var other = try Session(model)
    let ofTensor = try other.run([tensor])
    for _ in 0..<3 {
      _ = try Self.frames[0].withPicture {
        try session.run(picture: $0, outputs: UnsafeBufferPointer(buffers.outputs))
      }
      #expect(session.pictureTransform(ofInput: 0) != .identity)
      #expect(try session.run([tensor]) == ofTensor)
      #expect(session.pictureTransform(ofInput: 0) == .identity)
      #expect(buffers.output(0) == (try Self.expected(model, Self.frames[0])))
    }
  }

  @Test func `keeps the results where it is given no room for them`() throws {
    let model = try Self.model(.quantized)
    var session = try Session(model)
    try Self.frames[1].withPicture {
      _ = try session.run(picture: $0, outputs: UnsafeBufferPointer(start: nil, count: 0))
    }
    let (kept, missing) = (session.keptOutput(0), session.keptOutput(1))
    #expect(kept.map { Array($0) } == (try Self.expected(model, Self.frames[1])))
    #expect(missing == nil)
  }

  @Test(arguments: PictureNetwork.Beginning.allCases)
  func `watches what it is given, to the same bits`(beginning: PictureNetwork.Beginning) throws {
    let model = try Self.model(beginning, watched: true)
    var session = try Session(model)
    try session.watch(every: 2)
    let buffers = TestBuffers(model, inputs: [])
    for camera in Self.frames {
      _ = try camera.withPicture {
        try session.run(picture: $0, outputs: UnsafeBufferPointer(buffers.outputs))
      }
      #expect(buffers.output(0) == (try Self.expected(model, camera)))
    }
    #expect(session.watchedFrameCount == 4)
    #expect(session.observation(of: 0)?.count == 1440)
  }

  @Test func `is prepared for pictures too`() throws {
    let model = try Model(
      bytes: PlanWriter.bytes(
        of: PictureNetwork(.direct, height: 400, width: 400, declared: Self.declared).plan))
    var session = try Session(model, threads: 2)
    let facts = try session.prepare(locksMemory: true)
    let own = facts.arenaByteCount + facts.scratchByteCount + facts.weightsByteCount
    // The input and the kept output in float32; where the limit of locked memory is lower the facts say so.
    #expect(facts.lockedByteCount > own + 2 * 3 * 400 * 400 * 4 || facts.lockErrorCode != 0)
    #expect(session.keptOutput(0).map { $0.contains { $0 != 0 } } == true, "no picture went through")
    #expect(session.pictureTransform(ofInput: 0) == .identity)
    let camera = Self.camera(640, 360)
    let buffers = TestBuffers(model, inputs: [])
    _ = try camera.withPicture {
      try session.run(picture: $0, outputs: UnsafeBufferPointer(buffers.outputs))
    }
    #expect(buffers.output(0) == (try Self.expected(model, camera)))
    #expect(session.counters.frames == 1)
  }

  /// One that the system keeps from running where it looks at calls of a frame that is over.
  @Test func `waits for no worker between pictures`() throws {
    var session = try Session(try Self.model(.quantized), threads: 2)
    let buffers = TestBuffers(session.model, inputs: [])
    try Self.frames[0].withPicture { picture in
      let outputs = UnsafeBufferPointer(buffers.outputs)
      _ = try session.run(picture: picture, outputs: outputs)
      let signals = session.pool.signals
      signals.inside.pointee.wrappingAdd(1, ordering: .sequentiallyConsistent)
      let returned = DispatchGroup()
      returned.enter()
      Thread {
        usleep(1_000_000)
        signals.inside.pointee.wrappingSubtract(1, ordering: .sequentiallyConsistent)
        returned.leave()
      }.start()
      let start = ContinuousClock.now
      for _ in 0..<3 { _ = try session.run(picture: picture, outputs: outputs) }
      #expect(ContinuousClock.now - start < .milliseconds(500))
      returned.wait()
    }
    #expect(buffers.output(0) == (try Self.expected(session.model, Self.frames[0])))
  }

  @Test func `skips a frame whose deadline has passed, and cancels one within the picture`() throws {
    let model = try Model(
      bytes: PlanWriter.bytes(
        of: PictureNetwork(.quantized, height: 2000, width: 2000, declared: Self.declared).plan))
    var session = try Session(model)
    let buffers = TestBuffers(model, inputs: [])
    let outputs = UnsafeBufferPointer(buffers.outputs)
    let camera = Self.camera(1280, 720)
    try camera.withPicture { picture in
      let skipped = try session.run(
        picture: picture, outputs: outputs, deadline: .at(MonotonicInstant(nanoseconds: 1)))
      #expect(skipped.outcome == .skipped(.deadlinePassed))
      let cancelled = try session.run(
        picture: picture, outputs: outputs, deadline: .after(nanoseconds: 200_000))
      #expect(cancelled.outcome == .cancelled(call: 0))
      let met = try session.run(picture: picture, outputs: outputs, deadline: .after(.seconds(100)))
      #expect(met.outcome == .met && met.modelNanoseconds > 0)
    }
    #expect(buffers.output(0) == (try Self.expected(model, camera)))
  }

  @Test func `leads back to the picture's own pixels`() throws {
    var session = try Session(try Self.model(.quantized))
    let buffers = TestBuffers(session.model, inputs: [])
    func transform(_ fit: PictureInput.Fit, share: Float = 1, _ width: Int, _ height: Int) throws
      -> PictureTransform
    {
      var input = Self.declared
      (input.fit, input.cropShare) = (fit, share)
      try session.setPictureInput(input, at: 0)
      _ = try Self.camera(width, height).withPicture {
        try session.run(picture: $0, outputs: UnsafeBufferPointer(buffers.outputs))
      }
      return session.pictureTransform(ofInput: 0)
    }
    // The input has 24 columns and 20 rows.
    var found = try transform(.stretch, 48, 10)
    #expect([found.x(0), found.x(24), found.y(0), found.y(20)] == [0, 48, 0, 10])
    #expect([found.pictureWidth, found.pictureHeight] == [48, 10])
    found = try transform(.letterbox, 48, 24)  // 24 x 12, from row 4 on
    #expect([found.x(0), found.x(24), found.y(4), found.y(16)] == [0, 48, 0, 24])
    found = try transform(.letterboxTopLeft, 48, 24)
    #expect([found.x(0), found.x(24), found.y(0), found.y(12)] == [0, 48, 0, 24])
    found = try transform(.letterbox, 20, 40)  // 10 x 20, from column 7 on
    #expect([found.x(7), found.x(17), found.y(0), found.y(20)] == [0, 20, 0, 40])
    found = try transform(.crop, share: 0.5, 48, 40)  // 48 x 40, of which the middle
    #expect([found.x(0), found.x(24), found.y(0), found.y(20)] == [12, 36, 10, 30])
  }

  @Test func `says what is missing`() throws {
    let undeclared = try Model(bytes: PlanWriter.bytes(of: PictureNetwork(.quantized).plan))
    var session = try Session(undeclared)
    let buffers = TestBuffers(undeclared, inputs: [])
    let outputs = UnsafeBufferPointer(buffers.outputs)
    func message(_ body: () throws -> Void) -> String {
      do {
        try body()
        return ""
      } catch { return "\(error)" }
    }
    try Self.frames[0].withPicture { picture in
      #expect(
        message { _ = try session.run(picture: picture, outputs: outputs) }.hasPrefix(
          "input 0: nothing says how a picture becomes it"))
      try session.setPictureInput(Self.declared, at: 0)
      #expect(message { _ = try session.run(picture: picture, outputs: outputs) } == "")
      var broken = picture
      broken.planes.0 = nil
      #expect(
        message { _ = try session.run(picture: broken, outputs: outputs) }
          == "input 0: plane 0 of the picture is missing")
      #expect(
        message { _ = try session.run(pictures: UnsafeBufferPointer(start: nil, count: 0), outputs: outputs) }
          == "the model has 1 inputs, the call gives 0")
    }
    #expect(
      message { try session.setPictureInput(Self.declared, at: 1) }
        == "the model has 1 inputs, there is no input 1")
    #expect(
      message { try session.setPictureInput(PictureInput(channels: .gray), at: 0) }.hasPrefix(
        "input 0: the input's shape is not"))
    #expect(session.counters.frames == 1)
    #expect(session.pictureInputs == [Self.declared])
  }
}
