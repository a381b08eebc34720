public import EspalierGraph

/// Writes a graph in float32 as an ONNX file: what import read and passes simplified or pruned.
///
/// The file holds fixed shapes, weights as raw data, the names that tensors and nodes have in the graph, and under
/// `metadata_props` what was done. The same graph and notes give the same bytes.
public enum Exporter {
  /// What the file says about itself.
  public struct Notes: Sendable, Equatable {
    /// Name and version of the compiler: the file's producer.
    public var compiler: String
    public var version: String
    /// Hexadecimal SHA-256 of the file that the graph was read from.
    public var sourceSHA256: String?
    /// By layer the output channels of the original that are left, ascending; empty where none were cut.
    public var keptChannels: [String: [Int]]
    /// More to be known, under keys of the caller's.
    public var more: [String: String]

    public init(
      compiler: String, version: String, sourceSHA256: String? = nil, keptChannels: [String: [Int]] = [:],
      more: [String: String] = [:]
    ) {
      (self.compiler, self.version, self.sourceSHA256) = (compiler, version, sourceSHA256)
      (self.keptChannels, self.more) = (keptChannels, more)
    }
  }

  /// The version of the file format: that of ONNX 1.12, whose opset is `ExportBuilder.opset`.
  static let irVersion = 8

  /// The bytes of an ONNX file that computes what the graph computes.
  ///
  /// - Throws: `ExportError`, all nodes without a form at once.
  public static func bytes(of graph: Graph, notes: Notes) throws(ExportError) -> [UInt8] {
    let builder = try nodes(of: graph)
    var writer = try OnnxWriter()
    writer.header(irVersion: irVersion, opset: ExportBuilder.opset, notes: notes)
    for (key, value) in notes.metadata { writer.metadata(key, value) }
    writer.ports(of: graph, builder)
    for constant in builder.constants { writer.initializer(constant) }
    for node in builder.nodes { writer.node(node) }
    return try writer.bytes()
  }

  /// The nodes and initializers of the file.
  ///
  /// - Throws: `ExportError`, all nodes without a form at once.
  public static func nodes(of graph: Graph) throws(ExportError) -> ExportBuilder {
    var builder = ExportBuilder(graph)
    var errors: [ExportError] = []
    for node in graph.nodes {
      builder.begin(node)
      do throws(ExportError) {
        guard let op = node.op as? any NodeExporter else {
          throw .noForm(node.op.name, node: node.name, reason: "the operator has no exporter")
        }
        try op.exportNode(node, into: &builder)
      } catch { errors.append(error) }
    }
    if errors.count == 1 { throw errors[0] }
    if !errors.isEmpty { throw .several(errors) }
    builder.finishOutputs()
    return builder
  }
}

extension Exporter.Notes {
  /// The entries of `metadata_props`, by key.
  var metadata: [(key: String, value: String)] {
    var entries = more
    entries["espalier.compiler"] = "\(compiler) \(version)"
    entries["espalier.source_sha256"] = sourceSHA256
    if !keptChannels.isEmpty {
      let layers = keptChannels.sorted { $0.key < $1.key }.map { name, channels in
        "\(JSONText.quoted(name)):[\(channels.map(String.init).joined(separator: ","))]"
      }
      entries["espalier.kept_channels"] = "{\(layers.joined(separator: ","))}"
    }
    return entries.sorted { $0.key < $1.key }
  }
}

/// JSON without Foundation.
enum JSONText {
  /// A string literal.
  static func quoted(_ text: String) -> String {
    var result = "\""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "\"", "\\": result += "\\\(scalar)"
      case _ where scalar.value < 0x20:
        let digits = String(scalar.value, radix: 16)
        result += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
      default: result.unicodeScalars.append(scalar)
      }
    }
    return result + "\""
  }
}
