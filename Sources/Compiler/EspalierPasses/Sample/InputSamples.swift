internal import CMoments
package import EspalierGraph
internal import EspalierOperators

/// What the filters of a convolution or matrix product meet, at some places of a frame.
///
/// A place is an element of the output without its channels; a row holds the inputs that are summed there:
/// group by group, channel by channel, tap by tap, as `Conv`'s weights are ordered.
package struct InputSamples: Sendable {
  /// Neighboring inputs of one group whose products are taken together.
  struct Block {
    var group: Int
    /// The first weight of a filter that belongs to the block, and how many do.
    var first: Int
    var count: Int
  }

  /// Larger filters are cut between channels: the products of all inputs would cost too much.
  private static let blockLimit = 1_024

  package let groups: Int
  /// Input channels of one group, and weights of one filter for each.
  package let channelsPerGroup: Int
  package let taps: Int
  /// Inputs of one place, all groups one after another.
  package var rowLength: Int { groups * channelsPerGroup * taps }
  /// Places of one frame.
  package let places: Int
  /// Extents along axes 2 and 3, those of features being 1.
  private let (input, output): (Plane, Plane)
  private let window: Window
  /// Whether the window spreads over the output instead.
  private let isTransposed: Bool

  private struct Plane {
    var height = 1
    var width = 1
    var count: Int { height * width }

    init(_ shape: Shape) {
      if shape.count > 3 { height = shape[2] }
      if shape.count > 2 { width = shape[shape.count - 1] }
    }
  }

  /// Whether a node is a convolution over lines or images, a transposed one, or a product of features, with
  /// constant weights.
  package static func cover(_ node: Node, in graph: Graph) -> Bool {
    guard node.inputs.count > 1, graph.constant(of: node.inputs[1])?.type.element == .float32 else {
      return false
    }
    let rank = graph.type(of: node.inputs[0]).rank
    switch node.op {
    case is Conv, is ConvTranspose: return rank == 3 || rank == 4
    case let gemm as Gemm: return rank == 2 && !gemm.transposesA
    case is MatMul: return rank == 2 && graph.type(of: node.inputs[1]).rank == 2
    default: return false
    }
  }

  /// - Precondition: `cover` says so.
  package init(_ node: Node, in graph: Graph) {
    let weights = graph.type(of: node.inputs[1])
    let (read, made) = (graph.type(of: node.inputs[0]).shape, graph.type(of: node.outputs[0]).shape)
    var window = Window(kernel: [1, 1], strides: [1, 1], dilations: [1, 1], pads: [0, 0, 0, 0])
    (groups, isTransposed) = Self.kind(node.op)
    switch node.op {
    case let conv as Conv: window = conv.window(weights)
    case let conv as ConvTranspose: window = conv.window(weights)
    default: break
    }
    if window.rank == 1 {
      window = Window(
        kernel: [1] + window.kernel, strides: [1] + window.strides, dilations: [1] + window.dilations,
        pads: [0, window.pads[0], 0, window.pads[1]])
    }
    self.window = window
    taps = window.kernel.reduce(1, *)
    channelsPerGroup = read[1] / groups
    (input, output) = (Plane(read), Plane(made))
    places = made[0] * output.count
  }

  private static func kind(_ op: any Operator) -> (groups: Int, isTransposed: Bool) {
    switch op {
    case let conv as Conv: (conv.groups, false)
    case let conv as ConvTranspose: (conv.groups, true)
    default: (1, false)
    }
  }

  /// The parts that a filter's inputs are cut into, group by group.
  var blocks: [Block] {
    let channels = max(1, Self.blockLimit / taps)
    return (0..<groups).flatMap { group in
      stride(from: 0, to: channelsPerGroup, by: channels).map { first in
        Block(group: group, first: first * taps, count: min(channels, channelsPerGroup - first) * taps)
      }
    }
  }

  // MARK: - Rows

  /// At most `count` places, evenly apart.
  ///
  /// - Parameter turn: Which places those are; neighboring frames look at different ones.
  package func chosenPlaces(_ count: Int, turn: Int) -> [Int] {
    let chosen = min(count, places)
    let shift = turn * 40_503 % max(1, places)
    return (0..<chosen).map { ($0 * places + shift) / chosen % places }
  }

  /// Adds the inputs of some places to `rows`.
  ///
  /// - Parameter elements: The node's input 0.
  package func append(_ elements: [Float], at places: [Int], to rows: inout [Float]) {
    let start = rows.count
    rows.append(contentsOf: repeatElement(0, count: rowLength * places.count))
    var own = moments_window()
    own.channels = groups * channelsPerGroup
    (own.height, own.width) = (input.height, input.width)
    (own.taps_h, own.taps_w) = (window.kernel[0], window.kernel[1])
    (own.dilation_h, own.dilation_w) = (window.dilations[0], window.dilations[1])
    (own.stride_h, own.stride_w) = (window.strides[0], window.strides[1])
    let (length, frame) = (rowLength, own.channels * input.count)
    elements.withUnsafeBufferPointer { elements in
      rows.withUnsafeMutableBufferPointer { rows in
        guard let map = elements.baseAddress, let target = rows.baseAddress else { return }
        for (index, place) in places.enumerated() {
          let (y, x) = (place % output.count / output.width, place % output.width)
          let (source, row) = (map + place / output.count * frame, target + start + index * length)
          if isTransposed {
            moments_gather_transposed(&own, source, y + window.pads[0], x + window.pads[1], row)
          } else {
            moments_gather(
              &own, source, y * own.stride_h - window.pads[0], x * own.stride_w - window.pads[1], row)
          }
        }
      }
    }
  }

  /// Adds all channels, or some, of some places of a tensor of the output's shape to `rows`.
  package func appendOutputs(
    _ elements: [Float], channels: [Int], of count: Int, at places: [Int], to rows: inout [Float]
  ) {
    let (plane, start) = (output.count, rows.count)
    rows.append(contentsOf: repeatElement(0, count: places.count * channels.count))
    let firsts = places.map { $0 / plane * count * plane + $0 % plane }
    elements.withUnsafeBufferPointer { elements in
      rows.withUnsafeMutableBufferPointer { rows in
        for (column, channel) in channels.enumerated() {
          var target = start + column
          for first in firsts {
            rows[target] = elements[first + channel * plane]
            target += channels.count
          }
        }
      }
    }
  }
}
