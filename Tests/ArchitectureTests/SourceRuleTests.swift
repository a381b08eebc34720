import Testing

@Suite("Every source file") struct SourceRuleTests {
  private static let swift = ["Sources", "Tests", "tools"].flatMap { SourceTree.files(in: $0, "swift") }
  private static let others = ["Sources", "Tests", "tools"]
    .flatMap { SourceTree.files(in: $0, "c", "h", "cpp", "py", "def") }

  @Test func `has at most 400 lines`() {
    #expect(Self.swift.count > 100 && Self.others.count > 50)
    for file in Self.swift + Self.others {
      #expect(file.lines.count <= 400, "\(file) has \(file.lines.count)")
    }
  }

  @Test func `takes nothing for granted: no forced try, cast or unwrap`() {
    // Functions that C declares take its pointers as C has them, which Swift spells with `!`.
    for file in Self.swift where !file.path.contains("/EspalierCAPI/") {
      let forced = Self.forced(in: file.code)
      #expect(forced.isEmpty, "\(file): \(forced)")
    }
  }

  @Test func `is finished`() {
    let words = ["TO" + "DO", "FIX" + "ME", "X" + "XX"]
    for file in Self.swift + Self.others {
      for word in words { #expect(!file.text.contains(word), "\(file): \(word)") }
    }
  }

  @Test func `is only what was found to be forced`() {
    let text = """
      let a = try! f(); let b = x as! Int; let c = list[0]!; let d = call()!.e
      let e = !flag && a != b || c !== d; let f = "wow!"; g(!h)  // really!
      """
    #expect(Self.forced(in: SourceFile(path: "a.swift", text: text).code) == ["y!", "s!", "]!", ")!"])
  }

  /// Exclamation marks behind an expression, each with the character before it.
  private static func forced(in code: String) -> [String] {
    code.matches(of: /[\w)\]}>"]!(?!=)/).map { String($0.0) }
  }
}
