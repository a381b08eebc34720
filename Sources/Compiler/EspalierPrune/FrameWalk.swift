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
  ///   - frontier: Where to begin; nil: at the network's inputs.
  ///   - body: Gets the frame's number, its name and the elements of `values`.
  func run(
    _ graph: Graph, observing values: [ValueID], from frontier: Frontier? = nil,
    body: (_ turn: Int, _ frame: String, _ elements: [[Float]]) throws -> Void
  ) throws {
    let stretch = try Stretch(graph, values, frontier, engine)
    var turn = 0
    for group in groups {
      for (frame, name) in group.frames.enumerated() {
        let found = try stretch.elements(frontier?.frames[turn] ?? group.elements(frame))
        try body(turn, name, found)
        turn += 1
      }
    }
  }
}

/// A network from where it is begun to the values that are looked at.
private struct Stretch {
  private let execute: Observer.Execute?
  /// Which of what is given the network reads.
  private let read: [Int]
  /// By value looked at: whether it is given itself, and its place there or among what is computed.
  private let places: [(isGiven: Bool, index: Int)]

  init(
    _ graph: Graph, _ values: [ValueID], _ frontier: Frontier?, _ engine: PostTrainingQuantization.Engine
  ) throws {
    let given = frontier?.names ?? []
    let computed = Set(values).filter { !given.contains(graph[$0].name) }.sorted()
    let part = try frontier == nil ? graph.observing(computed) : graph.part(from: given, to: computed)
    read = part.inputs.indices.map { index in
      frontier == nil ? index : given.firstIndex(of: part[part.inputs[index]].name) ?? 0
    }
    places = values.map { value in
      if let index = computed.firstIndex(of: value) { return (false, index) }
      return (true, given.firstIndex(of: graph[value].name) ?? 0)
    }
    execute = computed.isEmpty ? nil : try engine(part)
  }

  func elements(_ given: [[Float]]) throws -> [[Float]] {
    let found = try execute?(read.map { given[$0] }) ?? []
    return places.map { $0.isGiven ? given[$0.index] : found[$0.index] }
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
