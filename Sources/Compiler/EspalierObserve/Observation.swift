/// What a tensor is to its network.
public enum TensorCollection: String, CaseIterable, Sendable, Codable {
  case weights, biases, activations, gradients, outputs
}

/// One tensor over the frames that were looked at.
public struct ObservedTensor: Sendable {
  public let name: String
  public let collection: TensorCollection
  /// `[N, C, …]` for activations, their gradients and outputs; as the network has them for weights and biases.
  public let shape: [Int]
  /// The largest number that the tensor can have, where an activation bounds it.
  public var bound: Float?
  /// One entry for each frame; weights and biases have one.
  public private(set) var frames: [ReducedTensor] = []
  /// Of all frames, over the range that they span; nil before the second round.
  public private(set) var histogram: Histogram?
  /// By index of the channel axis the least and the largest element of all frames.
  public private(set) var channelRanges: [(least: Float, largest: Float)]
  /// How many elements were at `bound`, of how many.
  public private(set) var atBound = (count: 0, of: 0)

  /// - Parameter bound: Elements at it, or within a thousandth of it, are saturated.
  public init(name: String, collection: TensorCollection, shape: [Int], bound: Float? = nil) {
    (self.name, self.collection, self.shape, self.bound) = (name, collection, shape, bound)
    let channels = Self.channelCount(collection, shape)
    channelRanges = [(Float, Float)](repeating: (.infinity, -.infinity), count: channels)
  }

  /// A tensor of which a first round is known.
  ///
  /// - Precondition: As many `channelRanges` as `channelCount` says.
  package init(
    name: String, collection: TensorCollection, shape: [Int], bound: Float?, frames: [ReducedTensor],
    channelRanges: [(least: Float, largest: Float)], atBound: (count: Int, of: Int)
  ) {
    precondition(channelRanges.count == Self.channelCount(collection, shape))
    (self.name, self.collection, self.shape, self.bound) = (name, collection, shape, bound)
    (self.frames, self.channelRanges, self.atBound) = (frames, channelRanges, atBound)
  }

  /// How many channels have ranges of their own.
  package static func channelCount(_ collection: TensorCollection, _ shape: [Int]) -> Int {
    let axis = collection == .weights || collection == .biases ? 0 : 1
    return shape.count > axis ? Swift.max(1, shape[axis]) : 1
  }

  /// Takes one more frame into account.
  ///
  /// - Precondition: As many elements as the shape has.
  public mutating func add(_ elements: [Float]) {
    frames.append(ReducedTensor(elements))
    let batch = collection == .weights || collection == .biases ? 1 : Swift.max(1, shape.first ?? 1)
    let inner = Swift.max(1, elements.count / (batch * channelRanges.count))
    for (slab, start) in stride(from: 0, to: elements.count, by: inner).enumerated() {
      var range = channelRanges[slab % channelRanges.count]
      for element in elements[start..<Swift.min(start + inner, elements.count)] where element.isFinite {
        range = (Swift.min(range.least, element), Swift.max(range.largest, element))
      }
      channelRanges[slab % channelRanges.count] = range
    }
    guard let bound else { return }
    atBound.of += elements.count
    atBound.count += elements.count { $0 >= bound - abs(bound) * 1e-3 }
  }

  /// Counts the elements of a frame that `add` has seen.
  public mutating func count(_ elements: [Float]) {
    if histogram == nil { prepareHistogram(over: range) }
    histogram?.add(elements)
  }

  /// The least and the largest element of all frames; infinity and minus infinity where none is finite.
  package var range: (least: Float, largest: Float) {
    channelRanges.reduce((Float.infinity, -Float.infinity)) {
      (Swift.min($0.0, $1.least), Swift.max($0.1, $1.largest))
    }
  }

  /// Begins the second round, over a range that may be that of more frames than were added here.
  package mutating func prepareHistogram(over range: (least: Float, largest: Float)) {
    let (least, largest) = range
    histogram =
      least <= largest ? Histogram(least: least, largest: largest) : Histogram(least: 0, largest: 0)
  }

  /// Takes the first rounds of the frames that follow into account, as if they had been added here.
  ///
  /// - Precondition: `next` is the same tensor.
  package mutating func join(_ next: ObservedTensor) {
    precondition(channelRanges.count == next.channelRanges.count)
    frames += next.frames
    // In order, as of 0 and -0 the first is the least and the last the largest.
    channelRanges = zip(channelRanges, next.channelRanges).map {
      (Swift.min($0.least, $1.least), Swift.max($0.largest, $1.largest))
    }
    atBound = (atBound.count + next.atBound.count, atBound.of + next.atBound.of)
  }

  /// Takes second rounds into account, over the range of all frames that were added.
  package mutating func setHistogram(counts: [Int], zeroCount: Int) {
    prepareHistogram(over: range)
    histogram?.set(counts: counts, zeroCount: zeroCount)
  }

  /// A reduction over the frames.
  public func series(_ reduction: Reduction) -> [Double] { frames.map { $0[reduction] } }
}

/// Which tensors are looked at: by parts of their names, where `*` stands for anything.
public struct NamePatterns: Sendable {
  public let patterns: [String]

  /// - Parameter patterns: None: every name fits.
  public init(_ patterns: [String]) { self.patterns = patterns }

  public func matches(_ name: String) -> Bool {
    patterns.isEmpty || patterns.contains { Self.matches(Array(name.utf8)[...], Array($0.utf8)[...]) }
  }

  private static func matches(_ name: ArraySlice<UInt8>, _ pattern: ArraySlice<UInt8>) -> Bool {
    var (name, pattern) = (name, pattern)
    // Where the last star stands, and what of the name it did not take yet.
    var retry: (name: ArraySlice<UInt8>, pattern: ArraySlice<UInt8>)?
    while let character = name.first {
      if pattern.first == UInt8(ascii: "*") {
        pattern.removeFirst()
        retry = (name, pattern)
      } else if pattern.first == character {
        name.removeFirst()
        pattern.removeFirst()
      } else if let last = retry {
        (name, pattern) = (last.name.dropFirst(), last.pattern)
        retry = (name, pattern)
      } else {
        return false
      }
    }
    return pattern.allSatisfy { $0 == UInt8(ascii: "*") }
  }
}
