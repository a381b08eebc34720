import EspalierGraph

/// What the names inside a graph, a function body or a branch mean in the one name space of the importer.
final class Scope {
  /// Local names with a meaning of their own: a function's formal names, a branch's own values.
  let bound: [String: String]
  /// Put before every other name of a function body.
  let prefix: String
  /// Where a branch looks for names that it does not define; nil for a function body and the model itself.
  let outer: Scope?
  let opsets: [String: Int]
  /// The attributes that a function's nodes may refer to; empty outside functions.
  let attributes: [String: OnnxAttribute]
  /// Names of the model's own values, which no made-up name may equal.
  let reserved: Set<String>

  init(
    bound: [String: String] = [:], prefix: String = "", outer: Scope? = nil, opsets: [String: Int],
    attributes: [String: OnnxAttribute] = [:], reserved: Set<String>
  ) {
    self.bound = bound
    self.prefix = prefix
    self.outer = outer
    self.opsets = opsets
    self.attributes = attributes
    self.reserved = reserved
  }

  /// The global name of a local one; `""` stays `""` (an optional input that is left out).
  func resolve(_ name: String) -> String {
    if name.isEmpty { return "" }
    if let meaning = bound[name] { return meaning }
    return outer?.resolve(name) ?? ownName(name)
  }

  /// The global name of a value that is defined here.
  func ownName(_ name: String) -> String {
    guard !prefix.isEmpty, !name.isEmpty else { return name }
    var global = prefix + name
    while reserved.contains(global) { global += "'" }
    return global
  }
}

/// What a node must say to call a function.
struct FunctionKey: Hashable {
  var domain: String
  var name: String
  var overload: String
}

/// A node with global names, its function's attributes filled in.
struct FlatNode {
  var name: String
  var type: String
  var domain: String
  var opset: Int
  var inputs: [String]
  var outputs: [String]
  var attributes: [String: OnnxAttribute]
  /// Names that graphs in its attributes read from outside themselves.
  var captured: [String] = []
  /// Where the names in those graphs are looked up.
  var scope: Scope
}
