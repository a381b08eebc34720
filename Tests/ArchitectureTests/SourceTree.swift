import Foundation

/// One text file of the repository.
struct SourceFile: CustomStringConvertible {
  /// From the package's root: `Sources/Runtime/EspalierRuntime/Model.swift`.
  let path: String
  let text: String
  /// The Swift code with comments and the contents of texts left out.
  let code: String

  init(path: String, text: String) {
    (self.path, self.text) = (path, text)
    code = path.hasSuffix(".swift") ? SwiftScanner.code(of: text) : ""
  }

  var description: String { path }
  var lines: [Substring] { text.split(separator: "\n", omittingEmptySubsequences: false) }

  /// The modules that a Swift file imports.
  var imports: Set<String> {
    Set(
      code.matches(
        of: /(?m)^\s*(?:@\w+\s+)*(?:(?:public|package|internal|private|fileprivate)\s+)?import\s+([\w.]+)/
      )
      .map { String($0.1.prefix { $0 != "." }) })
  }
}

/// The files that are held to the rules.
enum SourceTree {
  static let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent()

  /// All files below a folder with one of these endings.
  static func files(in folder: String, _ endings: String...) -> [SourceFile] {
    let base = root.appending(path: folder)
    guard let paths = FileManager.default.enumerator(atPath: base.path) else { return [] }
    return paths.compactMap { $0 as? String }
      .filter { path in endings.contains { path.hasSuffix("." + $0) } && !path.contains(".build") }
      .sorted()
      .compactMap { path in
        (try? String(contentsOf: base.appending(path: path), encoding: .utf8))
          .map { SourceFile(path: "\(folder)/\(path)", text: $0) }
      }
  }

  /// The folder of each module, by its name: Sources/*/Module.
  static let modules: [String: String] = {
    var folders: [String: String] = [:]
    for half in contents(of: "Sources") {
      for module in contents(of: "Sources/\(half)") { folders[module] = "Sources/\(half)/\(module)" }
    }
    return folders
  }()

  static func contents(of folder: String) -> [String] {
    ((try? FileManager.default.contentsOfDirectory(atPath: root.appending(path: folder).path)) ?? [])
      .filter { !$0.hasPrefix(".") }.sorted()
  }

  static func text(_ path: String) -> String {
    (try? String(contentsOf: root.appending(path: path), encoding: .utf8)) ?? ""
  }
}
