import CONNX
public import EspalierGraph

extension OnnxModel {
  /// Reads a file of at most 2 GiB; tensors that it keeps outside must lie in plain files beside or below it.
  ///
  /// - Throws: `ImportError.unreadableFile` or `.malformed`.
  public init(contentsOf path: String) throws(ImportError) {
    var error = connx_error()
    guard let handle = connx_model_open(path, &error) else { throw .unreadableFile(error.text) }
    defer { connx_model_close(handle) }
    self = try OnnxReader(model: handle).read()
  }

  /// Reads the bytes of a file; tensors that it keeps outside cannot be read.
  ///
  /// - Throws: `ImportError.malformed`.
  public init(bytes: [UInt8]) throws(ImportError) {
    var error = connx_error()
    guard let handle = connx_model_parse(bytes, bytes.count, &error) else { throw .malformed(error.text) }
    defer { connx_model_close(handle) }
    self = try OnnxReader(model: handle).read()
  }
}

extension Tensor {
  /// Reads a file that holds one tensor (ONNX's TensorProto).
  ///
  /// - Throws: `ImportError.unreadableFile` or `.malformed`.
  public init(contentsOfOnnxTensor path: String) throws(ImportError) {
    var error = connx_error()
    guard let handle = connx_model_open_tensor(path, &error) else { throw .unreadableFile(error.text) }
    defer { connx_model_close(handle) }
    guard let tensor = connx_model_tensor(handle) else { throw .malformed("'\(path)' holds no tensor") }
    switch OnnxReader(model: handle).tensor(tensor) {
    case .known(let tensor): self = tensor
    case .unreadable(let problem): throw .malformed("the tensor in '\(path)' \(problem)")
    }
  }
}

/// Copies what CONNX shows into values.
struct OnnxReader {
  let model: OpaquePointer

  func read() throws(ImportError) -> OnnxModel {
    guard let graph = connx_model_graph(model) else { throw .malformed("it holds no graph") }
    var result = OnnxModel()
    result.irVersion = Int(connx_model_ir_version(model))
    result.producer = [connx_model_producer_name(model).text, connx_model_producer_version(model).text]
      .filter { !$0.isEmpty }.joined(separator: " ")
    for index in 0..<connx_model_opset_count(model) {
      let domain = Self.domain(connx_model_opset_domain(model, index))
      result.opsets[domain] = Int(connx_model_opset_version(model, index))
    }
    for index in 0..<connx_model_metadata_count(model) {
      result.metadata[connx_model_metadata_key(model, index).text] =
        connx_model_metadata_value(model, index).text
    }
    for index in 0..<connx_model_function_count(model) {
      if let function = connx_model_function(model, index) {
        result.functions.append(self.function(function))
      }
    }
    result.graph = self.graph(graph)
    return result
  }

  /// ONNX's own domain may be spelled out or left empty.
  static func domain(_ text: connx_string) -> String { text.text == "ai.onnx" ? "" : text.text }

  private func graph(_ graph: OpaquePointer) -> OnnxGraph {
    var result = OnnxGraph()
    result.name = connx_graph_name(graph).text
    result.inputs = list(connx_graph_input_count(graph), { connx_graph_input(graph, $0) }, value)
    result.outputs = list(connx_graph_output_count(graph), { connx_graph_output(graph, $0) }, value)
    result.nodes = list(connx_graph_node_count(graph), { connx_graph_node(graph, $0) }, node)
    result.initializers = list(
      connx_graph_initializer_count(graph), { connx_graph_initializer(graph, $0) }
    ) { OnnxInitializer(name: connx_tensor_name($0).text, tensor: tensor($0)) }
    for index in 0..<connx_graph_sparse_initializer_count(graph) {
      result.initializers.append(
        OnnxInitializer(
          name: connx_graph_sparse_initializer_name(graph, index).text,
          tensor: .unreadable(problem: "is sparse, which is not supported")))
    }
    return result
  }

  private func list<Element>(
    _ count: Int, _ handle: (Int) -> OpaquePointer?, _ read: (OpaquePointer) -> Element
  ) -> [Element] {
    (0..<count).compactMap { handle($0).map(read) }
  }

  private func value(_ value: OpaquePointer) -> OnnxValue {
    var extents: [OnnxValue.Extent]?
    if connx_value_has_shape(value) {
      extents = (0..<connx_value_rank(value)).map { axis in
        let extent = connx_value_extent(value, axis)
        return extent < 0 ? .unknown(symbol: connx_value_symbol(value, axis).text) : .fixed(Int(extent))
      }
    }
    let element = connx_value_is_tensor(value) ? ElementType(onnx: connx_value_data_type(value)) : nil
    return OnnxValue(name: connx_value_name(value).text, element: element, extents: extents)
  }

  private func node(_ node: OpaquePointer) -> OnnxNode {
    OnnxNode(
      name: connx_node_name(node).text, type: connx_node_type(node).text,
      domain: Self.domain(connx_node_domain(node)), overload: connx_node_overload(node).text,
      inputs: (0..<connx_node_input_count(node)).map { connx_node_input(node, $0).text },
      outputs: (0..<connx_node_output_count(node)).map { connx_node_output(node, $0).text },
      attributes: attributes(connx_node_attribute_count(node)) { connx_node_attribute(node, $0) })
  }

  private func function(_ function: OpaquePointer) -> OnnxFunction {
    var opsets: [String: Int] = [:]
    for index in 0..<connx_function_opset_count(function) {
      let domain = Self.domain(connx_function_opset_domain(function, index))
      opsets[domain] = Int(connx_function_opset_version(function, index))
    }
    return OnnxFunction(
      name: connx_function_name(function).text, domain: Self.domain(connx_function_domain(function)),
      overload: connx_function_overload(function).text,
      inputs: (0..<connx_function_input_count(function)).map { connx_function_input(function, $0).text },
      outputs: (0..<connx_function_output_count(function)).map { connx_function_output(function, $0).text },
      defaults: attributes(connx_function_default_count(function)) { connx_function_default(function, $0) },
      opsets: opsets,
      nodes: list(connx_function_node_count(function), { connx_function_node(function, $0) }, node))
  }
}

// MARK: - Attributes and tensors

extension OnnxReader {
  private func attributes(_ count: Int, _ at: (Int) -> OpaquePointer?) -> [String: OnnxAttribute] {
    var result: [String: OnnxAttribute] = [:]
    for case let attribute? in (0..<count).map(at) {
      result[connx_attribute_name(attribute).text] = self.attribute(attribute)
    }
    return result
  }

  private func attribute(_ attribute: OpaquePointer) -> OnnxAttribute {
    let reference = connx_attribute_reference(attribute).text
    if !reference.isEmpty { return .reference(reference) }
    switch connx_attribute_get_kind(attribute) {
    case CONNX_ATTRIBUTE_FLOAT: return .value(.float(connx_attribute_float(attribute)))
    case CONNX_ATTRIBUTE_INT: return .value(.int(connx_attribute_int(attribute)))
    case CONNX_ATTRIBUTE_STRING: return .value(.string(connx_attribute_string(attribute).text))
    case CONNX_ATTRIBUTE_FLOATS: return .value(.floats(Array(connx_attribute_floats(attribute).buffer)))
    case CONNX_ATTRIBUTE_INTS: return .value(.ints(Array(connx_attribute_ints(attribute).buffer)))
    case CONNX_ATTRIBUTE_STRINGS:
      let count = connx_attribute_string_count(attribute)
      return .value(.strings((0..<count).map { connx_attribute_string_at(attribute, $0).text }))
    case CONNX_ATTRIBUTE_TENSOR:
      guard let tensor = connx_attribute_tensor(attribute) else { break }
      switch self.tensor(tensor) {
      case .known(let tensor): return .value(.tensor(tensor))
      case .unreadable(let problem): return .unreadable(problem: problem)
      }
    case CONNX_ATTRIBUTE_GRAPH:
      if let graph = connx_attribute_graph(attribute) { return .graph(self.graph(graph)) }
    case CONNX_ATTRIBUTE_SPARSE_TENSOR: return .value(.unsupported(kind: "sparse tensor"))
    case CONNX_ATTRIBUTE_NONE: return .value(.unsupported(kind: "nothing"))
    default: break
    }
    return .value(.unsupported(kind: "list of tensors, graphs or types"))
  }

  func tensor(_ tensor: OpaquePointer) -> OnnxTensor {
    guard let element = ElementType(onnx: connx_tensor_data_type(tensor)) else {
      return .unreadable(problem: "has a type that is not supported (\(connx_tensor_data_type(tensor)))")
    }
    let shape = connx_tensor_dimensions(tensor).buffer.map(Int.init)
    guard shape.count <= Shape.rankLimit else { return .unreadable(problem: "has \(shape.count) axes") }
    var error = connx_error()
    var count = 0
    guard connx_tensor_check(model, tensor, &count, &error) else { return .unreadable(problem: error.text) }
    var isRead = false
    if element.isFloating {
      let floats = [Float](unsafeUninitializedCapacity: count) { buffer, initialized in
        isRead = connx_tensor_read_floats(model, tensor, buffer.baseAddress, count, &error)
        initialized = isRead ? count : 0
      }
      if isRead { return .known(Tensor(shape: shape, element: element, floats: floats)) }
    } else {
      let integers = [Int64](unsafeUninitializedCapacity: count) { buffer, initialized in
        isRead = connx_tensor_read_integers(model, tensor, buffer.baseAddress, count, &error)
        initialized = isRead ? count : 0
      }
      if isRead { return .known(Tensor(shape: shape, element: element, integers: integers)) }
    }
    return .unreadable(problem: error.text)
  }
}

// MARK: - C views

extension connx_string {
  var text: String {
    String(decoding: UnsafeRawBufferPointer(start: data, count: size), as: UTF8.self)
  }
}

extension connx_ints {
  var buffer: UnsafeBufferPointer<Int64> { UnsafeBufferPointer(start: data, count: count) }
}

extension connx_floats {
  var buffer: UnsafeBufferPointer<Float> { UnsafeBufferPointer(start: data, count: count) }
}

extension connx_error {
  var text: String {
    withUnsafeBytes(of: message) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
  }
}
