import Testing

@Suite("kernels.def") struct KernelTableTests {
  private static let folder = "Sources/Runtime/CEspalierKernels"
  private static let table = SourceTree.text(folder + "/kernels.def")

  private static let families = table.matches(
    of: /(?m)^ESPALIER_FAMILY\((\d+), (\w+), (\d+), (0x[\dA-Fa-f]+)[^)]*\)/
  )
  .map { (number: Int($0.1), name: String($0.2)) }
  private static let variants = table.matches(of: /(?m)^ESPALIER_VARIANT\((\w+), (\w+)\)/)
    .map { (family: String($0.1), set: String($0.2)) }

  /// All C text of a family.
  private func text(of family: String) -> String {
    SourceTree.files(in: "\(Self.folder)/\(family)", "c", "h").map(\.text).joined()
  }

  @Test func `numbers every family once`() {
    #expect(Self.families.count >= 10)
    #expect(Set(Self.families.map(\.number)).count == Self.families.count)
    #expect(Set(Self.families.map(\.name)).count == Self.families.count)
  }

  @Test func `names a folder with a definition and a checker for every family`() {
    for family in Self.families.map(\.name) {
      let files = SourceTree.contents(of: "\(Self.folder)/\(family)")
      for part in ["\(family).h", "\(family)_scalar.c", "\(family)_check.c"] {
        #expect(files.contains(part), "\(family) has no \(part)")
      }
      #expect(text(of: family).contains("espalier_\(family)_check("), "\(family) has no checker")
      #expect(Self.variants.contains { $0 == (family, "scalar") }, "\(family) has no scalar variant")
    }
  }

  @Test func `has a file for every variant, and a variant for every file`() {
    for (family, set) in Self.variants {
      let files = SourceTree.contents(of: "\(Self.folder)/\(family)")
      #expect(files.contains("\(family)_\(set).c"), "\(family)_\(set).c is missing")
    }
    for family in Self.families.map(\.name) {
      for file in SourceTree.contents(of: "\(Self.folder)/\(family)") where file.hasSuffix(".c") {
        let part = file.dropFirst(family.count + 1).dropLast(2)
        guard part != "check" else { continue }
        #expect(Self.variants.contains { $0 == (family, String(part)) }, "\(file) is in no line")
      }
    }
  }

  @Test func `has every family's folder`() {
    let named = Set(Self.families.map(\.name))
    for folder in SourceTree.contents(of: Self.folder)
    where ["_f32", "_u8"].contains(where: folder.hasSuffix) {
      #expect(named.contains(folder), "\(folder) is in no line")
    }
  }
}
