public import EspalierGraph
internal import EspalierOperators

/// Lets a concatenation read neighboring parts of one value as one part, or as the value itself.
///
/// ## Before
///     a, b = Split(x);  y = Concat(a, b, c)        (or two Slices of x; same axis)
/// ## After
///     y = Concat(x, c)
///
/// The value can then be written where the concatenation is, and its parts are windows onto that.
public struct JoinParts: RewritePass {
  public static let name = "JoinParts"

  public init() {}

  private struct Part: Equatable {
    var source: ValueID
    var range: Range<Int>
  }

  public func rewrite(_ node: Node, in graph: Graph) -> GraphPatch? {
    guard let concat = node.op as? Concat else { return nil }
    var inputs: [(value: ValueID, part: Part?)] = []
    for value in node.inputs {
      let part = part(value, axis: concat.axis, in: graph)
      if let part, let last = inputs.last?.part, last.source == part.source,
        last.range.upperBound == part.range.lowerBound
      {
        let joined = Part(source: part.source, range: last.range.lowerBound..<part.range.upperBound)
        inputs[inputs.count - 1] = (value, joined)
      } else {
        inputs.append((value, part))
      }
    }
    guard inputs.count < node.inputs.count else { return nil }
    var patch = GraphPatch()
    let parts = inputs.enumerated().map { index, input -> GraphPatch.Reference in
      guard let part = input.part else { return .existing(input.value) }
      if part.range.count == graph.type(of: input.value).shape[concat.axis] { return .existing(input.value) }
      if part.range.count == graph.type(of: part.source).shape[concat.axis] { return .existing(part.source) }
      let range = Slice.AxisRange(
        axis: concat.axis, start: part.range.lowerBound, end: part.range.upperBound)
      return patch.add(Slice([range]), name: "\(node.name)/part\(index)", inputs: [.existing(part.source)])
    }
    patch.replace(node.outputs[0], with: patch.add(concat, name: node.name, inputs: parts))
    patch.remove(node.id)
    return patch
  }

  /// Where a value is cut from, if it is a run of indices of another along `axis`.
  private func part(_ value: ValueID, axis: Int, in graph: Graph) -> Part? {
    guard let node = graph.producer(of: value) else { return nil }
    let shape = graph.type(of: node.inputs[0]).shape
    switch node.op {
    case let split as Split where split.axis == axis:
      guard let index = node.outputs.firstIndex(of: value) else { return nil }
      let start = split.sizes[..<index].reduce(0, +)
      return Part(source: node.inputs[0], range: start..<start + split.sizes[index])
    case let slice as Slice where slice.ranges.count == 1 && shape.axis(slice.ranges[0].axis) == axis:
      let (start, count, step) = slice.ranges[0].resolved(extent: shape[axis])
      return step == 1 ? Part(source: node.inputs[0], range: start..<start + count) : nil
    default: return nil
    }
  }
}
