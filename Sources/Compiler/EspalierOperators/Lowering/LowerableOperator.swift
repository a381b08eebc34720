public import EspalierGraph

/// How an operator wants one of its inputs to lie in memory.
public enum LayoutDemand: Sendable, Equatable {
  /// Any strided view.
  case any
  /// NHWC with channels next to each other and this many zeros around.
  case image(Halo)
}

/// An operator that answers every stage's question, lowering included.
public protocol LowerableOperator: Operator, NodeImporter, NodeExporter {
  /// How input `index` should lie; its producer then writes it that way where it can.
  func layoutDemand(input index: Int, _ inputs: [TensorType]) -> LayoutDemand

  /// Emits the kernel calls that compute the node's outputs, or makes them views of its inputs.
  ///
  /// - Throws: `LoweringError.noKernel` where only the reference interpreter can compute it.
  func lower(_ node: Node, into lowering: inout Lowering) throws(LoweringError)
}

/// Why a graph cannot be lowered.
public enum LoweringError: Error, Equatable, Sendable {
  /// The runtime has no kernel for this operator, or not for these inputs.
  case noKernel(node: String, type: String, reason: String)
  /// A strided view with more axes than kernels take.
  case tooManyAxes(node: String, shape: Shape)
  /// A kernel's checker refuses a call: a fault of the compiler.
  case refusedCall(node: String, family: Int)
  case several([LoweringError])
}

extension LoweringError: CustomStringConvertible {
  public var description: String {
    switch self {
    case .noKernel(let node, let type, let reason):
      "node '\(node)' (\(type)): the runtime cannot execute it: \(reason)"
    case .tooManyAxes(let node, let shape):
      "node '\(node)': a view of shape \(shape) has more separate axes than the runtime's 6"
    case .refusedCall(let node, let family):
      "node '\(node)': the checker of kernel family \(family) refuses the call; please report this model"
    case .several(let errors): errors.map(\.description).joined(separator: "\n")
    }
  }
}
