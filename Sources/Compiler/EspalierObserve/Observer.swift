public import EspalierGraph

/// Why frames tell nothing of a network.
public enum ObservationError: Error, Equatable, CustomStringConvertible {
  /// A group holds no frames, or there are no groups.
  case noFrames(group: String)
  /// A NaN, an infinity or a number too large to be squared appeared.
  case notFinite(value: String, frame: String)

  public var description: String {
    switch self {
    case .noFrames(let group):
      group.isEmpty ? "there are no frames to calibrate with" : "'\(group)' holds no frames to calibrate with"
    case .notFinite(let value, let frame):
      "frame '\(frame)': tensor '\(value)' holds a number that is not finite; look at the frame and the weights"
    }
  }
}

/// Runs a network on frames and keeps statistics of its tensors: ranges first, histograms in a second round.
public struct Observer {
  /// Runs one frame: the inputs in the graph's order, the outputs in the order of `observed`.
  public typealias Execute = (_ inputs: [[Float]]) throws -> [[Float]]

  /// The network with every observed tensor as an output.
  public let graph: Graph
  public let observed: [ValueID]
  public private(set) var statistics: [ValueID: TensorStatistics] = [:]

  /// - Parameter values: Tensors of the graph that nodes or inputs give.
  public init(_ graph: Graph, observing values: [ValueID]) {
    self.graph = graph.observing(values)
    observed = values
    for value in values {
      let shape = graph.type(of: value).shape
      statistics[value] = TensorStatistics(channels: shape.count > 1 ? max(1, shape[1]) : 1)
    }
  }

  /// - Parameters:
  ///   - groups: Every group has histograms of its own; all other statistics are of all frames.
  ///   - execute: Computes `graph`.
  ///   - progress: Called after each of twice as many frames.
  /// - Throws: `ObservationError`, or what `execute` throws.
  public mutating func observe(
    _ groups: [FrameGroup], execute: Execute, progress: () -> Void = {}
  ) throws {
    try observeRanges(groups, execute: execute, progress: progress)
    for value in observed { statistics[value]?.makeHistograms(groups: groups.count) }
    for (number, group) in groups.enumerated() {
      for frame in group.frames.indices {
        count(try execute(group.elements(frame)), group: number)
        progress()
      }
    }
  }

  /// The first round alone: all statistics but histograms.
  ///
  /// - Throws: `ObservationError`, or what `execute` throws.
  public mutating func observeRanges(
    _ groups: [FrameGroup], execute: Execute, progress: () -> Void = {}
  ) throws {
    guard !groups.isEmpty else { throw ObservationError.noFrames(group: "") }
    for group in groups {
      guard !group.frames.isEmpty else { throw ObservationError.noFrames(group: group.name) }
      for (frame, name) in group.frames.enumerated() {
        try add(try execute(group.elements(frame)), frame: name)
        progress()
      }
    }
  }

  /// The first round of one frame: what `execute` gives for it.
  ///
  /// - Throws: `ObservationError.notFinite`.
  package mutating func add(_ outputs: [[Float]], frame name: String) throws(ObservationError) {
    for (value, elements) in zip(observed, outputs) {
      let inner = inner(of: value)
      guard statistics[value]?.add(elements, inner: inner) ?? false else {
        throw .notFinite(value: graph[value].name, frame: name)
      }
    }
  }

  /// Begins a second round over ranges that may be those of more frames than were added here, one for each of `observed`.
  package mutating func beginCounting(_ ranges: [(least: Float, largest: Float)], groups: Int) {
    for (value, range) in zip(observed, ranges) {
      statistics[value]?.makeHistograms(groups: groups, over: range)
    }
  }

  /// The second round of one frame.
  package mutating func count(_ outputs: [[Float]], group: Int) {
    for (value, elements) in zip(observed, outputs) { statistics[value]?.count(elements, group: group) }
  }

  /// Neighboring elements of one channel.
  private func inner(of value: ValueID) -> Int {
    let shape = graph.type(of: value).shape
    return max(1, shape.count > 1 ? shape[2...].reduce(1, *) : shape.elementCount)
  }
}
