import Testing

@Suite("Operators") struct OperatorTests {
  private static let operators = SourceTree.files(in: "Sources/Compiler/EspalierOperators", "swift")
  private static let questions = [
    "exportNode", "inferOutputs", "evaluate", "channelRule", "quantizationRule", "lower",
  ]

  /// Names of the operators that stand in the registry's list of those in graphs.
  private static let registered: [String] = {
    let text = SourceTree.text("Sources/Compiler/EspalierOperators/OperatorRegistry.swift")
    let list = text.firstMatch(of: /operators: \[any LowerableOperator.Type\] = \[([^\]]*)\]/)
    return (list?.1 ?? "").matches(of: /(\w+)\.self/).map { String($0.1) }
  }()

  @Test func `that conform are registered`() {
    #expect(Self.registered.count >= 40)
    // Some operators conform through a protocol of their own, which says what they have in common.
    let code = Self.operators.map(\.code).joined(separator: "\n")
    let protocols = Set(code.matches(of: /protocol (\w+Operator):/).map { String($0.1) })
    let conforming = code.matches(of: /(?:struct|enum|extension) (\w+):([^{]*)/).filter { match in
      !protocols.isDisjoint(with: match.2.split { !$0.isLetter }.map(String.init))
    }.map { String($0.1) }
    #expect(Set(conforming).symmetricDifference(Self.registered) == [])
  }

  /// The protocol would not compile without an answer, unless some extension gives one to all.
  @Test func `are asked every question, and no answer is given for them`() {
    let graph = SourceTree.files(in: "Sources/Compiler/EspalierGraph", "swift")
    let protocols = (graph + Self.operators).map(\.code).joined(separator: "\n")
    for question in Self.questions { #expect(protocols.contains("func \(question)("), "\(question)") }
    for file in graph + Self.operators {
      for block in file.code.split(separator: /(?m)^}/) {
        let isShared = block.contains(
          /(?m)^(?:public |package )?extension (?:Operator|LowerableOperator|NodeImporter|NodeExporter)\b/)
        guard isShared else { continue }
        for question in Self.questions {
          #expect(!block.contains("func \(question)("), "\(file) answers \(question) for every operator")
        }
      }
    }
  }

  @Test func `answer in the same order wherever they answer in one file`() {
    for file in Self.operators where file.code.contains(/struct \w+:[^{]*\bLowerableOperator\b/) {
      for type in file.code.split(separator: /(?m)^}/) {
        let places = Self.questions.compactMap { question in
          type.firstRange(of: "func \(question)(").map {
            type.distance(from: type.startIndex, to: $0.lowerBound)
          }
        }
        #expect(
          places == places.sorted(),
          "\(file): import, export, output types, reference, channels, quantization, lowering")
      }
    }
  }
}
