internal import ArgumentParser
internal import EspalierImport
internal import EspalierOperators
internal import Foundation

/// `espalier operators`: what can be imported, and what of it the runtime executes.
struct Operators: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "List the ONNX operators that are supported.",
    discussion: """
      An operator of kind 'graph' stands in the compiled graph; 'rewritten' ones
      become simpler operators when a model is imported. 'since' and 'latest' are
      the ONNX opsets that introduced it and that last changed its definition; a
      model may use any version. Tiers: T0 convolution, pooling, normalization,
      matrix products; T1 functions of one element; T2 arithmetic and comparisons;
      T3 shapes and movement; T4 reductions; T5 detection; T6 quantized tensors;
      T7 attention.
      Not every attribute of every operator has a kernel: 'espalier inspect
      MODEL.onnx' says whether one model compiles.

        espalier operators | grep -i resize
      """)

  @Flag(help: "Print one line of JSON.")
  var json = false

  /// One ONNX operator.
  struct Entry: Encodable {
    let name: String
    let domain: String
    let kind: String
    /// Nil where the catalog does not know the operator.
    let tier: String?
    let since: Int?
    let latest: Int?
  }

  static var entries: [Entry] {
    OperatorRegistry.onnxNames.map { qualified in
      let parts = qualified.components(separatedBy: "::")
      let (domain, name) = parts.count == 2 ? (parts[0], parts[1]) : ("", qualified)
      let importer = OperatorRegistry.importer(for: name, domain: domain)
      let known = OperatorCatalog.entry(of: qualified)
      return Entry(
        name: name, domain: domain, kind: importer is any LowerableOperator.Type ? "graph" : "rewritten",
        tier: known.map { "T\($0.tier.rawValue)" }, since: known?.opsets.lowerBound,
        latest: known?.opsets.upperBound)
    }
  }

  func run() throws {
    let entries = Self.entries
    if json { return try Console.json(["operators": entries]) }
    var table = Table([
      ("operator", .left), ("domain", .left), ("kind", .left), ("tier", .left), ("since", .right),
      ("latest", .right),
    ])
    for entry in entries {
      table.add([
        entry.name, entry.domain.isEmpty ? "ai.onnx" : entry.domain, entry.kind, entry.tier ?? "",
        entry.since.map(String.init) ?? "", entry.latest.map(String.init) ?? "",
      ])
    }
    print(table.text)
    let opsets = Importer.supportedOpsets
    print("\n\(entries.count) operators, of ONNX opsets \(opsets.lowerBound) to \(opsets.upperBound)")
  }
}
