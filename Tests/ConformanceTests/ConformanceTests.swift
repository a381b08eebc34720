import EspalierGraph
import Foundation
import Testing

@Suite("The ONNX node tests") struct ConformanceTests {
  static let passing = ConformanceList.entries.filter { $0.verdict == .runtime || $0.verdict == .reference }

  @Test func `every line of the list is one test with a verdict`() throws {
    let file = ConformanceList.packageRoot.appending(path: "conformance/node.txt")
    let lines = try String(contentsOf: file, encoding: .utf8).split(separator: "\n")
    #expect(ConformanceList.entries.count == lines.count)
    #expect(Set(ConformanceList.entries.map(\.name)).count == lines.count)
  }

  @Test func `every test that is found stands in the list`() throws {
    let listed = Set(ConformanceList.entries.map(\.name))
    for source in ConformanceList.sources {
      for group in ["node", "pytorch-converted"] {
        let names = try FileManager.default.contentsOfDirectory(atPath: source.appending(path: group).path)
        #expect(names.filter { !listed.contains("\(group)/\($0)") } == [])
      }
    }
  }

  @Test(arguments: passing)
  func `a test passes by the path that the list says`(entry: ConformanceEntry) throws {
    for folder in ConformanceList.folders(of: entry.name) {
      let test = try NodeTest(folder: folder)
      do {
        try test.check(with: Engines.reference, mayBindAll: true)
        if entry.verdict == .runtime { try test.check(with: Engines.runtime, mayBindAll: false) }
      } catch {
        Issue.record("\(folder.path): \(error)")
      }
    }
  }

  @Test func `the tests of Debian and of an onnx wheel are there`() {
    for source in ConformanceList.sources { print("conformance tests: \(source.path)") }
    if ConformanceList.sources.count < 2 {
      print(
        """
        conformance tests: not all are there; 'apt install libonnx-testdata' and tools/fetch-onnx-tests bring \
        them, or ESPALIER_ONNX_TESTS names the folder
        """)
    }
  }

  /// Tries everything and writes how it went: the input of tools/conformance-list.
  @Test(.enabled(if: ProcessInfo.processInfo.environment["ESPALIER_CONFORMANCE_RECORD"] != nil))
  func `every test is tried by every path`() throws {
    let path = try #require(ProcessInfo.processInfo.environment["ESPALIER_CONFORMANCE_RECORD"])
    var lines: [String] = []
    for group in ["node", "pytorch-converted"] {
      for source in ConformanceList.sources {
        let folder = source.appending(path: group)
        for name in try FileManager.default.contentsOfDirectory(atPath: folder.path).sorted() {
          let verdict = Self.verdict(of: folder.appending(path: name))
          lines.append("\(source.path)\t\(group)/\(name)\t\(verdict)")
        }
      }
    }
    try lines.joined(separator: "\n").write(toFile: path, atomically: true, encoding: .utf8)
  }

  private static func verdict(of folder: URL) -> String {
    do {
      let test = try NodeTest(folder: folder)
      try test.check(with: Engines.reference, mayBindAll: true)
      do { try test.check(with: Engines.runtime, mayBindAll: false) } catch {
        return "reference\t\(oneLine(error))"
      }
      return "runtime"
    } catch {
      return "fails\t\(oneLine(error))"
    }
  }

  private static func oneLine(_ error: any Error) -> String {
    "\(error)".split(whereSeparator: \.isNewline).joined(separator: "; ").replacing("\t", with: " ")
  }
}
