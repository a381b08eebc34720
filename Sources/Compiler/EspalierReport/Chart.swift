/// A picture of numbers, as an SVG element that stands within a page or in a file of its own.
public struct Chart: Sendable {
  /// How the points of a series are drawn.
  public enum Style: Sendable {
    case line, points, linePoints
    /// An edge of constant height from each point to the next.
    case steps
    /// Filled down to 0, or to the edge of a logarithmic axis; those of several series stand side by side.
    case bars
    /// Small and without words of their own, for thousands of points.
    case specks
  }

  public struct Series: Sendable {
    public var name: String
    public var points: [(x: Double, y: Double)]
    public var style: Style

    public init(_ name: String, _ points: [(x: Double, y: Double)], style: Style = .linePoints) {
      (self.name, self.points, self.style) = (name, points, style)
    }
  }

  /// A vertical line with a word beside it.
  public struct Mark: Sendable {
    public var x: Double
    public var label: String

    public init(_ x: Double, _ label: String) { (self.x, self.label) = (x, label) }
  }

  /// A horizontal line with a word above it.
  public struct Level: Sendable {
    public var y: Double
    public var label: String

    public init(_ y: Double, _ label: String) { (self.y, self.label) = (y, label) }
  }

  public var title: String
  public var horizontal: Axis
  public var vertical: Axis
  public var series: [Series]
  public var marks: [Mark]
  public var levels: [Level]
  /// Pixels.
  public var width: Double
  public var height: Double

  public init(
    _ title: String, x: Axis, y: Axis, series: [Series], marks: [Mark] = [], levels: [Level] = [],
    width: Double = 520, height: Double = 300
  ) {
    (self.title, horizontal, vertical) = (title, x, y)
    (self.series, self.marks, self.levels) = (series, marks, levels)
    (self.width, self.height) = (width, height)
  }

  private var margin: (left: Double, right: Double, top: Double, bottom: Double) {
    (58, 14, legendHasOwnLine ? 48 : 30, tiltsCategories ? 34 + min(100, 0.62 * longestCategory) : 44)
  }

  /// About how many pixels small letters take.
  private static func breadth(_ text: String) -> Double {
    text.reduce(0) { $0 + ("mwMW%".contains($1) ? 10.5 : "iljtfr.,:;()|/ 1".contains($1) ? 4.6 : 6.9) }
  }

  private var longestCategory: Double {
    horizontal.categories.map(Self.breadth).max() ?? 0
  }

  /// Names that do not fit beside one another stand askew.
  private var tiltsCategories: Bool {
    longestCategory * Double(horizontal.categories.count) > width - 72
  }

  public var svg: String {
    let all = series.flatMap(\.points)
    let x = Scale(
      horizontal, all.map(\.x) + marks.map(\.x), from: margin.left, to: width - margin.right)
    let hasBars = series.contains { if case .bars = $0.style { true } else { false } }
    let y = Scale(
      vertical, all.map(\.y) + levels.map(\.y) + (hasBars ? [0] : []), from: height - margin.bottom,
      to: margin.top)
    var parts = [text(title, x: margin.left, y: 16, style: "title")]
    parts += grid(x, y)
    for (index, own) in series.enumerated() { parts += draw(own, color: index, x, y) }
    parts += draw(marks, x)
    parts += levels.compactMap { level in y.place(level.y).map { line(level, at: $0) } }
    parts += legend
    return element(
      "svg",
      [
        ("xmlns", "http://www.w3.org/2000/svg"), ("viewBox", "0 0 \(whole(width)) \(whole(height))"),
        ("width", whole(width)), ("height", whole(height)), ("class", "chart"), ("role", "img"),
        ("aria-label", title),
      ], parts.joined(separator: "\n"))
  }

  // MARK: - Parts

  private func grid(_ x: Scale, _ y: Scale) -> [String] {
    let (left, right) = (margin.left, width - margin.right)
    let (top, bottom) = (margin.top, height - margin.bottom)
    var parts: [String] = []
    for tick in y.ticks(5) {
      guard let place = y.place(tick) else { continue }
      parts.append(stroke(left, place, right, place, "grid"))
      parts.append(text(NumberText.short(tick), x: left - 6, y: place + 4, style: "tick", anchor: "end"))
    }
    parts += horizontalTicks(x, bottom)
    parts.append(stroke(left, bottom, right, bottom, "axis"))
    parts.append(
      text(horizontal.label, x: (left + right) / 2, y: height - 8, style: "label", anchor: "middle"))
    let middle = (top + bottom) / 2
    parts.append(
      element(
        "text",
        [
          ("class", "label"), ("text-anchor", "middle"),
          ("transform", "translate(13 \(short(middle))) rotate(-90)"),
        ], escaped(vertical.label)))
    return parts
  }

  private func horizontalTicks(_ x: Scale, _ bottom: Double) -> [String] {
    let names = horizontal.categories
    let ticks =
      names.isEmpty
      ? x.ticks(7).map { ($0, NumberText.short($0)) } : names.enumerated().map { (Double($0), $1) }
    return ticks.flatMap { tick, name -> [String] in
      guard let place = x.place(tick) else { return [] }
      let line = stroke(place, bottom, place, bottom + 4, "axis")
      guard tiltsCategories else {
        return [line, text(name, x: place, y: bottom + 17, style: "tick", anchor: "middle")]
      }
      let turned = "translate(\(short(place + 3)) \(short(bottom + 13))) rotate(-40)"
      return [
        line,
        element(
          "text", [("class", "tick"), ("text-anchor", "end"), ("transform", turned)], escaped(name)),
      ]
    }
  }

  private func draw(_ series: Series, color: Int, _ x: Scale, _ y: Scale) -> [String] {
    var series = series
    series.points = series.points.filter { x.place($0.x) != nil && y.place($0.y) != nil }
    let places = series.points.compactMap { point -> (x: Double, y: Double)? in
      guard let across = x.place(point.x), let up = y.place(point.y) else { return nil }
      return (across, up)
    }
    let style = "s\(color % 6)"
    switch series.style {
    case .line: return [path(places, style)]
    case .linePoints: return [path(places, style)] + dots(places, series, style)
    case .points: return dots(places, series, style)
    case .specks: return [specks(places, style)]
    case .steps:
      let corners = zip(places, places.dropFirst()).flatMap { [$0, (x: $1.x, y: $0.y)] }
      return [path(corners + places.suffix(1), style)]
    case .bars:
      return bars(places, series, color, style, floor: y.place(0) ?? height - margin.bottom, x)
    }
  }

  private func bars(
    _ places: [(x: Double, y: Double)], _ own: Series, _ color: Int, _ style: String, floor: Double,
    _ x: Scale
  ) -> [String] {
    let all = series.indices.filter { if case .bars = series[$0].style { true } else { false } }
    let step =
      horizontal.categories.isEmpty ? nil : x.place(1).flatMap { one in x.place(0).map { one - $0 } }
    let gap = step ?? zip(places, places.dropFirst()).map { $1.x - $0.x }.min() ?? 8
    // A bar alone among names is no wall.
    let whole = horizontal.categories.isEmpty ? gap * 0.9 : min(gap * 0.8, 44 * Double(all.count))
    let breadth = whole / Double(all.count)
    let shift = Double(all.firstIndex(of: color) ?? 0) * breadth - whole / 2
    return zip(places, own.points).map { place, point in
      let name =
        horizontal.categories.indices.contains(Int(point.x)) ? horizontal.categories[Int(point.x)] : ""
      let rectangle: [(String, String)] = [
        ("class", "fill \(style)"), ("x", short(place.x + shift)), ("y", short(min(place.y, floor))),
        ("width", short(max(0.5, breadth))), ("height", short(abs(floor - place.y))),
      ]
      guard !name.isEmpty else { return element("rect", rectangle) }
      let note = "\(name), \(own.name): \(NumberText.short(point.y))"
      return element("rect", rectangle, element("title", [], escaped(note)))
    }
  }

  private func dots(_ places: [(x: Double, y: Double)], _ series: Series, _ style: String) -> [String] {
    zip(places, series.points).map { place, point in
      element(
        "circle",
        [("class", "fill \(style)"), ("cx", short(place.x)), ("cy", short(place.y)), ("r", "3")],
        element(
          "title", [],
          escaped("\(series.name): \(NumberText.short(point.x)), \(NumberText.short(point.y))")))
    }
  }

  private func path(_ places: [(x: Double, y: Double)], _ style: String) -> String {
    let list = places.map { "\(short($0.x)),\(short($0.y))" }.joined(separator: " ")
    return element("polyline", [("class", "line \(style)"), ("points", list)])
  }

  /// Half a pixel tells specks apart; those that lie on one another are drawn once.
  private func specks(_ places: [(x: Double, y: Double)], _ style: String) -> String {
    var seen = Set<String>()
    let moves = places.map { place in
      "M\((place.x * 2).rounded() / 2) \((place.y * 2).rounded() / 2)h0"
    }.filter { seen.insert($0).inserted }
    return element("path", [("class", "specks \(style)"), ("d", moves.joined())])
  }

  private func line(_ level: Level, at place: Double) -> String {
    let right = width - margin.right
    return stroke(margin.left, place, right, place, "mark")
      + text(level.label, x: right - 4, y: place - 4, style: "tick", anchor: "end")
  }

  /// Words that would lie on one another stand one below the other.
  private func draw(_ marks: [Mark], _ x: Scale) -> [String] {
    var ends: [Double] = []
    let places = marks.compactMap { mark in x.place(mark.x).map { (mark, $0) } }.sorted { $0.1 < $1.1 }
    return places.map { mark, place in
      let onRight = place < width * 0.7
      let breadth = Self.breadth(mark.label) + 8
      let (start, end) = onRight ? (place, place + breadth) : (place - breadth, place)
      let row = ends.firstIndex { $0 <= start } ?? ends.count
      if row == ends.count { ends.append(end) } else { ends[row] = end }
      return stroke(place, margin.top, place, height - margin.bottom, "mark")
        + text(
          mark.label, x: place + (onRight ? 4 : -4), y: margin.top + 10 + 13 * Double(row), style: "tick",
          anchor: onRight ? "start" : "end")
    }
  }

  private var legendHasOwnLine: Bool {
    guard series.count > 1 else { return false }
    let names = series.reduce(0) { $0 + Self.breadth($1.name) + 22 }
    return 7.2 * Double(title.count) + names + 20 > width - 72
  }

  /// Names of the series, where there are several.
  private var legend: [String] {
    guard series.count > 1 else { return [] }
    let line = legendHasOwnLine ? 34.0 : 16
    var place = width - margin.right
    var parts: [String] = []
    for (index, own) in series.enumerated().reversed() {
      parts.append(text(own.name, x: place, y: line, style: "tick", anchor: "end"))
      place -= Self.breadth(own.name) + 13
      let square = [("x", short(place)), ("y", short(line - 8)), ("width", "9"), ("height", "9")]
      parts.append(element("rect", [("class", "fill s\(index % 6)")] + square))
      place -= 10
    }
    return parts
  }

  // MARK: - Marks on the page

  private func text(
    _ content: String, x: Double, y: Double, style: String, anchor: String = "start"
  ) -> String {
    element(
      "text", [("class", style), ("x", short(x)), ("y", short(y)), ("text-anchor", anchor)], escaped(content))
  }

  private func stroke(_ x1: Double, _ y1: Double, _ x2: Double, _ y2: Double, _ style: String) -> String {
    element(
      "line",
      [("class", style), ("x1", short(x1)), ("y1", short(y1)), ("x2", short(x2)), ("y2", short(y2))])
  }

  private func short(_ number: Double) -> String { "\((number * 10).rounded() / 10)" }
  private func whole(_ number: Double) -> String { "\(Int(number))" }
}
