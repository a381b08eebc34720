/// Builds a graph node by node; whatever depends on constants alone is computed on the way.
///
/// Shape arithmetic (Shape, Gather, Concat, …) thus never reaches the graph: every operator sees its
/// axes and sizes as known tensors.
public struct GraphBuilder: Sendable {
  public private(set) var graph = Graph()
  /// Tensors of more elements than this are refused: no vehicle network has one, a damaged file may.
  public static let elementLimit = Shape.elementLimit
  /// Set by the importer before each node, so that errors name it.
  public var currentNode = (name: "", type: "")

  /// What nodes compute that stand in the graph although all their inputs are constants.
  private var known: [ValueID: Tensor] = [:]
  /// Values with names from the file, which stay theirs where another value has the same.
  private var named: [ValueID] = []
  /// The elements of all constants that nodes made.
  private var madeElements = 0
  /// As many elements as all constants that nodes make may have together.
  public var madeElementLimit = Shape.elementLimit

  public init() {}

  /// How many values there are: a value with this index or a higher one is not made yet.
  public var valueCount: Int { graph.values.count }

  /// Gives a value the name that the file has for it.
  public mutating func rename(_ value: ValueID, to name: String) {
    graph.values[value.index].name = name
    named.append(value)
  }

  /// The graph, every name made unique.
  public func finished() -> Graph {
    var result = graph
    result.makeNamesUnique(keeping: named)
    return result
  }

  public func type(of value: ValueID) -> TensorType { graph.type(of: value) }

  /// The elements of a value, where they are known at import.
  public func constant(of value: ValueID) -> Tensor? { graph.constant(of: value) ?? known[value] }

  public mutating func input(name: String, type: TensorType) -> ValueID {
    graph.appendInput(name: name, type: type)
  }

  public mutating func output(_ value: ValueID, name: String) { graph.appendOutput(value, name: name) }

  public mutating func constant(_ tensor: Tensor, name: String = "") -> ValueID {
    graph.appendConstant(name: name.isEmpty ? "\(currentNode.name)/constant" : name, tensor)
  }

  /// Adds an operator, or computes it at once where all its inputs are constants.
  ///
  /// - Parameter folds: Whether constants are computed at once; otherwise a node is added even then, for passes
  ///   that want to see its inputs (quantized weights), and its outputs count as known all the same.
  /// - Throws: `ImportError.shape` or `.evaluation`, naming the current node.
  public mutating func add(
    _ op: any Operator, _ inputs: [ValueID], outputNames: [String] = [], folds: Bool = true
  ) throws(ImportError) -> [ValueID] {
    let types: [TensorType]
    do { types = try op.inferOutputs(inputs.map { graph.type(of: $0) }) } catch {
      throw .shape(error, node: currentNode.name, type: currentNode.type)
    }
    for type in types where type.shape.checkedElementCount == nil {
      throw .malformed("node '\(currentNode.name)' (\(currentNode.type)) makes a tensor of \(type)")
    }
    let constants = inputs.compactMap { graph.constant(of: $0) }
    var results: [Tensor]?
    if !inputs.isEmpty, constants.count == inputs.count {
      for type in types { try reserve(type) }
      do { results = try op.evaluate(constants) } catch {
        throw .evaluation(error, node: currentNode.name, type: currentNode.type)
      }
    }
    if folds, let results { return constantValues(results, outputNames) }
    do {
      let outputs = try graph.append(op, name: currentNode.name, inputs: inputs, outputNames: outputNames)
      if let results { for (value, tensor) in zip(outputs, results) { known[value] = tensor } }
      return outputs
    } catch { throw .shape(error, node: currentNode.name, type: currentNode.type) }
  }

  /// Asks for a constant that does not stand in the file. All of them together may have `madeElementLimit`
  /// elements, so that a few nodes cannot fill the memory.
  ///
  /// - Throws: `ImportError.malformed`, naming the current node.
  public mutating func reserve(_ type: TensorType) throws(ImportError) {
    guard let count = type.shape.checkedElementCount, count <= madeElementLimit - madeElements else {
      throw .malformed(
        """
        node '\(currentNode.name)' (\(currentNode.type)) makes a constant of \(type), with which the \
        constants that nodes make have too many elements
        """)
    }
    madeElements += count
  }

  private mutating func constantValues(_ tensors: [Tensor], _ outputNames: [String]) -> [ValueID] {
    tensors.enumerated().map {
      let given = $0.offset < outputNames.count ? outputNames[$0.offset] : ""
      return graph.appendConstant(name: given.isEmpty ? currentNode.name : given, $0.element)
    }
  }
}
