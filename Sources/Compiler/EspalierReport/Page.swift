/// A page of HTML that needs nothing beside itself: styles and pictures stand in it, and no scripts.
public struct Page: Sendable {
  public var title: String
  /// One line under the title.
  public var subtitle: String
  private var body: [String] = []

  public init(_ title: String, subtitle: String = "") { (self.title, self.subtitle) = (title, subtitle) }

  public mutating func heading(_ text: String) { body.append(element("h2", [], escaped(text))) }

  public mutating func paragraph(_ text: String) { body.append(element("p", [], escaped(text))) }

  /// Words that a computer reads, letter by letter.
  public mutating func code(_ text: String) { body.append(element("pre", [], escaped(text))) }

  /// Charts beside one another, as many as fit.
  public mutating func charts(_ charts: [Chart]) {
    guard !charts.isEmpty else { return }
    body.append(element("div", [("class", "charts")], charts.map(\.svg).joined(separator: "\n")))
  }

  /// Numbers that matter most, each with what it is.
  public mutating func facts(_ facts: [(value: String, name: String)]) {
    let cells = facts.map { fact in
      element(
        "div", [("class", "fact")],
        element("div", [("class", "value")], escaped(fact.value))
          + element("div", [("class", "name")], escaped(fact.name)))
    }
    body.append(element("div", [("class", "facts")], cells.joined()))
  }

  /// - Parameter columns: Headings; columns of numbers stand to the right.
  public mutating func table(_ columns: [(heading: String, isNumber: Bool)], _ rows: [[String]]) {
    func cells(_ name: String, _ texts: [String]) -> String {
      zip(columns, texts).map { column, text in
        "<\(name)\(column.isNumber ? " class=\"number\"" : "")>\(escaped(text))</\(name)>"
      }.joined()
    }
    let head = "<thead><tr>\(cells("th", columns.map(\.heading)))</tr></thead>"
    let lines = rows.map { "<tr>\(cells("td", $0))</tr>" }.joined(separator: "\n")
    body.append("<div class=\"table\"><table>\(head)<tbody>\n\(lines)\n</tbody></table></div>")
  }

  /// A part that opens when it is clicked.
  public mutating func folded(_ summary: String, _ fill: (inout Page) -> Void) {
    var inner = Page("")
    fill(&inner)
    body.append(
      "<details><summary>\(escaped(summary))</summary>\n\(inner.body.joined(separator: "\n"))\n</details>")
  }

  public var html: String {
    """
    <!doctype html>
    <html lang="en">
    <head>
    <meta charset="utf-8">
    <meta name="viewport" content="width=device-width, initial-scale=1">
    <title>\(escaped(title))</title>
    <style>
    \(Self.style)
    </style>
    </head>
    <body>
    <h1>\(escaped(title))</h1>
    \(subtitle.isEmpty ? "" : "<p class=\"subtitle\">\(escaped(subtitle))</p>")
    \(body.joined(separator: "\n"))
    </body>
    </html>

    """
  }

  private static let style = """
    \(ChartStyle.colors)
    body { font: 15px/1.5 system-ui, sans-serif; color: var(--ink); background: var(--ground);
      max-width: 1100px; margin: 2rem auto; padding: 0 1rem; }
    h1 { font-size: 1.6rem; margin: 0; }
    h2 { font-size: 1.15rem; margin: 2.2rem 0 .6rem; }
    .subtitle { color: var(--soft); margin-top: .2rem; }
    .facts { display: flex; flex-wrap: wrap; gap: .8rem; margin: 1.2rem 0; }
    .fact { background: var(--panel); border-radius: 8px; padding: .7rem 1rem; min-width: 8rem; }
    .fact .value { font-size: 1.35rem; font-weight: 600; font-variant-numeric: tabular-nums; }
    .fact .name { color: var(--soft); font-size: .85rem; }
    .charts { display: flex; flex-wrap: wrap; gap: 1rem; }
    .chart { max-width: 100%; height: auto; }
    .table { overflow-x: auto; }
    table { border-collapse: collapse; font-size: .88rem; }
    th, td { text-align: left; padding: .25rem .8rem .25rem 0; border-bottom: 1px solid var(--rule);
      vertical-align: top; }
    th { color: var(--soft); font-weight: 500; }
    .number { text-align: right; font-variant-numeric: tabular-nums; }
    pre { background: var(--panel); border-radius: 8px; padding: .7rem 1rem; white-space: pre-wrap;
      overflow-wrap: anywhere; font-size: .85rem; }
    details { margin: .6rem 0; }
    summary { cursor: pointer; color: var(--soft); }
    \(ChartStyle.parts)
    """
}
