public import EspalierGraph

/// What was seen of one tensor over all frames.
public struct TensorStatistics: Sendable {
  public fileprivate(set) var least = Float.infinity
  public fileprivate(set) var largest = -Float.infinity
  /// Per index of axis 1 the mean and the mean square; one entry where the tensor has fewer than 2 axes.
  public fileprivate(set) var channelMeans: [Double] = []
  public fileprivate(set) var channelMeanSquares: [Double] = []
  public fileprivate(set) var histogram: Histogram?
  fileprivate var framesSeen = 0
}

/// Why frames tell nothing of a network.
public enum ObservationError: Error, Equatable, CustomStringConvertible {
  case noFrames
  /// A NaN or an infinity appeared.
  case notFinite(value: String, frame: Int)

  public var description: String {
    switch self {
    case .noFrames: "there are no frames to calibrate with"
    case .notFinite(let value, let frame):
      "frame \(frame): tensor '\(value)' holds a number that is not finite; look at the frame and the weights"
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
  }

  /// - Parameters:
  ///   - frames: Every one a list of the inputs' elements.
  ///   - execute: Computes `graph`.
  ///   - progress: Called after each of twice as many frames.
  /// - Throws: `ObservationError`, or what `execute` throws.
  public mutating func observe(
    _ frames: [[[Float]]], execute: Execute, progress: (Int) -> Void = { _ in }
  ) throws {
    guard !frames.isEmpty else { throw ObservationError.noFrames }
    for (number, frame) in frames.enumerated() {
      for (value, elements) in zip(observed, try execute(frame)) {
        try addRange(elements, of: value, frame: number)
      }
      progress(number + 1)
    }
    for (number, frame) in frames.enumerated() {
      for (value, elements) in zip(observed, try execute(frame)) {
        statistics[value]?.histogram?.add(elements)
      }
      progress(frames.count + number + 1)
    }
  }

  private mutating func addRange(_ elements: [Float], of value: ValueID, frame: Int) throws {
    let shape = graph.type(of: value).shape
    var own = statistics[value] ?? TensorStatistics()
    let channels = shape.count > 1 ? shape[1] : 1
    let inner = shape.count > 1 ? shape[2...].reduce(1, *) : elements.count
    if own.channelMeans.isEmpty {
      own.channelMeans = [Double](repeating: 0, count: channels)
      own.channelMeanSquares = own.channelMeans
    }
    var (sums, squares) = ([Double](repeating: 0, count: channels), [Double](repeating: 0, count: channels))
    var position = 0
    while position < elements.count {
      let channel = position / max(inner, 1) % channels
      var (sum, square) = (Float(0), Float(0))
      for element in elements[position..<min(position + max(inner, 1), elements.count)] {
        own.least = min(own.least, element)
        own.largest = max(own.largest, element)
        sum += element
        square += element * element
      }
      guard sum.isFinite, square.isFinite else {
        throw ObservationError.notFinite(value: graph[value].name, frame: frame)
      }
      sums[channel] += Double(sum)
      squares[channel] += Double(square)
      position += max(inner, 1)
    }
    let perChannel = Double(max(1, elements.count / max(1, channels)))
    own.framesSeen += 1
    for channel in 0..<channels {
      let share = 1 / Double(own.framesSeen)
      own.channelMeans[channel] += (sums[channel] / perChannel - own.channelMeans[channel]) * share
      own.channelMeanSquares[channel] +=
        (squares[channel] / perChannel - own.channelMeanSquares[channel]) * share
    }
    own.histogram = Histogram(least: min(own.least, 0), largest: max(own.largest, 0))
    statistics[value] = own
  }
}
