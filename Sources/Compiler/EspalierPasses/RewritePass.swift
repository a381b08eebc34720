public import EspalierGraph

/// A local rewrite: looks at one node and its neighbors, and returns what to change.
public protocol RewritePass: Sendable {
  /// The pass's name in reports and errors.
  static var name: String { get }

  init()

  /// The change that this node calls for, or nil.
  func rewrite(_ node: Node, in graph: Graph) -> GraphPatch?
}

/// A pass that broke the graph: a fault of the compiler, reported with the pass's name.
public enum PassError: Error, Sendable {
  case shape(ShapeError, pass: String, node: String)
  case verification(String, pass: String)
  /// A pass kept finding work without end.
  case noFixedPoint(pass: String)
}

extension PassError: CustomStringConvertible {
  public var description: String {
    switch self {
    case .shape(let error, let pass, let node): "pass \(pass) broke node '\(node)': \(error)"
    case .verification(let problem, let pass): "pass \(pass) left a broken graph: \(problem)"
    case .noFixedPoint(let pass): "pass \(pass) does not come to an end"
    }
  }
}

extension RewritePass {
  /// Applies the pass to every node, sweep after sweep, until one finds nothing to do.
  ///
  /// - Returns: How often it fired.
  @discardableResult
  public func run(on graph: inout Graph) throws(PassError) -> Int {
    var fired = 0
    let limit = 16 + 8 * graph.nodes.count
    while true {
      let before = fired
      var position = 0
      while position < graph.nodes.count {
        let node = graph.nodes[position]
        guard let patch = rewrite(node, in: graph) else {
          position += 1
          continue
        }
        do { try graph.apply(patch) } catch {
          throw .shape(error, pass: Self.name, node: node.name)
        }
        fired += 1
        guard fired < limit else { throw .noFixedPoint(pass: Self.name) }
      }
      if fired == before { break }
    }
    if fired > 0 {
      graph.makeNamesUnique(keeping: graph.outputs)
      do { try Verifier.verify(graph) } catch {
        throw .verification(error.description, pass: Self.name)
      }
    }
    return fired
  }
}
