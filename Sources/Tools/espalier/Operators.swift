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
      become simpler operators when a model is imported. Not every attribute of
      every operator has a kernel: 'espalier inspect MODEL.onnx' says whether one
      model compiles.

        espalier operators | grep -i resize
      """)

  @Flag(help: "Print one line of JSON.")
  var json = false

  /// One ONNX operator.
  struct Entry: Encodable {
    let name: String
    let domain: String
    let kind: String
  }

  static var entries: [Entry] {
    OperatorRegistry.onnxNames.map { qualified in
      let parts = qualified.components(separatedBy: "::")
      let (domain, name) = parts.count == 2 ? (parts[0], parts[1]) : ("", qualified)
      let importer = OperatorRegistry.importer(for: name, domain: domain)
      return Entry(
        name: name, domain: domain, kind: importer is any LowerableOperator.Type ? "graph" : "rewritten")
    }
  }

  func run() throws {
    let entries = Self.entries
    if json { return try Console.json(["operators": entries]) }
    var table = Table([("operator", .left), ("domain", .left), ("kind", .left)])
    for entry in entries {
      table.add([entry.name, entry.domain.isEmpty ? "ai.onnx" : entry.domain, entry.kind])
    }
    print(table.text)
    let opsets = Importer.supportedOpsets
    print("\n\(entries.count) operators, of ONNX opsets \(opsets.lowerBound) to \(opsets.upperBound)")
  }
}
