import EspalierMedia
import Foundation
import Testing

#if canImport(FoundationXML)
  import FoundationXML
#endif

/// What stands on a page: its headings, and how many pictures there are below each.
private final class Sections: NSObject, XMLParserDelegate {
  private(set) var headings: [String] = []
  private(set) var pictures: [String: Int] = [:]
  private var isHeading = false

  /// - Parameter page: Everything between `<body>` and `</body>` is well-formed XML.
  init(_ page: String) throws {
    super.init()
    let start = try #require(page.range(of: "<body>")).lowerBound
    let end = try #require(page.range(of: "</body>")).upperBound
    let parser = XMLParser(data: Data(page[start..<end].utf8))
    parser.delegate = self
    #expect(parser.parse(), "\(String(describing: parser.parserError))")
    #expect(page.hasPrefix("<!doctype html>") && page.hasSuffix("</html>\n"))
  }

  func parser(
    _ parser: XMLParser, didStartElement name: String, namespaceURI: String?, qualifiedName: String?,
    attributes: [String: String]
  ) {
    isHeading = name == "h2"
    if isHeading { headings.append("") }
    if name == "svg", let last = headings.last { pictures[last, default: 0] += 1 }
  }

  func parser(_ parser: XMLParser, didEndElement name: String, namespaceURI: String?, qualifiedName: String?)
  {
    isHeading = false
  }

  func parser(_ parser: XMLParser, foundCharacters string: String) {
    if isHeading { headings[headings.count - 1] += string }
  }
}

@Suite("compile --report") struct CompileReportTests {
  private func page(_ arguments: [String], _ folder: String) throws -> (text: String, sections: Sections) {
    let path = "\(folder)/page.html"
    let run = try CommandRun(
      ["compile", Signs.model] + Signs.compileOptions + arguments
        + ["-o", "\(folder)/signs.espalier", "--report", path])
    #expect(run.status == 0, "\(run.errors)")
    let text = String(decoding: try Files.read(path), as: UTF8.self)
    return (text, try Sections(text))
  }

  @Test func `shows what was cut, how the network recovered, what 8 bits cover and what layers take`() throws
  {
    try withFolder { folder in
      let (text, sections) = try page(
        ["--calibrate", Signs.pictures, "--prune", "0.5", "--recover", "lsq", "--allocation", "sensitivity"],
        folder)
      #expect(
        sections.headings == [
          "Pruned for --prune 0.5", "Networks that competed, on 2 held-back frames", "Widths",
          "Sensitivity: what narrowing one group alone costs, after least squares",
          "Scores of the filters, by obs", "Channels that stay", "In 8 bits",
          "What frames showed, and what 8 bits cover", "Time of each layer", "Where it came from",
        ])
      // Divergence and agreement of the candidates, divergence and changed classes of the steps.
      #expect(sections.pictures["Networks that competed, on 2 held-back frames"] == 4)
      // One for each of the network's 9 groups.
      #expect(sections.pictures["Scores of the filters, by obs"] == 9)
      #expect(sections.pictures["Time of each layer"] == 1)
      for part in ["it is an input of the network", "--prune 0.5", "source-sha256"] {
        #expect(text.contains(part), "\(part)")
      }
      for part in ["<script", "src=", "href="] { #expect(!text.contains(part), "\(part)") }
    }
  }

  @Test func `shows which layers stay in float32, and why`() throws {
    try withFolder { folder in
      let (text, sections) = try page(["--calibrate", Signs.pictures, "--keep-float", "logits"], folder)
      #expect(sections.headings.contains("Layers that stay in float32"))
      #expect(!sections.headings.contains { $0.hasPrefix("Pruned") })
      #expect(text.contains("kept by --keep-float"))
    }
  }

  @Test func `is one whole file, and nothing where it cannot be written`() throws {
    try withFolder { folder in
      let (_, sections) = try page([], folder)
      #expect(sections.headings == ["Time of each layer", "Where it came from"])
      #expect(
        Set(try FileManager.default.contentsOfDirectory(atPath: folder)) == ["page.html", "signs.espalier"])
      let run = try CommandRun(
        ["compile", Signs.model] + Signs.compileOptions
          + ["-o", "\(folder)/again.espalier", "--report", "\(folder)/none/page.html"])
      #expect(run.status == 1)
      #expect(run.errors.contains("\(folder)/none/page.html"), "\(run.errors)")
      let same = try CommandRun(
        ["compile", Signs.model, "-o", "\(folder)/x.html", "--report", "\(folder)/x.html"])
      #expect(same.status == 2)
      #expect(!FileManager.default.fileExists(atPath: "\(folder)/x.html"))
    }
  }
}
