internal import CMoments
internal import EspalierGraph
internal import EspalierOperators

/// What the filters of a convolution or matrix product meet, at some places of a frame.
struct InputSamples {
  /// Neighboring inputs of one group whose products are taken together.
  struct Block {
    var group: Int
    /// The first weight of a filter that belongs to the block, and how many do.
    var first: Int
    var count: Int
  }

  /// Larger filters are cut between channels: the products of all inputs would cost too much.
  static let blockLimit = 1_024

  let blocks: [Block]
  /// Inputs of one place, all groups one after another.
  let rowLength: Int
  private let input: Shape
  private let output: Shape
  private let window: Window
  private let taps: Int

  /// - Precondition: The node is a Conv over images or a Gemm, with constant weights.
  init(_ node: Node, in graph: Graph) {
    let weights = graph.type(of: node.inputs[1]).shape
    var groups = 1
    (input, output) = (graph.type(of: node.inputs[0]).shape, graph.type(of: node.outputs[0]).shape)
    var perGroup = input.count > 1 ? input[1] : 1
    if let conv = node.op as? Conv {
      groups = conv.groups
      perGroup = weights[1]
      window = Window(
        kernel: Array(weights.dropFirst(2)), strides: conv.strides, dilations: conv.dilations,
        pads: conv.pads)
    } else {
      window = Window(kernel: [], strides: [], dilations: [], pads: [])
    }
    taps = window.kernel.reduce(1, *)
    rowLength = groups * perGroup * taps
    let channels = max(1, Self.blockLimit / taps)
    var blocks: [Block] = []
    for group in 0..<groups {
      for first in stride(from: 0, to: perGroup, by: channels) {
        let count = min(channels, perGroup - first)
        blocks.append(Block(group: group, first: first * taps, count: count * taps))
      }
    }
    self.blocks = blocks
  }

  /// Adds the inputs of at most `count` places, evenly apart, to `rows`.
  ///
  /// - Parameter turn: Which places those are; neighboring frames look at different ones.
  func append(_ elements: [Float], places count: Int, turn: Int, to rows: inout [Float]) {
    let plane = window.kernel.isEmpty ? 1 : output[2] * output[3]
    let places = output[0] * plane
    let chosen = min(count, places)
    let shift = turn * 40_503 % max(1, places)
    for sample in 0..<chosen {
      let place = (sample * places + shift) / chosen % places
      if window.kernel.isEmpty {
        rows += elements[place * rowLength..<(place + 1) * rowLength]
      } else {
        appendWindow(elements, place / plane, place % plane / output[3], place % output[3], &rows)
      }
    }
  }

  private func appendWindow(_ elements: [Float], _ n: Int, _ y: Int, _ x: Int, _ rows: inout [Float]) {
    var own = moments_window()
    own.channels = input[1]
    (own.height, own.width) = (input[2], input[3])
    (own.taps_h, own.taps_w) = (window.kernel[0], window.kernel[1])
    (own.dilation_h, own.dilation_w) = (window.dilations[0], window.dilations[1])
    let (row, column) = (y * window.strides[0] - window.pads[0], x * window.strides[1] - window.pads[1])
    let start = rows.count
    rows.append(contentsOf: repeatElement(0, count: rowLength))
    elements.withUnsafeBufferPointer { elements in
      rows.withUnsafeMutableBufferPointer { rows in
        guard let map = elements.baseAddress, let target = rows.baseAddress else { return }
        moments_gather(&own, map + n * input[1] * input[2] * input[3], row, column, target + start)
      }
    }
  }
}
