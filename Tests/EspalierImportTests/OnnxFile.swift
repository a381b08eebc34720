/// A small ONNX file in the making: field numbers are those of onnx.proto.
struct OnnxFile: Sendable {
  struct Attribute: Sendable {
    enum Value: Sendable {
      case int(Int64)
      case float(Float)
      case string(String)
      case ints([Int64])
      case floats([Float])
      case tensor(TensorFile)
      case graph(GraphFile)
      case reference
    }
    var name: String
    var value: Value
    /// The name of the function's attribute that this one refers to.
    var reference = ""
    /// Old files leave the type out.
    var statesType = true
  }

  struct NodeFile: Sendable {
    var type: String
    var inputs: [String] = []
    var outputs: [String] = []
    var attributes: [Attribute] = []
    var name = ""
    var domain = ""
  }

  struct TensorFile: Sendable {
    var name = ""
    var type: Int64 = 1
    var shape: [Int64]
    var floats: [Float] = []
    var int32s: [Int64] = []
    var int64s: [Int64] = []
    var doubles: [Double] = []
    var uint64s: [Int64] = []
    var raw: [UInt8]?
    /// Keys and values of external data; nil for a payload in the file.
    var external: [(String, String)]?
  }

  enum Extent: Sendable {
    case fixed(Int64)
    case symbol(String)
    case nothing
  }

  struct ValueFile: Sendable {
    var name: String
    var type: Int64 = 1
    /// Nil leaves the rank open.
    var shape: [Extent]?
    var isSequence = false
  }

  struct GraphFile: Sendable {
    var nodes: [NodeFile] = []
    var initializers: [TensorFile] = []
    var inputs: [ValueFile] = []
    var outputs: [String] = []
  }

  struct FunctionFile: Sendable {
    var name: String
    var domain: String
    var inputs: [String]
    var outputs: [String]
    var attributes: [String] = []
    var defaults: [Attribute] = []
    var opset: Int64? = 17
    var nodes: [NodeFile]
  }

  var irVersion: Int64 = 8
  var opset: Int64 = 17
  var opsetDomain = ""
  var otherOpsets: [(String, Int64)] = []
  var producer = ""
  var metadata: [(String, String)] = []
  var graph = GraphFile()
  var functions: [FunctionFile] = []
}

extension OnnxFile.ValueFile {
  /// A float input of fixed shape.
  static func input(_ name: String, _ shape: [Int64]) -> Self {
    Self(name: name, shape: shape.map { .fixed($0) })
  }
}

// MARK: - Writing

extension OnnxFile {
  var bytes: [UInt8] {
    var file = ProtobufWriter()
    file.int(1, irVersion)
    if !producer.isEmpty { file.string(2, producer) }
    file.message(7) { Self.write(graph, &$0) }
    for (domain, version) in [(opsetDomain, opset)] + otherOpsets {
      file.message(8) {
        $0.string(1, domain)
        $0.int(2, version)
      }
    }
    for (key, value) in metadata {
      file.message(14) {
        $0.string(1, key)
        $0.string(2, value)
      }
    }
    for function in functions { file.message(25) { Self.write(function, &$0) } }
    return file.bytes
  }

  private static func write(_ graph: GraphFile, _ file: inout ProtobufWriter) {
    for node in graph.nodes { file.message(1) { write(node, &$0) } }
    file.string(2, "test")
    for tensor in graph.initializers { file.message(5) { write(tensor, &$0) } }
    for input in graph.inputs { file.message(11) { write(input, &$0) } }
    for output in graph.outputs { file.message(12) { write(ValueFile(name: output), &$0) } }
  }

  private static func write(_ node: NodeFile, _ file: inout ProtobufWriter) {
    for input in node.inputs { file.string(1, input) }
    for output in node.outputs { file.string(2, output) }
    if !node.name.isEmpty { file.string(3, node.name) }
    file.string(4, node.type)
    for attribute in node.attributes { file.message(5) { write(attribute, &$0) } }
    if !node.domain.isEmpty { file.string(7, node.domain) }
  }

  private static func write(_ function: FunctionFile, _ file: inout ProtobufWriter) {
    file.string(1, function.name)
    for input in function.inputs { file.string(4, input) }
    for output in function.outputs { file.string(5, output) }
    for attribute in function.attributes { file.string(6, attribute) }
    for node in function.nodes { file.message(7) { write(node, &$0) } }
    if let opset = function.opset {
      file.message(9) {
        $0.string(1, "")
        $0.int(2, opset)
      }
    }
    file.string(10, function.domain)
    for attribute in function.defaults { file.message(11) { write(attribute, &$0) } }
  }

  private static func write(_ attribute: Attribute, _ file: inout ProtobufWriter) {
    file.string(1, attribute.name)
    let type: Int64
    switch attribute.value {
    case .float(let value): (type, _) = (1, file.float(2, value))
    case .int(let value): (type, _) = (2, file.int(3, value))
    case .string(let value): (type, _) = (3, file.string(4, value))
    case .tensor(let tensor): (type, _) = (4, file.message(5) { write(tensor, &$0) })
    case .graph(let graph): (type, _) = (5, file.message(6) { write(graph, &$0) })
    case .floats(let values): (type, _) = (6, values.forEach { file.float(7, $0) })
    case .ints(let values): (type, _) = (7, values.forEach { file.int(8, $0) })
    case .reference: (type, _) = (2, file.string(21, attribute.reference))
    }
    if attribute.statesType { file.int(20, type) }
  }

  private static func write(_ value: ValueFile, _ file: inout ProtobufWriter) {
    file.string(1, value.name)
    if value.isSequence { return file.message(2) { $0.message(4) { $0.message(1) { _ in } } } }
    file.message(2) { type in
      type.message(1) { tensor in
        tensor.int(1, value.type)
        guard let shape = value.shape else { return }
        tensor.message(2) { file in
          for extent in shape {
            file.message(1) {
              switch extent {
              case .fixed(let count): $0.int(1, count)
              case .symbol(let name): $0.string(2, name)
              case .nothing: break
              }
            }
          }
        }
      }
    }
  }

  static func write(_ tensor: TensorFile, _ file: inout ProtobufWriter) {
    for extent in tensor.shape { file.int(1, extent) }
    file.int(2, tensor.type)
    for value in tensor.floats { file.float(4, value) }
    for value in tensor.int32s { file.int(5, value) }
    for value in tensor.int64s { file.int(7, value) }
    if !tensor.name.isEmpty { file.string(8, tensor.name) }
    if let raw = tensor.raw { file.bytes(9, raw) }
    for value in tensor.doubles {
      file.varint(10 << 3 | 1)
      withUnsafeBytes(of: value.bitPattern.littleEndian) { for byte in $0 { file.byte(byte) } }
    }
    for value in tensor.uint64s { file.int(11, value) }
    guard let external = tensor.external else { return }
    for (key, value) in external {
      file.message(13) {
        $0.string(1, key)
        $0.string(2, value)
      }
    }
    file.int(14, 1)
  }
}
