internal import EspalierMedia
internal import EspalierObserve
internal import EspalierReport

/// The page that shows an observation.
enum ObservationPage {
  /// Charts of more tensors than this are left out, but for those with findings.
  private static let chartLimit = 60
  private static let bins = 64

  static func page(_ report: ObservationReport, _ tensors: [ObservedTensor]) -> Page {
    var page = Page(
      "Inside \(Files.name(report.model))", subtitle: "\(tensors.count) tensors over \(report.frames) frames")
    page.heading("Findings")
    if report.findings.isEmpty {
      page.paragraph("No rule fired.")
    } else {
      page.table(
        [("rule", false), ("collection", false), ("tensor", false), ("found", false)],
        report.findings.map { [$0.rule.rawValue, $0.collection.rawValue, $0.tensor, $0.message] })
    }
    let worth = Set(report.findings.map { "\($0.collection)/\($0.tensor)" })
    for collection in TensorCollection.allCases {
      let own = tensors.filter { $0.collection == collection }
      guard !own.isEmpty else { continue }
      page.heading(collection.rawValue)
      if collection == .gradients, let loss = report.loss { page.paragraph("Of the \(loss).") }
      page.charts(overview(own))
      let drawn = own.enumerated().filter { place, tensor in
        place < chartLimit || worth.contains("\(collection)/\(tensor.name)")
      }
      page.folded("distributions of \(drawn.count) of \(own.count) tensors") { inner in
        inner.charts(drawn.compactMap { histogram($0.element) })
      }
      page.folded("numbers") { $0.table(columns, own.map(row)) }
    }
    return page
  }

  /// How large numbers are from the first tensor to the last.
  private static func overview(_ tensors: [ObservedTensor]) -> [Chart] {
    func mean(_ tensor: ObservedTensor, _ reduction: Reduction) -> Double {
      let series = tensor.series(reduction)
      return series.reduce(0, +) / Double(max(1, series.count))
    }
    func series(_ name: String, _ value: (ObservedTensor) -> Double) -> Chart.Series {
      Chart.Series(name, tensors.enumerated().map { (Double($0), value($1)) })
    }
    let place = Axis("tensor, in execution order")
    return [
      Chart(
        "Spread", x: place, y: Axis("standard deviation", isLogarithmic: true),
        series: [series("std") { mean($0, .std) }]),
      Chart(
        "Zeros", x: place, y: Axis("share of elements, %", range: 0...100),
        series: [series("zeros") { 100 * mean($0, .zeros) }]),
    ]
  }

  private static func histogram(_ tensor: ObservedTensor) -> Chart? {
    guard let histogram = tensor.histogram, histogram.least < histogram.largest else { return nil }
    let width = Histogram.binCount / bins
    let points = (0..<bins).map { bin in
      let sum = histogram.counts[bin * width..<(bin + 1) * width].reduce(0, +)
      return (x: Double(histogram.center(of: bin * width + width / 2)), y: Double(sum))
    }
    return Chart(
      tensor.name, x: Axis("value"), y: Axis("elements", isLogarithmic: false),
      series: [Chart.Series(tensor.name, points, style: .bars)],
      marks: tensor.bound.map { [Chart.Mark(Double($0), "bound \($0)")] } ?? [], width: 340, height: 220)
  }

  private static let columns: [(heading: String, isNumber: Bool)] =
    [("tensor", false), ("shape", false)] + Reduction.allCases.map { ($0.rawValue, true) }

  private static func row(_ tensor: ObservedTensor) -> [String] {
    let numbers = Reduction.allCases.map { reduction in
      let series = tensor.series(reduction)
      let value =
        switch reduction {
        case .min: series.min() ?? 0
        case .max: series.max() ?? 0
        default: series.reduce(0, +) / Double(max(1, series.count))
        }
      return NumberText.short(value)
    }
    return [tensor.name, tensor.shape.map { "\($0)" }.joined(separator: "x")] + numbers
  }
}
