internal import Foundation

/// One direction of a chart.
public struct Axis: Sendable {
  public var label: String
  /// Powers of ten are equally far apart; numbers at or below 0 are not drawn.
  public var isLogarithmic: Bool
  /// The least and the largest number; nil: those of the data.
  public var range: ClosedRange<Double>?
  /// What stands at 0, 1, 2, …; none: numbers stand there.
  public private(set) var categories: [String] = []

  public init(_ label: String, isLogarithmic: Bool = false, range: ClosedRange<Double>? = nil) {
    (self.label, self.isLogarithmic, self.range) = (label, isLogarithmic, range)
  }

  /// An axis of names, the first at 0, the next at 1.
  public init(_ label: String, categories: [String]) {
    self.init(label, range: -0.5...max(0.5, Double(categories.count) - 0.5))
    self.categories = categories
  }
}

/// Where the numbers of an axis lie on the page.
struct Scale {
  let isLogarithmic: Bool
  private let low: Double
  private let high: Double
  private let start: Double
  private let end: Double

  /// - Parameters:
  ///   - numbers: The data; what is not finite counts for nothing.
  ///   - start, end: The places of the least and the largest number.
  init(_ axis: Axis, _ numbers: [Double], from start: Double, to end: Double) {
    isLogarithmic = axis.isLogarithmic
    let usable = numbers.filter { $0.isFinite && (!axis.isLogarithmic || $0 > 0) }
    var (low, high) = (
      axis.range?.lowerBound ?? usable.min() ?? 0, axis.range?.upperBound ?? usable.max() ?? 1
    )
    if axis.isLogarithmic {
      (low, high) = (log10(max(low, 1e-12)), log10(max(high, 1e-12)))
      if axis.range == nil { (low, high) = (low.rounded(.down), high.rounded(.up)) }
    } else if axis.range == nil {
      // Charts of amounts begin at 0 where 0 is near.
      if low > 0, low < 0.5 * high { low = 0 }
      high += (high - low) * 0.04
    }
    if high <= low { high = low + 1 }
    (self.low, self.high, self.start, self.end) = (low, high, start, end)
  }

  /// The place of a number; nil where it cannot be drawn.
  func place(_ number: Double) -> Double? {
    guard number.isFinite, !isLogarithmic || number > 0 else { return nil }
    let value = isLogarithmic ? log10(number) : number
    return start + (min(max(value, low), high) - low) / (high - low) * (end - start)
  }

  /// Round numbers within the range, at most about `count`.
  func ticks(_ count: Int) -> [Double] {
    guard !isLogarithmic else {
      let step = max(1, ((high - low) / Double(count)).rounded(.up))
      return stride(from: low.rounded(.up), through: high, by: step).map { pow(10, $0) }
    }
    let rough = (high - low) / Double(max(1, count))
    let power = pow(10, log10(rough).rounded(.down))
    let step = [1, 2, 5, 10].map { $0 * power }.first { $0 >= rough * 0.999 } ?? rough
    return stride(from: (low / step).rounded(.up) * step, through: high + step * 1e-6, by: step).map {
      abs($0) < step * 1e-6 ? 0 : $0
    }
  }
}

/// Numbers as people read them.
public enum NumberText {
  /// Three significant digits, and a letter for thousands, millions and billions.
  public static func short(_ number: Double) -> String {
    guard number.isFinite else { return "\(number)" }
    let size = abs(number)
    if size == 0 { return "0" }
    for (unit, factor) in [("G", 1e9), ("M", 1e6), ("k", 1e4)] where size >= factor {
      return digits(number / (unit == "k" ? 1e3 : factor)) + unit
    }
    if size < 1e-3 { return String(format: "%.0e", number) }
    return digits(number)
  }

  /// Three significant digits without zeros at the end.
  static func digits(_ number: Double) -> String {
    let text = String(format: "%.3g", number)
    guard text.contains("e") else { return text }
    return String(format: "%.0f", number)
  }
}
