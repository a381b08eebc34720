/// Charts in one SVG file that needs nothing beside itself, one below the other.
public struct Drawing: Sendable {
  public var charts: [Chart]

  public init(_ charts: [Chart]) { self.charts = charts }

  public var svg: String {
    let (width, height) = (charts.map(\.width).max() ?? 0, charts.reduce(0) { $0 + $1.height })
    var top = 0.0
    let parts = charts.map { chart in
      defer { top += chart.height }
      return element("g", [("transform", "translate(0 \(Int(top)))")], chart.svg)
    }
    let ground = [("width", "100%"), ("height", "100%"), ("fill", "var(--ground)")]
    return element(
      "svg",
      [
        ("xmlns", "http://www.w3.org/2000/svg"), ("viewBox", "0 0 \(Int(width)) \(Int(height))"),
        ("width", "\(Int(width))"), ("height", "\(Int(height))"),
      ],
      "\n<style>\(ChartStyle.colors)\n\(ChartStyle.parts)</style>\n\(element("rect", ground))\n"
        + parts.joined(separator: "\n") + "\n") + "\n"
  }
}

/// How charts look, on a page and in a file of their own.
enum ChartStyle {
  static let colors = """
    :root { color-scheme: light dark; --ink: #1c2321; --soft: #66706c; --rule: #dfe4e1; --ground: #ffffff;
      --panel: #f5f7f6; }
    @media (prefers-color-scheme: dark) { :root { --ink: #e6ebe8; --soft: #99a49f; --rule: #39423e;
      --ground: #171b19; --panel: #202623; } }
    """

  /// Colors that people with impaired color vision tell apart (Okabe and Ito 2008), on light and on dark ground.
  static let parts = """
    svg text { fill: var(--ink); font: 11px system-ui, sans-serif; }
    svg .title { font-size: 13px; font-weight: 600; }
    svg .tick, svg .label { fill: var(--soft); }
    svg .grid { stroke: var(--rule); }
    svg .axis { stroke: var(--soft); }
    svg .mark { stroke: var(--ink); stroke-dasharray: 3 3; }
    svg .line { fill: none; stroke-width: 1.8; }
    svg .line.s0 { stroke: #0072b2; } svg .fill.s0 { fill: #0072b2; }
    svg .line.s1 { stroke: #e69f00; } svg .fill.s1 { fill: #e69f00; }
    svg .line.s2 { stroke: #009e73; } svg .fill.s2 { fill: #009e73; }
    svg .line.s3 { stroke: #cc79a7; } svg .fill.s3 { fill: #cc79a7; }
    svg .line.s4 { stroke: #d55e00; } svg .fill.s4 { fill: #d55e00; }
    svg .line.s5 { stroke: #56b4e9; } svg .fill.s5 { fill: #56b4e9; }
    svg .specks { fill: none; stroke-width: 2.4; stroke-linecap: round; stroke-opacity: .6; }
    svg .specks.s0 { stroke: #0072b2; }
    svg .specks.s1 { stroke: #e69f00; }
    svg .specks.s2 { stroke: #009e73; }
    svg .specks.s3 { stroke: #cc79a7; }
    svg .specks.s4 { stroke: #d55e00; }
    svg .specks.s5 { stroke: #56b4e9; }
    """
}
