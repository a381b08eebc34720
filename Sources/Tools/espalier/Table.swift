internal import Foundation

/// Rows of text in aligned columns.
struct Table {
  enum Alignment { case left, right }

  private let alignments: [Alignment]
  private var rows: [[String]] = []

  /// - Parameter columns: The headings and how their columns are aligned.
  init(_ columns: [(heading: String, Alignment)]) {
    alignments = columns.map(\.1)
    if columns.contains(where: { !$0.heading.isEmpty }) { rows.append(columns.map(\.heading)) }
  }

  /// - Precondition: One cell for each column.
  mutating func add(_ cells: [String]) {
    precondition(cells.count == alignments.count)
    rows.append(cells)
  }

  var text: String {
    let widths = alignments.indices.map { column in rows.map { $0[column].count }.max() ?? 0 }
    return rows.map { row in
      var line = ""
      for (column, cell) in row.enumerated() {
        let gap = String(repeating: " ", count: widths[column] - cell.count)
        line += (column == 0 ? "" : "  ") + (alignments[column] == .right ? gap + cell : cell + gap)
      }
      while line.last == " " { line.removeLast() }
      return line
    }.joined(separator: "\n")
  }
}

/// Numbers as people read them.
enum Format {
  /// `decimals` digits behind the point.
  static func fixed(_ value: Double, _ decimals: Int) -> String {
    guard value.isFinite, abs(value) < 1e15 else { return "\(value)" }
    var scale = 1.0
    for _ in 0..<decimals { scale *= 10 }
    let scaled = (abs(value) * scale).rounded()
    let whole = Int(scaled / scale)
    let rest = String(Int(scaled - Double(whole) * scale))
    let sign = value < 0 && scaled > 0 ? "-" : ""
    guard decimals > 0 else { return "\(sign)\(whole)" }
    return "\(sign)\(whole)." + String(repeating: "0", count: max(0, decimals - rest.count)) + rest
  }

  /// The ratio of signal to noise that a share of noise stands for; infinite for none.
  static func decibels(_ noise: Double) -> Double { noise > 0 ? -10 * log10(noise) : .infinity }

  static func milliseconds(_ value: Double) -> String {
    value < 10
      ? "\(fixed(value, 3)) ms" : value < 1_000 ? "\(fixed(value, 2)) ms" : "\(fixed(value / 1_000, 2)) s"
  }

  static func bytes(_ count: Int) -> String {
    switch count {
    case ..<10_000: "\(count) B"
    case ..<10_000_000: "\(fixed(Double(count) / 1e3, 1)) kB"
    default: "\(fixed(Double(count) / 1e6, 1)) MB"
    }
  }

  /// Counts of parameters and multiply-adds: `3.5 M`.
  static func count(_ count: Int) -> String {
    switch count {
    case ..<10_000: "\(count)"
    case ..<1_000_000: "\(fixed(Double(count) / 1e3, 1)) k"
    case ..<1_000_000_000: "\(fixed(Double(count) / 1e6, 2)) M"
    default: "\(fixed(Double(count) / 1e9, 2)) G"
    }
  }

  static func shape(_ shape: [Int]) -> String { "[\(shape.map(String.init).joined(separator: ", "))]" }

  /// A few significant digits, whatever the size.
  static func significant(_ value: Double) -> String {
    let size = abs(value)
    if size == 0 { return "0" }
    if !size.isFinite || size >= 1e6 || size < 1e-4 {
      guard size.isFinite else { return "\(value)" }
      var (mantissa, exponent) = (value, 0)
      while abs(mantissa) >= 10 { (mantissa, exponent) = (mantissa / 10, exponent + 1) }
      while abs(mantissa) < 1 { (mantissa, exponent) = (mantissa * 10, exponent - 1) }
      return "\(fixed(mantissa, 2))e\(exponent)"
    }
    return fixed(value, size >= 100 ? 2 : size >= 1 ? 4 : 6)
  }
}
