import EspalierReport
import Foundation
import Testing

#if canImport(FoundationXML)
  import FoundationXML
#endif

/// What an XML parser finds in a picture.
private final class Markup: NSObject, XMLParserDelegate {
  private(set) var elements: [(name: String, attributes: [String: String])] = []
  private(set) var text = ""

  init(_ source: String) throws {
    super.init()
    let parser = XMLParser(data: Data(source.utf8))
    parser.delegate = self
    #expect(parser.parse(), "\(String(describing: parser.parserError))")
  }

  func parser(
    _ parser: XMLParser, didStartElement name: String, namespaceURI: String?, qualifiedName: String?,
    attributes: [String: String]
  ) {
    elements.append((name, attributes))
  }

  func parser(_ parser: XMLParser, foundCharacters string: String) { text += string }

  func all(_ name: String, class style: String) -> [[String: String]] {
    elements.filter { $0.name == name && $0.attributes["class"] == style }.map(\.attributes)
  }
}

@Suite("Charts") struct ChartTests {
  @Test func `places points by their numbers, from the lower left corner up`() throws {
    let chart = Chart(
      "t", x: Axis("x", range: 0...10), y: Axis("y", range: 0...100),
      series: [Chart.Series("s", [(0, 0), (5, 50), (10, 100)])], width: 572, height: 374)
    let dots = try Markup(chart.svg).all("circle", class: "fill s0")
    #expect(dots.map { $0["cx"] } == ["58.0", "308.0", "558.0"])
    #expect(dots.map { $0["cy"] } == ["330.0", "180.0", "30.0"])
  }

  @Test func `sets powers of ten equally far apart on a logarithmic axis, and leaves out 0`() throws {
    let chart = Chart(
      "t", x: Axis("x"), y: Axis("y", isLogarithmic: true),
      series: [Chart.Series("s", [(0, 0), (1, 1), (2, 10), (3, 100)])])
    let dots = try Markup(chart.svg).all("circle", class: "fill s0").compactMap {
      $0["cy"].flatMap(Double.init)
    }
    #expect(dots.count == 3)
    #expect(abs((dots[0] - dots[1]) - (dots[1] - dots[2])) < 0.2)
  }

  @Test func `words of marks that lie near one another stand one below the other`() throws {
    let chart = Chart(
      "t", x: Axis("x", range: 0...100), y: Axis("y"), series: [Chart.Series("s", [(0, 1), (100, 1)])],
      marks: [Chart.Mark(11, "median"), Chart.Mark(12, "p99"), Chart.Mark(50, "far")])
    let labels = try Markup(chart.svg).all("text", class: "tick").filter { $0["text-anchor"] == "start" }
    let heights = labels.compactMap { $0["y"].flatMap(Double.init) }
    #expect(heights.count == 3)
    #expect(heights[1] == heights[0] + 13)
    #expect(heights[2] == heights[0])
  }

  @Test func `a level is a line across at its number, above which its word stands`() throws {
    let chart = Chart(
      "t", x: Axis("x", range: 0...10), y: Axis("y", range: 0...100),
      series: [Chart.Series("s", [(0, 0), (10, 100)], style: .specks)], levels: [Chart.Level(50, "limit")],
      width: 572, height: 374)
    let markup = try Markup(chart.svg)
    let lines = markup.all("line", class: "mark")
    #expect(lines.map { [$0["x1"], $0["y1"], $0["x2"], $0["y2"]] } == [["58.0", "180.0", "558.0", "180.0"]])
    #expect(markup.text.contains("limit"))
  }

  @Test func `specks are one path, and those on one another are drawn once`() throws {
    let chart = Chart(
      "t", x: Axis("x", range: 0...10), y: Axis("y", range: 0...100),
      series: [Chart.Series("s", [(0, 0), (0, 0.01), (5, 50)], style: .specks)], width: 572, height: 374)
    let paths = try Markup(chart.svg).all("path", class: "specks s0")
    #expect(paths.map { $0["d"] } == ["M58.0 330.0h0M308.0 180.0h0"])
  }

  @Test func `a drawing is one file with its own colors, its charts one below the other`() throws {
    let chart = Chart("t", x: Axis("x"), y: Axis("y"), series: [], width: 500, height: 200)
    let markup = try Markup(Drawing([chart, chart]).svg)
    #expect(markup.elements[0].attributes["height"] == "400")
    #expect(
      markup.elements.filter { $0.name == "g" }.map { $0.attributes["transform"] } == [
        "translate(0 0)", "translate(0 200)",
      ])
    #expect(markup.elements.contains { $0.name == "style" })
  }

  @Test func `stands bars on 0 and marks what is worth a line`() throws {
    let chart = Chart(
      "t", x: Axis("x"), y: Axis("y"), series: [Chart.Series("s", [(0, 5), (1, 7)], style: .bars)],
      marks: [Chart.Mark(0.5, "half")])
    let markup = try Markup(chart.svg)
    let bars = markup.all("rect", class: "fill s0")
    let feet = try bars.map { bar in
      try #require(bar["y"].flatMap(Double.init)) + (try #require(bar["height"].flatMap(Double.init)))
    }
    #expect(feet == [256, 256])
    #expect(markup.all("line", class: "mark").count == 1)
    #expect(markup.text.contains("half"))
  }

  @Test func `stands bars of several series side by side over their names, askew where they do not fit`()
    throws
  {
    let long = "a/long/name/of/a/layer"
    for (names, isAskew) in [(["cut", "fitted"], false), ([String](repeating: long, count: 9), true)] {
      let points = names.indices.map { (x: Double($0), y: 1.0) }
      let chart = Chart(
        "t", x: Axis("after", categories: names), y: Axis("y"),
        series: ["before", "after"].map { Chart.Series($0, points, style: .bars) })
      let markup = try Markup(chart.svg)
      func edges(_ style: String) throws -> [(left: Double, right: Double)] {
        try markup.all("rect", class: style).filter { $0["height"] != "9" }.map { bar in
          let left = try #require(bar["x"].flatMap(Double.init))
          return (left, left + (try #require(bar["width"].flatMap(Double.init))))
        }
      }
      let (first, second) = (try edges("fill s0"), try edges("fill s1"))
      #expect(first.count == names.count && second.count == names.count)
      for (a, b) in zip(first, second) { #expect(abs(a.right - b.left) < 0.2) }
      for (b, next) in zip(second, first.dropFirst()) { #expect(b.right < next.left) }
      let turned = markup.all("text", class: "tick").filter { $0["transform"] != nil }
      #expect(turned.count == (isAskew ? names.count : 0))
      #expect(markup.text.contains(names[0]))
    }
  }

  @Test func `lets bars of a logarithmic axis begin at its edge, and draws none for 0`() throws {
    let chart = Chart(
      "t", x: Axis("x", categories: ["a", "b", "c"]), y: Axis("y", isLogarithmic: true),
      series: [Chart.Series("s", [(0, 0.1), (1, 0), (2, 100)], style: .bars)])
    let bars = try Markup(chart.svg).all("rect", class: "fill s0")
    #expect(bars.count == 2)
    let heights = bars.compactMap { $0["height"].flatMap(Double.init) }
    #expect(heights[0] == 0 && heights[1] > 200)
  }

  @Test func `draws nothing for numbers that are none, and stays well formed whatever the names`() throws {
    let chart = Chart(
      "a < b & \"c\"", x: Axis("<x>"), y: Axis("y"),
      series: [
        Chart.Series("<s>", [(.nan, 1), (1, .infinity)]), Chart.Series("empty", [], style: .bars),
      ])
    let markup = try Markup(chart.svg)
    #expect(markup.all("circle", class: "fill s0").isEmpty)
    #expect(markup.text.contains("a < b & \"c\""))
  }

  @Test(arguments: [
    (0, "0"), (0.5, "0.5"), (-12.34, "-12.3"), (1_234, "1234"), (26_400_000, "26.4M"), (45_000, "45k"),
    (0.000_02, "2e-05"),
  ])
  func `writes numbers as people read them`(number: Double, text: String) {
    #expect(NumberText.short(number) == text)
  }
}

@Suite("Pages") struct PageTests {
  @Test func `holds everything itself: no scripts, nothing from elsewhere, names escaped`() {
    var page = Page("<model>", subtitle: "a & b")
    page.heading("Numbers")
    page.facts([("1 ms", "a frame")])
    page.table([("layer", false), ("ms", true)], [["conv<1>", "0.1"]])
    page.code("espalier <x>")
    page.folded("more") { $0.paragraph("inside") }
    let html = page.html
    #expect(html.hasPrefix("<!doctype html>"))
    for part in [
      "<h1>&lt;model&gt;</h1>", "a &amp; b", "<td>conv&lt;1&gt;</td><td class=\"number\">0.1</td>",
      "<pre>espalier &lt;x&gt;</pre>", "<details><summary>more</summary>", "<p>inside</p>",
    ] {
      #expect(html.contains(part), "\(part)")
    }
    for part in ["<script", "src=", "href=", "@import"] { #expect(!html.contains(part), "\(part)") }
  }
}
