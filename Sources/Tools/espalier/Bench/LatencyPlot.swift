internal import EspalierMedia
internal import EspalierReport

/// Two pictures of a run: how often frames took how long, and when.
struct LatencyPlot {
  let title: String
  let subtitle: String
  /// Milliseconds that are judged: of frames, or of a camera's outputs.
  let times: [Double]
  /// Seconds since the run began at which each frame began.
  let moments: [Double]
  /// What the times are of.
  let quantity: String
  /// A limit to draw, with its name.
  let limit: (milliseconds: Double, name: String)?
  /// Numbers over the pictures of a page.
  let facts: [(value: String, name: String)]

  /// - Throws: `MediaError`; the path's ending says whether it is a page or a picture.
  func write(to path: String) throws {
    let text = path.hasSuffix(".svg") ? Drawing(charts).svg : page.html
    try Files.write(Array(text.utf8), to: path)
  }

  var page: Page {
    var page = Page(title, subtitle: subtitle)
    page.facts(facts)
    page.charts(charts)
    return page
  }

  var charts: [Chart] { [histogram, series] }

  /// The edges of the histogram's bins: 80 over all that is shown, the limit too where it is near.
  private var range: ClosedRange<Double> {
    let (least, most) = (times.min() ?? 0, times.max() ?? 1)
    let low = least > most / 4 ? least - (most - least) * 0.02 : 0
    let far = limit.map { $0.milliseconds < 2 * most ? max(most, $0.milliseconds * 1.02) : most } ?? most
    return max(0, low)...max(far, low + 1e-6)
  }

  var histogram: Chart {
    let range = range
    let count = 80
    let breadth = (range.upperBound - range.lowerBound) / Double(count)
    var bins = [Int](repeating: 0, count: count)
    for time in times { bins[min(count - 1, max(0, Int((time - range.lowerBound) / breadth)))] += 1 }
    let points = bins.enumerated().map {
      (x: range.lowerBound + (Double($0) + 0.5) * breadth, y: Double($1))
    }
    var top = 1.0
    while top < Double(bins.max() ?? 1) { top *= 10 }
    return Chart(
      "Distribution of \(times.count) frames", x: Axis("\(quantity), ms", range: range),
      y: Axis("frames", isLogarithmic: true, range: 0.5...top),
      series: [Chart.Series("frames", points, style: .bars)], marks: marks, width: 1_040, height: 280)
  }

  /// The limit and what the sample's percentiles are, as far as so many frames support them.
  private var marks: [Chart.Mark] {
    let statistics = LatencyStatistics(times)
    var marks = [Chart.Mark(statistics.median, "median")]
    for (fraction, name) in [(0.99, "p99"), (0.999, "p99.9")]
    where EarlyStopping.framesNeeded(for: fraction) <= times.count {
      marks.append(Chart.Mark(statistics.percentile(fraction), name))
    }
    if let limit, range.contains(limit.milliseconds) {
      marks.append(Chart.Mark(limit.milliseconds, limit.name))
    }
    return marks
  }

  var series: Chart {
    var levels: [Chart.Level] = []
    if let limit, range.contains(limit.milliseconds) {
      levels.append(
        Chart.Level(limit.milliseconds, "\(limit.name) \(Format.milliseconds(limit.milliseconds))"))
    }
    return Chart(
      "\(quantity) of each frame, in the order in which they came", x: Axis("seconds since the first frame"),
      y: Axis("ms", range: 0...(range.upperBound * 1.05)),
      series: [Chart.Series("frames", zip(moments, times).map { (x: $0, y: $1) }, style: .specks)],
      levels: levels, width: 1_040, height: 300)
  }
}
