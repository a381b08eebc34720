internal import CONNX
internal import EspalierGraph

/// A file in the making, behind CONNX.
struct OnnxWriter: ~Copyable {
  private let handle: OpaquePointer

  /// - Throws: `ExportError.file` where there is no memory.
  init() throws(ExportError) {
    var error = connx_error()
    guard let handle = connx_writer_new(&error) else { throw .file(error.text) }
    self.handle = handle
  }

  deinit { connx_writer_free(handle) }

  mutating func header(irVersion: Int, opset: Int, notes: Exporter.Notes) {
    withString(notes.compiler) { compiler in
      withString(notes.version) { version in
        withString("network") {
          connx_writer_header(handle, Int64(irVersion), Int64(opset), compiler, version, $0)
        }
      }
    }
  }

  mutating func metadata(_ key: String, _ value: String) {
    withString(key) { key in withString(value) { connx_writer_metadata(handle, key, $0) } }
  }

  /// Inputs, outputs, and the shapes of everything that nodes compute.
  mutating func ports(of graph: Graph, _ builder: ExportBuilder) {
    var builder = builder
    for input in graph.inputs { value(CONNX_VALUE_INPUT, builder.name(of: input), graph.type(of: input)) }
    for (output, name) in zip(graph.outputs, graph.outputNames) {
      value(CONNX_VALUE_OUTPUT, name, graph.type(of: output))
    }
    let outside = Set(graph.outputNames)
    for node in graph.nodes {
      for output in node.outputs {
        let name = builder.name(of: output)
        if !outside.contains(name) { value(CONNX_VALUE_BETWEEN, name, graph.type(of: output)) }
      }
    }
  }

  private func value(_ role: connx_value_role, _ name: String, _ type: TensorType) {
    withString(name) {
      connx_writer_value(
        handle, role, $0, type.element.onnxType, type.shape.map(Int64.init), type.rank)
    }
  }

  mutating func initializer(_ constant: ExportedConstant) {
    let tensor = constant.tensor
    let shape = tensor.shape.map(Int64.init)
    withString(constant.name) { name in
      tensor.withRawData { bytes in
        connx_writer_initializer(
          handle, name, tensor.type.element.onnxType, shape, shape.count, bytes.baseAddress, bytes.count)
      }
    }
  }

  mutating func node(_ node: ExportedNode) {
    withString(node.name) { name in withString(node.type) { connx_writer_node(handle, name, $0) } }
    for input in node.inputs { withString(input) { connx_writer_node_input(handle, $0) } }
    for output in node.outputs { withString(output) { connx_writer_node_output(handle, $0) } }
    for (name, value) in node.attributes.sorted(by: { $0.key < $1.key }) { attribute(name, value) }
  }

  private func attribute(_ name: String, _ value: AttributeValue) {
    withString(name) { name in
      switch value {
      case .int(let value): connx_writer_int(handle, name, value)
      case .float(let value): connx_writer_float(handle, name, value)
      case .string(let text): withString(text) { connx_writer_string(handle, name, $0) }
      case .ints(let values):
        values.withUnsafeBufferPointer {
          connx_writer_ints(handle, name, connx_ints(data: $0.baseAddress, count: $0.count))
        }
      case .floats(let values):
        values.withUnsafeBufferPointer {
          connx_writer_floats(handle, name, connx_floats(data: $0.baseAddress, count: $0.count))
        }
      case .tensor, .strings, .unsupported:
        preconditionFailure("no operator writes such an attribute: \(value)")
      }
    }
  }

  /// - Throws: `ExportError.file` where something went wrong on the way.
  mutating func bytes() throws(ExportError) -> [UInt8] {
    var (view, error) = (connx_string(), connx_error())
    guard connx_writer_bytes(handle, &view, &error) else { throw .file(error.text) }
    return [UInt8](UnsafeRawBufferPointer(start: view.data, count: view.size))
  }
}

/// Lends a string to C.
private func withString(_ text: String, _ body: (connx_string) -> Void) {
  var text = text
  text.withUTF8 { bytes in
    bytes.withMemoryRebound(to: CChar.self) { body(connx_string(data: $0.baseAddress, size: $0.count)) }
  }
}

extension connx_error {
  fileprivate var text: String {
    withUnsafeBytes(of: message) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
  }
}

extension Tensor {
  /// Lends the elements as `TensorProto.raw_data`: row by row, little-endian, in the tensor's own type.
  fileprivate func withRawData(_ body: (UnsafeRawBufferPointer) -> Void) {
    switch (storage, type.element) {
    case (.floats(let elements), .float32): elements.withUnsafeBytes(body)
    case (.floats(let elements), .float64): elements.map(Double.init).withUnsafeBytes(body)
    case (.floats(let elements), .float16): elements.map(Float16.init).withUnsafeBytes(body)
    case (.floats(let elements), _):
      elements.map { UInt16(truncatingIfNeeded: $0.bitPattern >> 16) }.withUnsafeBytes(body)
    case (.integers(let elements), let element):
      switch element.byteCount {
      case 1: elements.map { UInt8(truncatingIfNeeded: $0) }.withUnsafeBytes(body)
      case 2: elements.map { UInt16(truncatingIfNeeded: $0) }.withUnsafeBytes(body)
      case 4: elements.map { UInt32(truncatingIfNeeded: $0) }.withUnsafeBytes(body)
      default: elements.withUnsafeBytes(body)
      }
    }
  }
}
