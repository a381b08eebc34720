internal import EspalierGraph

/// A window that slides over the spatial axes (2 and up) of a feature map `[N, C, spatial…]`.
///
/// Output index `o` along an axis sees, for tap `k`, input index `o · stride + k · dilation − pad`.
public struct Window: Sendable, Equatable {
  /// Taps along each spatial axis.
  public var kernel: [Int]
  public var strides: [Int]
  public var dilations: [Int]
  /// Zeros (or nothing) before each spatial axis, then behind each, as ONNX orders them.
  public var pads: [Int]

  public init(kernel: [Int], strides: [Int], dilations: [Int], pads: [Int]) {
    self.kernel = kernel
    self.strides = strides
    self.dilations = dilations
    self.pads = pads
  }

  public var rank: Int { kernel.count }

  /// From the first to the last input element that one window sees, both included.
  public func span(_ axis: Int) -> Int { (kernel[axis] - 1) * dilations[axis] + 1 }

  public func before(_ axis: Int) -> Int { pads[axis] }

  public func behind(_ axis: Int) -> Int { pads[rank + axis] }

  /// The same window over images: one spatial axis becomes the width of images one pixel high.
  ///
  /// - Precondition: One or two spatial axes.
  var overImages: Window {
    guard rank == 1 else { return self }
    return Window(
      kernel: [1] + kernel, strides: [1] + strides, dilations: [1] + dilations,
      pads: [0, before(0), 0, behind(0)])
  }
}

// MARK: - Checks and extents

extension Window {
  /// Numbers above this are refused: no network has them, a damaged file may.
  static let limit = 1 << 24

  /// - Throws: `ShapeError.attribute` where a list does not fit `rank` spatial axes or a number is absurd.
  func validate(rank: Int) throws(ShapeError) {
    try Self.check(kernel, "kernel_shape", count: rank, range: 1...Self.limit)
    try Self.check(strides, "strides", count: rank, range: 1...Self.limit)
    try Self.check(dilations, "dilations", count: rank, range: 1...Self.limit)
    try Self.check(pads, "pads", count: 2 * rank, range: 0...Self.limit)
  }

  static func check(
    _ list: [Int], _ attribute: String, count: Int, range: ClosedRange<Int>
  ) throws(ShapeError) {
    guard list.count == count else {
      throw .attribute(attribute, problem: "must have \(count) entries, but has \(list.count)")
    }
    if let wrong = list.first(where: { !range.contains($0) }) {
      throw .attribute(
        attribute, problem: "must be within \(range.lowerBound)...\(range.upperBound), but has \(wrong)")
    }
  }

  /// The output's spatial extents: `(in + pads − span) / stride + 1`, rounded down.
  ///
  /// - Parameter roundsUp: ONNX's `ceil_mode`: rounded up instead, without a window that would start in the
  ///   padding behind the input.
  /// - Throws: `ShapeError.attribute` where the window is larger than the padded input.
  func outputExtents(of spatial: [Int], roundsUp: Bool = false) throws(ShapeError) -> [Int] {
    try validate(rank: spatial.count)
    var extents: [Int] = []
    for axis in spatial.indices {
      let room = spatial[axis] + before(axis) + behind(axis) - span(axis)
      guard room >= 0 else {
        throw .attribute(
          "kernel_shape",
          problem: """
            spans \(span(axis)) elements along spatial axis \(axis), but the padded input has only \
            \(room + span(axis))
            """)
      }
      let stride = strides[axis]
      let steps = roundsUp ? (room + stride - 1) / stride : room / stride
      let startsInside = steps * stride < spatial[axis] + before(axis)
      extents.append(roundsUp && !startsInside ? steps : steps + 1)
    }
    return extents
  }
}

// MARK: - Taps

extension Window {
  /// Output elements of one row that see input elements through one tap.
  struct Segment {
    /// Row-major position of the first one among the output's spatial elements.
    var output: Int
    /// Row-major position of what it sees among the input's; the next one is a stride further.
    var input: Int
    var count: Int
  }

  /// For every tap (row by row) what each output row sees through it; taps on padding are left out.
  ///
  /// - Parameters:
  ///   - input: Spatial extents of the input.
  ///   - output: Spatial extents of the output.
  func segments(input: [Int], output: [Int]) -> [[Segment]] {
    let last = rank - 1
    let outer = Array(output.dropLast())
    let (inputStrides, outputStrides) = (input.rowMajorStrides, output.rowMajorStrides)
    var segments: [[Segment]] = []
    forEachIndex(of: kernel) { tap, _ in
      var own: [Segment] = []
      let range = seen(tap: tap[last], axis: last, input: input[last], output: output[last])
      forEachIndex(of: outer) { index, _ in
        var (from, to) = (0, 0)
        for axis in outer.indices {
          let seen = index[axis] * strides[axis] + tap[axis] * dilations[axis] - before(axis)
          guard seen >= 0, seen < input[axis] else { return }
          from += seen * inputStrides[axis]
          to += index[axis] * outputStrides[axis]
        }
        guard !range.isEmpty else { return }
        let first = range.lowerBound * strides[last] + tap[last] * dilations[last] - before(last)
        own.append(Segment(output: to + range.lowerBound, input: from + first, count: range.count))
      }
      segments.append(own)
    }
    return segments
  }

  /// The output indices along one axis that see an input element through a tap.
  private func seen(tap: Int, axis: Int, input: Int, output: Int) -> Range<Int> {
    let shift = before(axis) - tap * dilations[axis]
    let first = max(0, (shift + strides[axis] - 1) / strides[axis])
    let lastSeen = input - 1 + shift
    guard lastSeen >= 0 else { return 0..<0 }
    let end = min(output, lastSeen / strides[axis] + 1)
    return first < end ? first..<end : 0..<0
  }
}
