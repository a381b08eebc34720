internal import EspalierReport

/// What a page shows of pruning.
struct PruningPage {
  let report: PruningReport

  /// More groups than this are folded away.
  private static let openLimit = 8
  private static let small = (width: 340.0, height: 220.0)

  func add(to page: inout Page) {
    page.heading("Pruned for \(report.asked)")
    page.paragraph(
      """
      Filters ranked by \(report.criterion), widths by \(report.allocation): \
      \(Format.count(report.multiply_adds)) multiply-adds of \(Format.count(report.multiply_adds_before)), \
      \(Format.count(report.parameters)) parameters of \(Format.count(report.parameters_before)).
      """)
    if report.judged_frames > 0 { addCandidates(&page) }
    addWidths(&page)
    addCurves(&page)
    addRanks(&page)
    if !report.frozen.isEmpty {
      page.heading("Channels that stay")
      page.table(
        [("channels", true), ("because", false)], report.frozen.map { ["\($0.channels)", $0.reason] })
    }
  }

  // MARK: - Networks that competed

  private func addCandidates(_ page: inout Page) {
    let names = report.candidates.reduce(into: [String]()) { names, candidate in
      if !names.contains(candidate.allocation) { names.append(candidate.allocation) }
    }
    // The baseline first: it has the same color everywhere.
    let order = names.filter { $0 == "uniform" } + names.filter { $0 != "uniform" }
    func chart(_ title: String, _ y: Axis, _ value: (PruningReport.Candidate) -> Double?, final: Double?)
      -> Chart
    {
      var series = order.map { name in
        Chart.Series(
          name == "uniform" ? "uniform (baseline)" : name,
          report.candidates.filter { $0.allocation == name }.compactMap { candidate in
            value(candidate).map { (Double(candidate.multiply_adds) / 1e6, $0) }
          }, style: .points)
      }
      if report.stages.last?.step == "distillation", let final {
        series.append(
          Chart.Series("distilled", [(Double(report.multiply_adds) / 1e6, final)], style: .points))
      }
      // Near the budget, where all of them are, with some room at both ends.
      let counts = series.flatMap { $0.points.map(\.x) }
      let (least, most) = (counts.min() ?? 0, counts.max() ?? 0)
      let room = max(0.02 * most, 0.2 * (most - least))
      return Chart(
        title, x: Axis("multiply-adds, millions", range: least - room...most + room), y: y, series: series)
    }
    page.heading("Networks that competed, on \(report.judged_frames) held-back frames")
    var charts = [
      chart(
        "Divergence from the whole network", Axis("divergence", isLogarithmic: true), \.divergence,
        final: report.divergence)
    ]
    if report.disagreement != nil {
      charts.append(
        chart(
          "Agreement with the whole network", Axis("same class, %"),
          { $0.disagreement.map { 100 - 100 * $0 } },
          final: report.disagreement.map { 100 - 100 * $0 }))
    }
    page.charts(charts + recovery)
    page.folded("numbers") {
      $0.table(
        [
          ("widths by", false), ("step", true), ("multiply-adds", true), ("divergence", true),
          ("other class", true),
          ("", false),
        ],
        report.candidates.map { candidate in
          [
            candidate.allocation, "\(candidate.step)", Format.count(candidate.multiply_adds),
            Format.fixed(candidate.divergence, 5), percent(candidate.disagreement),
            candidate.chosen ? "chosen" : "",
          ]
        })
      $0.table(
        [("after", false), ("divergence", true), ("other class", true)],
        report.stages.map { [$0.step, Format.fixed($0.divergence, 5), percent($0.disagreement)] })
    }
  }

  private func percent(_ share: Double?) -> String { share.map { "\(Format.fixed($0 * 100, 2)) %" } ?? "" }

  /// What every step of recovery gave back.
  private var recovery: [Chart] {
    let stages = Axis("after", categories: report.stages.map(\.step))
    func bars(_ value: (PruningReport.Recovery) -> Double?) -> [Chart.Series] {
      let points = report.stages.enumerated().compactMap { place, stage in
        value(stage).map { (Double(place), $0) }
      }
      return points.isEmpty ? [] : [Chart.Series("held back", points, style: .bars)]
    }
    var charts = [
      Chart(
        "Recovery: divergence", x: stages, y: Axis("divergence", isLogarithmic: true),
        series: bars(\.divergence))
    ]
    let changed = bars { $0.disagreement.map { $0 * 100 } }
    if !changed.isEmpty {
      charts.append(
        Chart("Recovery: frames with another class", x: stages, y: Axis("% of frames"), series: changed))
    }
    if report.training.count > 1 {
      charts.append(
        Chart(
          "Distillation of the whole network", x: Axis("step"), y: Axis("divergence", isLogarithmic: true),
          series: [Chart.Series("held back", report.training.map { (Double($0.step), $0.loss) })]))
    }
    return charts
  }

  // MARK: - Groups

  private func addWidths(_ page: inout Page) {
    page.heading("Widths")
    let names = Axis("filters of", categories: report.groups.map { ReportText.names($0.layers) })
    func series(_ name: String, _ width: (PruningReport.Group) -> Int) -> Chart.Series {
      Chart.Series(name, report.groups.enumerated().map { (Double($0), Double(width($1))) }, style: .bars)
    }
    page.charts([
      Chart(
        "Channels of each group", x: names, y: Axis("channels"),
        series: [series("before", \.before), series("after", \.after)],
        width: ReportText.width(of: report.groups.count), height: 340)
    ])
    page.folded("numbers") {
      $0.table(
        [("layers that make them", false), ("before", true), ("after", true)],
        report.groups.map { [$0.layers.joined(separator: ", "), "\($0.before)", "\($0.after)"] })
    }
  }

  private func addCurves(_ page: inout Page) {
    let curves = report.groups.filter { !($0.curve ?? []).isEmpty }
    let losses = curves.flatMap { ($0.curve ?? []).map { $0[1] } }.filter { $0 > 0 }
    guard let least = losses.min(), let most = losses.max() else { return }
    page.heading("Sensitivity: what narrowing one group alone costs, after least squares")
    let charts = curves.map { group in
      Chart(
        ReportText.names(group.layers), x: Axis("channels kept, %", range: 0...100),
        y: Axis("divergence", isLogarithmic: true, range: least...max(most, least * 10)),
        series: [
          Chart.Series(
            "divergence", (group.curve ?? []).map { (100 * $0[0] / Double(max(1, group.before)), $0[1]) })
        ],
        marks: [Chart.Mark(100 * Double(group.after) / Double(max(1, group.before)), "chosen")],
        width: Self.small.width, height: Self.small.height)
    }
    add(charts, "groups", to: &page)
  }

  private func addRanks(_ page: inout Page) {
    page.heading("Scores of the filters, by \(report.criterion)")
    let inOneCut = Set(report.candidates.map(\.step)).count <= 1
    let charts = report.groups.map { group in
      let isSpread = (group.scores.last ?? 0) > 100 * max(group.scores.first ?? 0, 0)
      return Chart(
        ReportText.names(group.layers), x: Axis("filters, the least important first"),
        y: Axis("score", isLogarithmic: isSpread),
        series: [
          Chart.Series("score", group.scores.enumerated().map { (Double($0), $1) }, style: .steps)
        ],
        marks: inOneCut && group.after < group.before
          ? [Chart.Mark(Double(group.before - group.after), "cut")] : [],
        width: Self.small.width, height: Self.small.height)
    }
    add(charts, "groups", to: &page)
  }

  /// The first of many small charts, and the others folded away.
  private func add(_ charts: [Chart], _ noun: String, to page: inout Page) {
    guard charts.count > Self.openLimit + 1 else { return page.charts(charts) }
    page.charts(Array(charts.prefix(Self.openLimit - 2)))
    page.folded("\(charts.count - Self.openLimit + 2) more \(noun)") {
      $0.charts(Array(charts.dropFirst(Self.openLimit - 2)))
    }
  }
}
