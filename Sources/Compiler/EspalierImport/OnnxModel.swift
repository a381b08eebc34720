public import EspalierGraph

/// An ONNX file as plain values: what it says, nothing resolved or checked beyond its own form.
public struct OnnxModel: Sendable {
  public internal(set) var irVersion = 0
  public internal(set) var producer = ""
  /// Versions of the operator sets, by domain; ONNX's own domain is `""`.
  public internal(set) var opsets: [String: Int] = [:]
  public internal(set) var metadata: [String: String] = [:]
  public internal(set) var graph = OnnxGraph()
  public internal(set) var functions: [OnnxFunction] = []
}

/// A graph of an ONNX file: the model's own, or one in an attribute of a node.
public struct OnnxGraph: Sendable {
  public internal(set) var name = ""
  public internal(set) var inputs: [OnnxValue] = []
  public internal(set) var outputs: [OnnxValue] = []
  public internal(set) var initializers: [OnnxInitializer] = []
  public internal(set) var nodes: [OnnxNode] = []
}

/// A named input or output with what the file says about its type.
public struct OnnxValue: Sendable {
  public enum Extent: Sendable, Equatable {
    case fixed(Int)
    /// Known only when the model runs; `""` where the file has no name for it.
    case unknown(symbol: String)
  }

  public internal(set) var name: String
  /// Nil where the file names no type, or one that holds no plain numbers.
  public internal(set) var element: ElementType?
  /// Nil where the file leaves even the rank open.
  public internal(set) var extents: [Extent]?
}

/// A tensor of an ONNX file, or why it cannot be read.
public enum OnnxTensor: Sendable, Equatable {
  case known(Tensor)
  case unreadable(problem: String)
}

public struct OnnxInitializer: Sendable {
  public internal(set) var name: String
  public internal(set) var tensor: OnnxTensor
}

public struct OnnxNode: Sendable {
  public internal(set) var name: String
  public internal(set) var type: String
  /// `""` for ONNX's own operators.
  public internal(set) var domain: String
  public internal(set) var overload: String
  public internal(set) var inputs: [String]
  public internal(set) var outputs: [String]
  public internal(set) var attributes: [String: OnnxAttribute]
}

public enum OnnxAttribute: Sendable {
  case value(AttributeValue)
  case graph(OnnxGraph)
  /// The value of the enclosing function's attribute of this name.
  case reference(String)
  /// A tensor that cannot be read.
  case unreadable(problem: String)
}

/// An operator that the file itself defines.
public struct OnnxFunction: Sendable {
  public internal(set) var name: String
  public internal(set) var domain: String
  public internal(set) var overload: String
  public internal(set) var inputs: [String]
  public internal(set) var outputs: [String]
  /// Values of attributes that a call leaves out.
  public internal(set) var defaults: [String: OnnxAttribute]
  public internal(set) var opsets: [String: Int]
  public internal(set) var nodes: [OnnxNode]
}

extension OnnxValue {
  /// The shape as the file has it: `[N, 3, ?, 224]`.
  var shapeDescription: String {
    guard let extents else { return "[…]" }
    let texts = extents.map { extent in
      switch extent {
      case .fixed(let count): "\(count)"
      case .unknown(let symbol): symbol.isEmpty ? "?" : symbol
      }
    }
    return "[\(texts.joined(separator: ", "))]"
  }
}
