internal import CGradient
internal import EspalierGraph
internal import EspalierOperators

/// An operation on two tensors that broadcast against each other.
struct BinaryStep: Step {
  let kind: gradient_binary_kind
  let axes: gradient_axes
  let a: Slot, b: Slot, y: Slot

  func forward(_ memory: TapeMemory) {
    guard y.count > 0 else { return }
    withUnsafePointer(to: axes) {
      gradient_binary(kind, $0, memory.value(a), memory.value(b), memory.value(y))
    }
  }

  func backward(_ memory: TapeMemory) {
    guard y.count > 0 else { return }
    withUnsafePointer(to: axes) {
      gradient_binary_backward(
        kind, $0, memory.value(a), memory.value(b), memory.error(y), memory.gradient(a), memory.gradient(b))
    }
  }

  @Sendable static func record(_ context: inout RuleContext) throws(GradientError) -> [any Step] {
    guard let binary = context.node.op as? Binary else { return [] }
    guard let kind = kinds[binary.kind] else {
      throw context.unsupported("\(binary.kind.rawValue) has no useful derivative")
    }
    let (a, b) = (context.inputs[0], context.inputs[1])
    let (sum, activation) = context.activated(binary.activation)
    let strides = [a.shape.strides(broadcastTo: sum.shape), b.shape.strides(broadcastTo: sum.shape)]
    guard let axes = gradient_axes(sum.shape, strides[0], strides[1]) else {
      throw context.unsupported("its operands broadcast along too many axes")
    }
    return [BinaryStep(kind: kind, axes: axes, a: a, b: b, y: sum)] + activation
  }

  private static let kinds: [Binary.Kind: gradient_binary_kind] = [
    .add: gradient_add, .subtract: gradient_subtract, .multiply: gradient_multiply,
    .divide: gradient_divide, .maximum: gradient_maximum, .minimum: gradient_minimum,
    .power: gradient_power, .prelu: gradient_prelu,
  ]
}

extension gradient_axes {
  /// A walk over `shape`, neighboring axes made one where both operands allow it; nil where too many are left.
  init?(_ shape: Shape, _ a: [Int], _ b: [Int]) {
    var merged: [(extent: Int, a: Int, b: Int)] = []
    for axis in shape.indices where shape[axis] != 1 {
      let next = (extent: shape[axis], a: a[axis], b: b[axis])
      if let last = merged.last, last.a == next.a * next.extent, last.b == next.b * next.extent {
        merged[merged.count - 1] = (last.extent * next.extent, next.a, next.b)
      } else {
        merged.append(next)
      }
    }
    let count = Int(gradient_axis_count)
    guard merged.count <= count else { return nil }
    while merged.count < count { merged.insert((1, 0, 0), at: 0) }
    self.init()
    withUnsafeMutableBytes(of: &extent) { $0.copyBytes(from: merged.map(\.extent).bytes) }
    withUnsafeMutableBytes(of: &self.a) { $0.copyBytes(from: merged.map(\.a).bytes) }
    withUnsafeMutableBytes(of: &self.b) { $0.copyBytes(from: merged.map(\.b).bytes) }
  }
}

extension [Int] {
  /// The numbers as they lie in memory.
  fileprivate var bytes: [UInt8] { withUnsafeBytes { Array<UInt8>($0) } }
}
