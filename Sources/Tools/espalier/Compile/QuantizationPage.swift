internal import EspalierGraph
internal import EspalierObserve
internal import EspalierOperators
internal import EspalierPasses
internal import EspalierReport

/// What a page shows of 8 bits.
struct QuantizationPage {
  let report: CalibrationReport
  let quantization: PostTrainingQuantization

  private static let bins = 64
  private static let openLimit = 6

  func add(to page: inout Page) {
    page.heading("In 8 bits")
    page.paragraph(
      """
      \(report.int8_nodes) nodes, \(Format.fixed(report.int8_share * 100, 1)) % of the multiply-adds; ranges \
      by \(report.method) from \(report.frames) frames.
      """)
    page.table(
      [
        ("against float32", false), ("frames", true), ("output", false), ("cosine", true), ("SNR dB", true),
        ("same class", true),
      ],
      report.groups.flatMap { group in
        group.outputs.map { output in
          [
            group.name, "\(group.frames)", output.name, Format.fixed(output.cosine, 6),
            output.snr_db.isFinite ? Format.fixed(output.snr_db, 1) : "exact",
            group.same_class.map { "\($0)" } ?? "",
          ]
        }
      })
    if !report.float32.isEmpty {
      page.heading("Layers that stay in float32")
      page.table(
        [
          ("layer", false), ("operator", false), ("multiply-adds", true),
          (report.times_of == nil ? "ms more, estimated" : "ms more", true), ("because", false),
        ],
        report.float32.map { node in
          [
            node.node, node.op, Format.count(node.multiply_adds),
            node.extra_ms.map { Format.fixed($0, 3) } ?? "",
            node.reason,
          ]
        })
    }
    page.heading("What frames showed, and what 8 bits cover")
    let charts = values.compactMap(histogram)
    page.charts(Array(charts.prefix(Self.openLimit)))
    guard charts.count > Self.openLimit else { return }
    page.folded("\(charts.count - Self.openLimit) more tensors") {
      $0.charts(Array(charts.dropFirst(Self.openLimit)))
    }
  }

  /// Tensors that 8 bits stand for, in execution order.
  private var values: [ValueID] {
    let (graph, plan) = (quantization.source, quantization.plan)
    return (graph.inputs + graph.nodes.flatMap(\.outputs)).filter { value in
      let beside = graph.consumers(of: value) + (graph.producer(of: value).map { [$0] } ?? [])
      return plan.quantizations[value] != nil && beside.contains { plan.nodes.contains($0.id) }
    }
  }

  private func histogram(_ value: ValueID) -> Chart? {
    guard let statistics = quantization.statistics[value], let first = statistics.histograms.first,
      first.least < first.largest, let covered = quantization.plan.quantizations[value]
    else { return nil }
    let ends = [0, 255].map { Double(covered.value(of: $0)) }
    let width = Histogram.binCount / Self.bins
    let series = zip(statistics.histograms, report.groups).map { histogram, group in
      let points = (0..<Self.bins).map { bin in
        let sum = histogram.counts[bin * width..<(bin + 1) * width].reduce(0, +)
        return (x: Double(histogram.center(of: bin * width + width / 2)), y: Double(sum))
      }
      return Chart.Series(group.name, points, style: report.groups.count == 1 ? .bars : .steps)
    }
    let marks = ends.filter { $0 != 0 }.map { Chart.Mark($0, NumberText.short($0)) }
    return Chart(
      ReportText.short(quantization.source[value].name), x: Axis("value"),
      y: Axis("elements", isLogarithmic: true), series: series, marks: marks, width: 340, height: 220)
  }
}
