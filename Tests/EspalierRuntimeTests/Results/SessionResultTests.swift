import EspalierPlan
import PlanFixtures
import Testing

@testable import EspalierRuntime

@Suite("Results of a session") struct SessionResultTests {
  /// A detector whose rows of detections are its input: 7 by 2 pixels.
  private static func model(declares: Bool = true) throws -> Model {
    var builder = PlanBuilder()
    let input = builder.input("rows", shape: [1, 1, 2, 7])
    let copied = builder.arena(14)
    builder.copy(14, from: input, to: copied)
    builder.copy(14, from: copied, to: builder.output("boxes", shape: [1, 1, 2, 7]))
    var plan = builder.plan
    if declares { plan.results = Plan.Results(.detectionOutput, outputs: [0]) }
    return try Model(bytes: PlanWriter.bytes(of: plan))
  }

  private static var none: UnsafeBufferPointer<UnsafeMutablePointer<Float>?> {
    UnsafeBufferPointer(start: nil, count: 0)
  }

  /// Two boxes, of class 3 and 4.
  private static func rows(_ score: Float) -> [Float] {
    [0, 3, score, 0, 0, 0.5, 0.5, 0, 4, score / 2, 0.5, 0.5, 1, 1]
  }

  private func run(
    _ session: inout Session, _ rows: [Float], deadline: Deadline = .none, toCaller: Bool = false
  ) throws -> FrameVerdict {
    let buffers = TestBuffers(session.model, inputs: [rows])
    return try session.run(
      inputs: UnsafeBufferPointer(buffers.inputs),
      outputs: toCaller ? UnsafeBufferPointer(buffers.outputs) : Self.none, deadline: deadline)
  }

  @Test func `are in pixels of the input`() throws {
    var session = try Session(Self.model())
    _ = try run(&session, Self.rows(0.8))
    let found = Array(try session.boxes())
    #expect(
      found == [
        DetectedBox(category: 3, score: 0.8, left: 0, top: 0, right: 3.5, bottom: 1),
        DetectedBox(category: 4, score: 0.4, left: 3.5, top: 1, right: 7, bottom: 2),
      ])
    #expect(Array(try session.boxes()) == found)
  }

  @Test func `are there behind a span too`() throws {
    var session = try Session(Self.model())
    let rows = Self.rows(0.8)
    try session.run(keepingOutputsOf: rows.span)
    #expect(try session.boxes().map(\.category) == [3, 4])
    #expect(throws: SessionError.elementCount(.input, index: 0, expected: 14, found: 0)) {
      let none: [Float] = []
      try session.run(keepingOutputsOf: none.span)
    }
  }

  @Test func `are in pixels of the picture that was put into it`() throws {
    var session = try Session(Self.model())
    session.noteTransform(
      PictureTransform(scaleX: 2, scaleY: 3, offsetX: 1, offsetY: -1, pictureWidth: 14, pictureHeight: 4))
    _ = try run(&session, Self.rows(0.8))
    #expect(
      try session.boxes().first
        == DetectedBox(category: 3, score: 0.8, left: 1, top: -1, right: 8, bottom: 2))
    _ = try run(&session, Self.rows(0.8))
    #expect(try session.boxes().first?.right == 3.5, "of the next frame nothing was said")
  }

  @Test func `are those of the last frame that was computed to its end`() throws {
    var session = try Session(Self.model())
    #expect(throws: ResultError.noFrame) { _ = try session.boxes() }
    _ = try run(&session, Self.rows(0.8))
    let verdict = try run(&session, Self.rows(0.6), deadline: .at(MonotonicInstant(nanoseconds: 1)))
    #expect(!verdict.isComplete)
    #expect(try session.boxes().map(\.score) == [0.8, 0.4])
    _ = try run(&session, Self.rows(0.9))
    #expect(try session.boxes().map(\.score) == [0.9, 0.45])
  }

  @Test func `follow the options, the last frame's too`() throws {
    var session = try Session(Self.model())
    _ = try run(&session, Self.rows(0.8))
    var options = ResultOptions()
    options.scoreThreshold = 0.5
    try session.setResultOptions(options)
    #expect(try session.boxes().map(\.category) == [3])
    options.classThresholds = [.nan, .nan, .nan, 0.9, 0.3]
    try session.setResultOptions(options)
    #expect(try session.boxes().map(\.category) == [4])
    options.capacity = 0
    #expect(throws: ResultError.capacity(0, limit: 65_536)) { try session.setResultOptions(options) }
    #expect(try session.boxes().map(\.category) == [4])
  }

  @Test func `are not there where the outputs went to the caller`() throws {
    var session = try Session(Self.model())
    _ = try run(&session, Self.rows(0.8))
    _ = try run(&session, Self.rows(0.7), toCaller: true)
    #expect(throws: ResultError.outputsGivenAway) { _ = try session.boxes() }
  }

  @Test func `are not there where the pack does not say what outputs mean`() throws {
    var session = try Session(Self.model(declares: false))
    #expect(throws: SessionError.portCount(.output, expected: 1, found: 0)) {
      _ = try run(&session, Self.rows(0.8))
    }
    #expect(throws: ResultError.notDeclared) { _ = try session.boxes() }
    #expect(throws: ResultError.notDeclared) { try session.setResultOptions(ResultOptions()) }
  }
}
