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
