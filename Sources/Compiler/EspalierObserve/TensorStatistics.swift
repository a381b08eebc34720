/// What was seen of one tensor over all frames.
public struct TensorStatistics: Sendable {
  public private(set) var least = Float.infinity
  public private(set) var largest = -Float.infinity
  /// Per index of axis 1 the mean and the mean square; one entry where the tensor has fewer than 2 axes.
  public private(set) var channelMeans: [Double] = []
  public private(set) var channelMeanSquares: [Double] = []
  /// Per index of axis 1 the least and the largest element.
  public private(set) var channelLeast: [Float] = []
  public private(set) var channelLargest: [Float] = []
  /// One for each group of frames, all over the same range.
  public private(set) var histograms: [Histogram] = []
  private var framesSeen = 0

  /// - Parameter channels: The tensor's extent along axis 1, or 1.
  init(channels: Int) {
    channelMeans = [Double](repeating: 0, count: channels)
    channelMeanSquares = channelMeans
    channelLeast = [Float](repeating: .infinity, count: channels)
    channelLargest = [Float](repeating: -.infinity, count: channels)
  }

  /// Takes the range, means and mean squares of one frame into account.
  ///
  /// - Parameter inner: How many neighboring elements belong to one channel.
  /// - Returns: Whether all elements are finite, and small enough to be squared.
  mutating func add(_ elements: [Float], inner: Int) -> Bool {
    let channels = channelMeans.count
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
        channelLeast[slab % channels] = min(channelLeast[slab % channels], low)
        channelLargest[slab % channels] = max(channelLargest[slab % channels], high)
        sums[slab % channels] += Double(sum)
        squares[slab % channels] += Double(square)
      }
    }
    guard isFinite else { return false }
    least = channelLeast.reduce(least, min)
    largest = channelLargest.reduce(largest, max)
    framesSeen += 1
    let perChannel = Double(max(1, elements.count / channels))
    let share = 1 / Double(framesSeen)
    for channel in 0..<channels {
      channelMeans[channel] += (sums[channel] / perChannel - channelMeans[channel]) * share
      channelMeanSquares[channel] += (squares[channel] / perChannel - channelMeanSquares[channel]) * share
    }
    return true
  }

  /// Makes room for the distribution within the range that was seen.
  mutating func makeHistograms(groups: Int) {
    let empty = Histogram(least: min(least, 0), largest: max(largest, 0))
    histograms = [Histogram](repeating: empty, count: groups)
  }

  mutating func count(_ elements: [Float], group: Int) { histograms[group].add(elements) }
}
