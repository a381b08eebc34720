import Testing

@Suite("What a module imports") struct ImportTests {
  private static let swiftModules = sources.filter { !$0.value.isEmpty }.keys.sorted()
  private static let targets = DeclaredTarget.all(in: SourceTree.text("Package.swift"))

  private static let sources = SourceTree.modules.mapValues { SourceTree.files(in: $0, "swift") }

  private func files(of module: String) -> [SourceFile] { Self.sources[module] ?? [] }

  @Test func `has a row for every module`() {
    #expect(Self.swiftModules.count >= 9)
    for module in Self.swiftModules { #expect(ImportTable.allowed[module] != nil, "\(module)") }
  }

  @Test(arguments: swiftModules) func `is what its row allows`(module: String) {
    for file in files(of: module) {
      let surplus = file.imports.subtracting(ImportTable.allowed[module] ?? [])
      #expect(surplus.isEmpty, "\(file): import \(surplus.sorted())")
    }
  }

  @Test(arguments: swiftModules) func `is what Package.swift lets it depend on`(module: String) throws {
    let target = try #require(Self.targets.first { $0.name == module })
    let allowed = ImportTable.allowed[module] ?? []
    let surplus = target.dependencies.subtracting(allowed)
    #expect(surplus.isEmpty, "Package.swift: \(module) depends on \(surplus.sorted())")
    let imported = Set(files(of: module).flatMap(\.imports)).subtracting(["Foundation", "Synchronization"])
    let undeclared = imported.subtracting(target.dependencies)
    #expect(undeclared.isEmpty, "\(module) imports \(undeclared.sorted()) without saying so")
  }

  @Test(arguments: ImportTable.runtimeHalf)
  func `is neither Foundation nor the C library in the runtime half`(module: String) {
    #expect(!files(of: module).isEmpty)
    for file in files(of: module) {
      #expect(file.imports.isDisjoint(with: ["Foundation", "Glibc", "Musl", "Darwin"]), "\(file)")
    }
  }

  /// Every row of the page's table, as far as it names modules; the command line's says "all of the above".
  @Test func `is what ARCHITECTURE.md says`() {
    let rows = SourceTree.text("ARCHITECTURE.md").matches(of: /(?m)^\| `(\w+)` \| ([^|]*) \|$/)
      .filter { Self.swiftModules.contains(String($0.1)) && $0.1 != "espalier" }
    #expect(Set(rows.map { String($0.1) }) == Set(Self.swiftModules).subtracting(["espalier"]))
    for row in rows {
      let names = row.2.matches(of: /\b(?:C?Espalier\w+|CEspalier|CONNX|CMedia|CMoments|CGradient|CLAPACK)\b/)
      let named = Set(names.map { String($0.0) })
      let allowed = ImportTable.allowed[String(row.1)]?.subtracting(ImportTable.foreign)
        .intersection(SourceTree.modules.keys)
      #expect(named == allowed, "\(row.1)")
    }
  }

  @Test func `is never ONNX or protobuf outside CONNX`() {
    for file in SourceTree.files(in: "Sources", "c", "h", "cpp") where !file.path.contains("/CONNX/") {
      let includes = file.text.matches(of: /#include [<"]((?:onnx|google)[^>"]*)[>"]/).map { String($0.1) }
      #expect(includes.isEmpty || file.path.contains("/CProtobuf/"), "\(file): \(includes)")
    }
  }

  @Test func `is read as written`() {
    let text = """
      import A
      public import B  // import C
      @testable import D.Part
      /* import E */
      let text = "import F"
      """
    #expect(SourceFile(path: "a.swift", text: text).imports == ["A", "B", "D"])
  }
}
