internal import EspalierMedia
internal import EspalierPasses
internal import EspalierPlan
internal import EspalierReport

/// The page that `compile --report` writes: what was done to a network, in pictures.
struct CompilePage {
  let model: String
  let summary: Compile.Summary
  let times: LayerTimes
  let quantization: PostTrainingQuantization?
  let provenance: [Plan.Provenance]
  /// As the shell got it, program first.
  let arguments: [String]

  /// Charts of more layers than this leave out the fast ones.
  private static let layerLimit = 40

  var page: Page {
    var page = Page(
      "\(Files.name(model)) compiled",
      subtitle: "\(Files.name(summary.pack)), \(summary.precision), by espalier \(Espalier.version)")
    page.facts(facts)
    for level in summary.levels {
      if let pruning = level.pruning { PruningPage(report: pruning).add(to: &page) }
    }
    if let report = summary.calibration, let quantization {
      QuantizationPage(report: report, quantization: quantization).add(to: &page)
    }
    addTimes(&page)
    page.heading("Where it came from")
    page.code(
      ([Files.name(arguments.first ?? "")] + arguments.dropFirst().map(Self.quoted)).joined(separator: " "))
    page.table([("key", false), ("value", false)], provenance.map { [$0.key, $0.value] })
    return page
  }

  private var facts: [(value: String, name: String)] {
    let limit =
      times.after.frames < GraphTimer.frameCount ? "" : ", p99 \(Format.milliseconds(times.after.p99_ms))"
    var facts = [(Format.milliseconds(times.after.median_ms), "a frame\(limit)")]
    if let before = times.before { facts.append((Format.milliseconds(before.median_ms), "a frame before")) }
    facts += [
      (Format.bytes(summary.bytes), "\(Format.fixed(summary.size_ratio, 2)) of the ONNX file"),
      (Format.count(Int(summary.multiply_adds)), "multiply-adds a frame"),
    ]
    if let pruning = summary.pruning {
      let share = 100 * Double(pruning.multiply_adds) / Double(max(1, pruning.multiply_adds_before))
      facts.append(("\(Format.fixed(share, 1)) %", "of the multiply-adds are left"))
      if let rate = pruning.disagreement, let bound = pruning.disagreement_bound {
        let most = "at most \(Format.fixed(bound * 100, 2)) %, 95 % sure"
        facts.append(
          (
            "\(Format.fixed(rate * 100, 2)) %",
            "of \(pruning.judged_frames) held-back frames change class; \(most)"
          ))
      }
    }
    if let calibration = summary.calibration {
      facts.append(("\(Format.fixed(calibration.int8_share * 100, 1)) %", "of the multiply-adds in 8 bits"))
    }
    return facts
  }

  private func addTimes(_ page: inout Page) {
    page.heading("Time of each layer")
    let slowest = times.layers.sorted {
      max($0.before ?? 0, $0.after ?? 0) > max($1.before ?? 0, $1.after ?? 0)
    }
    let shown = Set(slowest.prefix(Self.layerLimit).map(\.name))
    let layers = times.layers.filter { shown.contains($0.name) }
    func series(_ name: String, _ time: (LayerTimes.Layer) -> Double?) -> Chart.Series? {
      let points = layers.enumerated().compactMap { place, layer in time(layer).map { (Double(place), $0) } }
      return points.isEmpty ? nil : Chart.Series(name, points, style: .bars)
    }
    page.charts([
      Chart(
        "Microseconds of a frame",
        x: Axis(
          times.layers.count > layers.count
            ? "the \(layers.count) slowest of \(times.layers.count) layers" : "layer",
          categories: layers.map { ReportText.short($0.name) }),
        y: Axis("µs"),
        series: [series("before", \.before), series("after", \.after)].compactMap { $0 },
        width: ReportText.width(of: layers.count), height: 340)
    ])
    page.folded("all layers") {
      $0.table(
        [("layer", false), ("µs before", true), ("µs after", true)],
        times.layers.map { layer in
          [layer.name] + [layer.before, layer.after].map { $0.map { Format.fixed($0, 1) } ?? "" }
        })
    }
  }

  /// An argument as a shell takes it.
  private static func quoted(_ argument: String) -> String {
    let plain = argument.utf8.allSatisfy { byte in
      let character = Character(UnicodeScalar(byte))
      return character.isLetter || character.isNumber || "-_./=,:@%+".contains(character)
    }
    return plain && !argument.isEmpty ? argument : "'" + argument.replacing("'", with: "'\\''") + "'"
  }
}

/// Words and sizes that pages have in common.
enum ReportText {
  /// The end of a long name, which tells layers apart.
  static func short(_ name: String) -> String { name.count > 20 ? "…" + name.suffix(19) : name }

  /// Layers that share something: the first one's name, and how many more there are.
  static func names(_ layers: [String]) -> String {
    short(layers.first ?? "") + (layers.count > 1 ? " +\(layers.count - 1)" : "")
  }

  /// Pixels for a chart of so many names.
  static func width(of count: Int) -> Double { min(1_060, max(520, 26 * Double(count) + 80)) }
}
