import EspalierGraph

/// The nodes that some wanted value depends on, each behind those that it reads; otherwise in file order.
struct ExecutionOrder {
  private(set) var nodes: [FlatNode] = []

  /// - Parameters:
  ///   - known: Names that have a value already: no node may compute them again.
  ///   - wanted: Names that must be computed.
  /// - Throws: `ImportError.malformed` where a name is computed twice, or out of itself.
  init(_ all: [FlatNode], known: Set<String>, wanted: [String]) throws(ImportError) {
    var producers: [String: Int] = [:]
    for (index, node) in all.enumerated() {
      for output in node.outputs where !output.isEmpty {
        guard producers.updateValue(index, forKey: output) == nil, !known.contains(output) else {
          throw .malformed("'\(output)' is defined twice, the second time by node '\(node.name)'")
        }
      }
    }
    let needed = all.map { ($0.inputs + $0.captured).compactMap { producers[$0] } }
    let live = Self.reachable(from: wanted.compactMap { producers[$0] }, needed)
    for index in try Self.sorted(live, needed, all) { nodes.append(all[index]) }
  }

  private static func reachable(from roots: [Int], _ needed: [[Int]]) -> [Bool] {
    var isLive = [Bool](repeating: false, count: needed.count)
    var open = roots
    while let index = open.popLast() {
      guard !isLive[index] else { continue }
      isLive[index] = true
      open += needed[index]
    }
    return isLive
  }

  private static func sorted(
    _ isLive: [Bool], _ needed: [[Int]], _ all: [FlatNode]
  ) throws(ImportError) -> [Int] {
    enum Mark { case new, open, done }
    var marks = [Mark](repeating: .new, count: needed.count)
    var order: [Int] = []
    for root in needed.indices where isLive[root] && marks[root] == .new {
      var path = [(node: root, next: 0)]
      marks[root] = .open
      while let (node, next) = path.last {
        guard next < needed[node].count else {
          marks[node] = .done
          order.append(node)
          path.removeLast()
          continue
        }
        path[path.count - 1].next += 1
        let before = needed[node][next]
        if marks[before] == .open { throw .malformed("node '\(all[before].name)' depends on itself") }
        if marks[before] == .new {
          marks[before] = .open
          path.append((before, 0))
        }
      }
    }
    return order
  }
}
