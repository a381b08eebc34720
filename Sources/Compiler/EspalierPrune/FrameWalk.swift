internal import CLAPACK
internal import EspalierGraph
internal import EspalierObserve
internal import EspalierPasses

/// Runs networks on all frames of all groups, one after another.
struct FrameWalk {
  let groups: [FrameGroup]
  let engine: PostTrainingQuantization.Engine
  var frameCount: Int { groups.frameCount }

  /// - Throws: `ObservationError.noFrames`
  init(_ groups: [FrameGroup], _ engine: @escaping PostTrainingQuantization.Engine) throws {
    guard groups.frameCount > 0 else {
      throw ObservationError.noFrames(group: groups.first?.name ?? "")
    }
    (self.groups, self.engine) = (groups, engine)
  }

  /// - Parameters:
  ///   - values: What to look at in each frame; the same value may stand here more than once.
  ///   - body: Gets the frame's number, its name and the elements of `values`.
  func run(
    _ graph: Graph, observing values: [ValueID],
    body: (_ turn: Int, _ frame: String, _ elements: [[Float]]) throws -> Void
  ) throws {
    let distinct = Array(Set(values)).sorted()
    let places = values.map { distinct.firstIndex(of: $0) ?? 0 }
    let execute = try engine(graph.observing(distinct))
    var turn = 0
    for group in groups {
      for (frame, name) in group.frames.enumerated() {
        let found = try execute(group.elements(frame))
        try body(turn, name, places.map { found[$0] })
        turn += 1
      }
    }
  }
}

extension [Float] {
  /// Whether all elements from `start` on are numbers that can be squared and added up.
  func isFinite(from start: Int) -> Bool {
    withUnsafeBufferPointer { elements in
      guard let first = elements.baseAddress, start < elements.count else { return true }
      return cblas_dsdot(Int32(elements.count - start), first + start, 1, first + start, 1)
        <= Double(Float.greatestFiniteMagnitude)
    }
  }
}
