/// One attribute of an ONNX node.
public enum AttributeValue: Sendable, Equatable {
  case int(Int64)
  case float(Float)
  case string(String)
  case tensor(Tensor)
  case ints([Int64])
  case floats([Float])
  case strings([String])
  /// A kind that no supported operator has (subgraphs, sparse tensors, …).
  case unsupported(kind: String)
}

/// One node of an ONNX file, its inputs resolved, as an operator's importer sees it.
public struct ImportedNode: Sendable {
  /// What a node reads.
  public struct Input: Sendable {
    public let value: ValueID
    public let type: TensorType
    /// The elements, where they are known at import.
    public let constant: Tensor?

    public init(value: ValueID, type: TensorType, constant: Tensor?) {
      self.value = value
      self.type = type
      self.constant = constant
    }
  }

  /// The node's own name, or one made from its operator and position.
  public let name: String
  public let type: String
  /// `""` for ONNX's own operators, however the file spells that domain.
  public let domain: String
  /// The version of the operator's domain that the file imports.
  public let opset: Int
  public let attributes: [String: AttributeValue]
  /// Nil where an optional input was left out in the middle; absent ones at the end are not listed.
  public let inputs: [Input?]
  /// `""` where an output is not wanted.
  public let outputNames: [String]
  /// The positions of outputs that have names but that nothing in the model reads.
  public let unreadOutputs: Set<Int>

  public init(
    name: String, type: String, domain: String, opset: Int, attributes: [String: AttributeValue],
    inputs: [Input?], outputNames: [String], unreadOutputs: Set<Int> = []
  ) {
    self.name = name
    self.type = type
    self.domain = domain
    self.opset = opset
    self.attributes = attributes
    self.inputs = inputs
    self.outputNames = outputNames
    self.unreadOutputs = unreadOutputs
  }
}

// MARK: - Reading a node

extension ImportedNode {
  /// Input `index`, or nil where it was left out.
  public func input(_ index: Int) -> Input? { index < inputs.count ? inputs[index] : nil }

  /// Whether another node reads output `index`, or it is one of the model's.
  public func isRead(output index: Int) -> Bool {
    index < outputNames.count && !outputNames[index].isEmpty && !unreadOutputs.contains(index)
  }

  public func requiredInput(_ index: Int) throws(ImportError) -> Input {
    guard let input = input(index) else { throw .missingInput(index, node: name, type: type) }
    return input
  }

  /// The values of all inputs that are there.
  public var presentInputs: [ValueID] { inputs.compactMap { $0?.value } }

  /// The known elements of input `index`; nil where the input was left out or is empty.
  ///
  /// - Throws: `ImportError.notConstant` where the input is computed from the frame.
  public func constantInput(_ index: Int) throws(ImportError) -> Tensor? {
    guard let input = input(index) else { return nil }
    guard let tensor = input.constant else { throw .notConstant(input: index, node: name, type: type) }
    return tensor
  }

  public func requiredConstant(_ index: Int) throws(ImportError) -> Tensor {
    guard let tensor = try constantInput(index) else { throw .missingInput(index, node: name, type: type) }
    return tensor
  }

  public func int(_ attribute: String) throws(ImportError) -> Int? {
    switch attributes[attribute] {
    case nil: nil
    case .int(let value): Int(value)
    case let other?: throw wrongKind(attribute, "an integer", other)
    }
  }

  public func float(_ attribute: String) throws(ImportError) -> Float? {
    switch attributes[attribute] {
    case nil: nil
    case .float(let value): value
    case let other?: throw wrongKind(attribute, "a float", other)
    }
  }

  public func string(_ attribute: String) throws(ImportError) -> String? {
    switch attributes[attribute] {
    case nil: nil
    case .string(let value): value
    case let other?: throw wrongKind(attribute, "a string", other)
    }
  }

  public func ints(_ attribute: String) throws(ImportError) -> [Int]? {
    switch attributes[attribute] {
    case nil: nil
    case .ints(let values): values.map(Int.init)
    case let other?: throw wrongKind(attribute, "a list of integers", other)
    }
  }

  public func floats(_ attribute: String) throws(ImportError) -> [Float]? {
    switch attributes[attribute] {
    case nil: nil
    case .floats(let values): values
    case let other?: throw wrongKind(attribute, "a list of floats", other)
    }
  }

  public func tensor(_ attribute: String) throws(ImportError) -> Tensor? {
    switch attributes[attribute] {
    case nil: nil
    case .tensor(let value): value
    case let other?: throw wrongKind(attribute, "a tensor", other)
    }
  }

  private func wrongKind(_ attribute: String, _ expected: String, _ found: AttributeValue) -> ImportError {
    .attribute(attribute, node: name, type: type, problem: "must be \(expected), but is \(found)")
  }

  /// An error about one attribute of this node.
  public func invalid(_ attribute: String, _ problem: String) -> ImportError {
    .attribute(attribute, node: name, type: type, problem: problem)
  }
}

/// Why a model cannot be imported.
public enum ImportError: Error, Equatable, Sendable {
  /// No entry of the operator registry imports this operator.
  case unsupportedOperator(String, domain: String, opset: Int, node: String)
  case missingInput(Int, node: String, type: String)
  /// A tensor that decides shapes is computed from the frame.
  case notConstant(input: Int, node: String, type: String)
  case attribute(String, node: String, type: String, problem: String)
  case shape(ShapeError, node: String, type: String)
  case evaluation(EvaluationError, node: String, type: String)
  /// Only some of the operator's outputs are supported, and something reads this one.
  case unsupportedOutput(Int, node: String, type: String)
  /// A tensor of the file cannot be read; `problem` continues "tensor '…'".
  case tensor(String, problem: String)
  /// The file cannot be opened or parsed; a sentence that names it.
  case unreadableFile(String)
  /// The file contradicts itself or is damaged.
  case malformed(String)
  /// The version of ONNX's operators is none of those that are known.
  case unsupportedOpset(Int, supported: ClosedRange<Int>)
  /// The graph has an input that no frame can be: a sequence, a map, or a tensor of strings.
  case unsupportedInput(String)
  /// `--shape` or a bound constant names no input.
  case noSuchInput(String, inputs: [String])
  /// `--shape` or a bound constant contradicts the input's own shape.
  case inputShape(String, declared: String, given: Shape)
  /// An input has unknown extents; `--shape` gives them.
  case unknownShape(input: String, shape: String)
  /// More than one thing is wrong; all of them.
  case several([ImportError])
}

extension ImportError: CustomStringConvertible {
  public var description: String {
    switch self {
    case .unsupportedOperator(let type, let domain, let opset, let node):
      """
      node '\(node)': operator \(domain.isEmpty ? "" : domain + "::")\(type) (opset \(opset)) is not \
      supported; 'espalier operators' lists those that are
      """
    case .missingInput(let index, let node, let type):
      "node '\(node)' (\(type)): input \(index) is missing"
    case .notConstant(let input, let node, let type):
      """
      node '\(node)' (\(type)): input \(input) must be known when the model is compiled, but is computed \
      from the frame; export the model with fixed shapes, or give them by --shape NAME=1x3x224x224
      """
    case .attribute(let attribute, let node, let type, let problem):
      "node '\(node)' (\(type)): attribute '\(attribute)' \(problem)"
    case .shape(let error, let node, let type): "node '\(node)' (\(type)): \(error)"
    case .evaluation(let error, let node, let type): "node '\(node)' (\(type)): \(error)"
    case .unsupportedOutput(let index, let node, let type):
      "node '\(node)' (\(type)): output \(index) is not supported"
    case .tensor(let name, let problem): "tensor '\(name)' \(problem)"
    case .unreadableFile(let sentence): sentence
    case .unsupportedOpset(let version, let supported):
      """
      the model uses version \(version) of ONNX's operators; export it with one of \
      \(supported.lowerBound) to \(supported.upperBound) (opset_version)
      """
    case .unsupportedInput(let name):
      "input '\(name)' is not a tensor of numbers; cut the model behind what turns it into one"
    case .noSuchInput(let name, let inputs):
      "there is no input '\(name)'; the model's inputs are \(inputs.map { "'\($0)'" }.joined(separator: ", "))"
    case .inputShape(let name, let declared, let given):
      "input '\(name)' has the shape \(declared), which \(given) does not fit"
    case .malformed(let problem): "not a valid ONNX model: \(problem)"
    case .unknownShape(let input, let shape):
      """
      input '\(input)' has the shape \(shape), which is not fixed; give it by \
      --shape \(input)=\(Self.example(of: shape))
      """
    case .several(let errors): errors.map(\.description).joined(separator: "\n")
    }
  }

  /// A value for `--shape`: what `shape` fixes, one frame, and 224 wherever else it is open.
  private static func example(of shape: String) -> String {
    if shape == "[…]" { return "1x3x224x224" }
    let extents = shape.dropFirst().dropLast().split(separator: ",").map { $0.drop { $0 == " " } }
    return extents.enumerated().map { axis, extent in
      Int(extent).map(String.init) ?? (axis == 0 ? "1" : "224")
    }.joined(separator: "x")
  }
}

/// Reads one ONNX operator into a graph.
public protocol NodeImporter: SendableMetatype {
  /// The ONNX operators that this imports, `domain::Name` outside ONNX's own domain; empty for operators
  /// that only passes make.
  static var onnxNames: [String] { get }

  /// Adds what the node means to the graph.
  ///
  /// - Returns: The values of the node's outputs, in ONNX's order; trailing ones may be left out where
  ///   they are not wanted.
  static func importNode(
    _ node: ImportedNode, into builder: inout GraphBuilder
  ) throws(ImportError) -> [ValueID]
}
