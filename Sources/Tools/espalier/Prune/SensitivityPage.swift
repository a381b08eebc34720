internal import EspalierReport

/// The page that `sensitivity --report` writes.
struct SensitivityPage {
  let report: SensitivityReport

  private static let openLimit = 9

  var page: Page {
    var page = Page(
      "Weights of \(report.model)", subtitle: "\(report.layers.count) layers over \(report.frames) frames")
    page.paragraph(report.note)
    page.heading("The whole network")
    page.charts(network)
    page.table(
      [("whole network", false), ("divergence", true), ("other class", true), ("bits a weight", true)],
      report.rows)
    page.heading("Layer by layer: the smallest weights of one layer become 0")
    let charts = layers
    page.charts(Array(charts.prefix(Self.openLimit)))
    if charts.count > Self.openLimit {
      page.folded("\(charts.count - Self.openLimit) more layers") {
        $0.charts(Array(charts.dropFirst(Self.openLimit)))
      }
    }
    page.folded("numbers") {
      $0.table(
        [("layer", false), ("weights", true)]
          + report.network.map { ("\(Format.fixed($0.sparsity * 100, 0)) %", true) },
        report.layers.map { layer in
          [layer.name, "\(layer.weights)"] + layer.points.map { SensitivityReport.number($0.divergence) }
        })
    }
    return page
  }

  private static func percent(_ share: Double) -> Double { 100 * share }

  private var network: [Chart] {
    let sparse = report.network.map { (x: $0.bits, y: $0.divergence) }
    let shared = report.clustering.map { (x: $0.bits, y: $0.divergence) }
    var charts = [
      Chart(
        "Divergence from the network itself", x: Axis("weights at 0, %", range: 0...100),
        y: Axis("divergence", isLogarithmic: true),
        series: [
          Chart.Series("sparse", report.network.map { (Self.percent($0.sparsity), $0.divergence) })
        ])
    ]
    let rates = report.network.compactMap { point in
      point.disagreement.map { (x: Self.percent(point.sparsity), y: Self.percent(1 - $0)) }
    }
    if !rates.isEmpty {
      charts.append(
        Chart(
          "Frames with the same class", x: Axis("weights at 0, %", range: 0...100), y: Axis("% of frames"),
          series: [Chart.Series("sparse", rates)]))
    }
    charts.append(
      Chart(
        "Divergence against size", x: Axis("bits a weight, of 32", range: 0...32),
        y: Axis("divergence", isLogarithmic: true),
        series: [Chart.Series("weights at 0", sparse), Chart.Series("shared values", shared)]))
    return charts
  }

  private var layers: [Chart] {
    let losses = report.layers.flatMap { $0.points.map(\.divergence) }.filter { $0 > 0 }
    // One range for all: charts can be compared.
    let least = max(losses.min() ?? 1e-6, 1e-9)
    let range = least...max(losses.max() ?? 1, least * 10)
    return report.layers.map { layer in
      Chart(
        ReportText.short(layer.name), x: Axis("weights at 0, %", range: 0...100),
        y: Axis("divergence", isLogarithmic: true, range: range),
        series: [
          Chart.Series("divergence", layer.points.map { (Self.percent($0.sparsity), $0.divergence) })
        ], width: 340, height: 220)
    }
  }
}
