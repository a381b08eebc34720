public import EspalierGraph
import EspalierOperators

/// Turns an ONNX model into a graph.
///
/// Nodes that no output depends on are left out unread: they may hold anything. Everything else is checked as
/// far as it can be, and all that is wrong is reported at once.
public struct Importer {
  /// What the caller knows beyond the file.
  public struct Options: Sendable {
    /// Shapes of inputs whose extents the file leaves open, by input name (`--shape`).
    public var shapes: [String: Shape]
    /// Whether `shapes` may also change extents that the file states. Shapes that nodes compute with as constants stay
    /// those of the file: a network that has such gives other outputs, or does not load.
    public var changesFixedExtents = false
    /// Inputs that are the same in every frame, by name: they become constants.
    public var constants: [String: Tensor]
    /// How many elements the constants that nodes make may have, all together.
    public var madeElementLimit = GraphBuilder.elementLimit

    public init(shapes: [String: Shape] = [:], constants: [String: Tensor] = [:]) {
      self.shapes = shapes
      self.constants = constants
    }
  }

  /// Versions of ONNX's own operators that load. Those before 7 and after 25 do so as far as their operators
  /// mean the same: the conformance tests have some of each.
  public static let supportedOpsets = 1...27

  /// What a global name stands for.
  enum Meaning {
    case value(ValueID)
    /// A tensor of the file that cannot be read: an error only where something reads it.
    case unreadable(problem: String)
    /// What should have computed it failed, and the error is noted.
    case failed
  }

  let model: OnnxModel
  let options: Options
  var builder = GraphBuilder()
  var flattener: Flattener
  var meanings: [String: Meaning] = [:]
  var errors: [ImportError] = []
  /// Nodes imported so far, those in branches included.
  var importedCount = 0

  init(_ model: OnnxModel, options: Options) {
    self.model = model
    self.options = options
    builder.madeElementLimit = options.madeElementLimit
    flattener = Flattener(model: model)
  }

  /// The graph that a model describes.
  ///
  /// - Throws: What is wrong, `ImportError.several` where that is more than one thing.
  public static func graph(of model: OnnxModel, options: Options = Options()) throws(ImportError) -> Graph {
    var importer = Importer(model, options: options)
    return try importer.run()
  }

  /// Reads a file and turns it into a graph.
  ///
  /// - Throws: What is wrong, `ImportError.several` where that is more than one thing.
  public static func graph(
    contentsOf path: String, options: Options = Options()
  ) throws(ImportError) -> Graph {
    try graph(of: OnnxModel(contentsOf: path), options: options)
  }

  private mutating func run() throws(ImportError) -> Graph {
    if let version = model.opsets[""], !Self.supportedOpsets.contains(version) {
      throw .unsupportedOpset(version, supported: Self.supportedOpsets)
    }
    try importInitializers(of: model.graph, in: nil)
    try importInputs()
    let scope = Scope(opsets: model.opsets, reserved: model.graph.definedNames)
    try flattener.checkSize(of: model.graph)
    let nodes = flattener.flatten(model.graph.nodes, in: scope)
    let wanted = model.graph.outputs.map(\.name)
    let order = try ExecutionOrder(nodes, known: Set(meanings.keys), wanted: wanted)
    checkOperators(order.nodes)
    try throwErrors()
    importNodes(order.nodes, wanted: wanted)
    try throwErrors()
    try importOutputs()
    try throwErrors()
    return builder.finished()
  }

  private func throwErrors() throws(ImportError) {
    if errors.count == 1 { throw errors[0] }
    if !errors.isEmpty { throw .several(errors) }
  }

  /// Notes every operator that nothing imports. `If` is judged where its condition is known.
  mutating func checkOperators(_ nodes: [FlatNode]) {
    for node in nodes where !node.isIf && OperatorRegistry.importer(of: node) == nil {
      errors.append(
        .unsupportedOperator(node.type, domain: node.domain, opset: node.opset, node: node.name))
    }
  }

  private mutating func importOutputs() throws(ImportError) {
    var names: Set<String> = []
    if model.graph.outputs.isEmpty { throw .malformed("the graph has no outputs") }
    for output in model.graph.outputs {
      guard names.insert(output.name).inserted else {
        throw .malformed("two outputs are called '\(output.name)'")
      }
      switch meanings[output.name] {
      case .value(let value): builder.output(value, name: output.name)
      case .unreadable(let problem): errors.append(.tensor(output.name, problem: problem))
      case .failed: break
      case nil: errors.append(.malformed("nothing computes the output '\(output.name)'"))
      }
    }
  }
}

extension FlatNode {
  /// Whether the importer itself puts something in the node's place.
  var isIf: Bool { domain.isEmpty && type == "If" }
}

extension OperatorRegistry {
  static func importer(of node: FlatNode) -> (any NodeImporter.Type)? {
    importer(for: node.type, domain: node.domain)
  }
}
