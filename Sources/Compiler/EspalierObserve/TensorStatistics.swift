/// What was seen of one tensor over all frames.
public struct TensorStatistics: Sendable {
  public private(set) var least = Float.infinity
  public private(set) var largest = -Float.infinity
  /// Per index of axis 1 the sums of the elements and of their squares over all frames; one entry where the tensor has
  /// fewer than 2 axes.
  package private(set) var channelSums: [ExactSum] = []
  package private(set) var channelSquareSums: [ExactSum] = []
  /// Per index of axis 1 the least and the largest element.
  public private(set) var channelLeast: [Float] = []
  public private(set) var channelLargest: [Float] = []
  /// One for each group of frames, all over the same range.
  public package(set) var histograms: [Histogram] = []
  package private(set) var frameCount = 0
  /// Elements of a frame.
  package private(set) var elementCount = 0

  /// - Parameter channels: The tensor's extent along axis 1, or 1.
  init(channels: Int) {
    channelSums = [ExactSum](repeating: ExactSum(), count: channels)
    channelSquareSums = channelSums
    channelLeast = [Float](repeating: .infinity, count: channels)
    channelLargest = [Float](repeating: -.infinity, count: channels)
  }

  /// Takes the range, means and mean squares of one frame into account.
  ///
  /// - Parameter inner: How many neighboring elements belong to one channel.
  /// - Returns: Whether all elements are finite, and small enough to be squared.
  mutating func add(_ elements: [Float], inner: Int) -> Bool {
    let channels = channelSums.count
    var (sums, squares) = ([Double](repeating: 0, count: channels), [Double](repeating: 0, count: channels))
    var isFinite = true
    elements.withUnsafeBufferPointer { elements in
      for (slab, start) in stride(from: 0, to: elements.count, by: inner).enumerated() {
        var (sum, square) = (Float(0), Float(0))
        var (low, high) = (Float.infinity, -Float.infinity)
        for index in start..<min(start + inner, elements.count) {
          let element = elements[index]
          low = min(low, element)
          high = max(high, element)
          sum += element
          square += element * element
        }
        isFinite = isFinite && sum.isFinite && square.isFinite
        // Of zeros the positive one, so that nothing depends on which comes first.
        channelLeast[slab % channels] = min(channelLeast[slab % channels], low) + 0
        channelLargest[slab % channels] = max(channelLargest[slab % channels], high) + 0
        sums[slab % channels] += Double(sum)
        squares[slab % channels] += Double(square)
      }
    }
    guard isFinite else { return false }
    least = channelLeast.reduce(least, min)
    largest = channelLargest.reduce(largest, max)
    frameCount += 1
    elementCount = elements.count
    for channel in 0..<channels {
      channelSums[channel].add(sums[channel])
      channelSquareSums[channel].add(squares[channel])
    }
    return true
  }

  /// Per index of axis 1 the mean.
  public var channelMeans: [Double] { channelSums.indices.compactMap(mean) }

  /// Per index of axis 1 the mean square.
  public var channelMeanSquares: [Double] { channelSums.indices.compactMap(meanSquare) }

  /// Nil where there is no such channel.
  public func mean(ofChannel channel: Int) -> Double? {
    channelSums.indices.contains(channel) ? channelSums[channel].value / elementsPerChannel : nil
  }

  /// Likewise.
  public func meanSquare(ofChannel channel: Int) -> Double? {
    channelSums.indices.contains(channel) ? channelSquareSums[channel].value / elementsPerChannel : nil
  }

  /// Of all frames; 1 where there are none.
  private var elementsPerChannel: Double {
    Double(max(1, frameCount)) * Double(max(1, elementCount / channelSums.count))
  }

  /// What several parts of the frames showed, as if all of them had been added here.
  ///
  /// - Parameters:
  ///   - ranges: Least and largest element of each channel.
  ///   - sums: Of each channel.
  ///   - histograms: One for each group; none before the second round.
  /// - Precondition: As many ranges and sums as channels, at least one.
  package init(
    ranges: [(least: Float, largest: Float)], sums: [ExactSum], squareSums: [ExactSum], frameCount: Int,
    elementCount: Int, histograms: [Histogram] = []
  ) {
    precondition(!sums.isEmpty && ranges.count == sums.count && squareSums.count == sums.count)
    (channelLeast, channelLargest) = (ranges.map(\.least), ranges.map(\.largest))
    (channelSums, channelSquareSums) = (sums, squareSums)
    (self.frameCount, self.elementCount, self.histograms) = (frameCount, elementCount, histograms)
    least = channelLeast.reduce(.infinity, min)
    largest = channelLargest.reduce(-.infinity, max)
  }

  /// Takes more frames of the same tensor into account, before any are counted.
  package mutating func join(_ next: TensorStatistics) {
    precondition(next.channelSums.count == channelSums.count)
    for channel in channelSums.indices {
      channelLeast[channel] = min(channelLeast[channel], next.channelLeast[channel])
      channelLargest[channel] = max(channelLargest[channel], next.channelLargest[channel])
      for part in next.channelSums[channel].parts { channelSums[channel].add(part) }
      for part in next.channelSquareSums[channel].parts { channelSquareSums[channel].add(part) }
    }
    (least, largest) = (min(least, next.least), max(largest, next.largest))
    frameCount += next.frameCount
    elementCount = max(elementCount, next.elementCount)
  }

  /// Makes room for the distribution within the range that was seen.
  mutating func makeHistograms(groups: Int) {
    makeHistograms(groups: groups, over: (least, largest))
  }

  /// The same within a range that may be that of more frames than were added here.
  package mutating func makeHistograms(groups: Int, over range: (least: Float, largest: Float)) {
    let empty = Histogram(least: min(range.least, 0), largest: max(range.largest, 0))
    histograms = [Histogram](repeating: empty, count: groups)
  }

  mutating func count(_ elements: [Float], group: Int) { histograms[group].add(elements) }
}
