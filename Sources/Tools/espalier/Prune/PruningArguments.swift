internal import ArgumentParser
internal import EspalierPrune

/// `--allocation`.
enum AllocationArgument: String, CaseIterable, ExpressibleByArgument {
  case auto, uniform, global, sensitivity, gradient
}

/// `--recover`: every step holds those before it.
enum RecoveryArgument: String, CaseIterable, ExpressibleByArgument {
  case none, stats, lsq, blocks, distill

  /// Whether weights are changed by gradients.
  var trains: Bool { self == .blocks || self == .distill }
}

/// `0.5`: more than nothing and less than everything.
struct ShareArgument: ExpressibleByArgument, Equatable {
  let value: Double

  /// - Precondition: More than 0 and less than 1.
  init(_ value: Double) {
    precondition(value > 0 && value < 1)
    self.value = value
  }

  var defaultValueDescription: String { "\(value)" }

  init?(argument: String) {
    let isPercent = argument.hasSuffix("%")
    guard let number = Double(isPercent ? String(argument.dropLast()) : argument) else { return nil }
    let value = isPercent ? number / 100 : number
    guard value > 0, value < 1 else { return nil }
    self.value = value
  }
}

/// `20m`, `90s`, `1h`.
struct DurationArgument: ExpressibleByArgument, Equatable {
  let seconds: Double

  init?(argument: String) {
    for (unit, factor) in [("s", 1.0), ("m", 60), ("h", 3_600)] where argument.hasSuffix(unit) {
      guard let number = Double(argument.dropLast()), number > 0, number.isFinite else { return nil }
      seconds = number * factor
      return
    }
    return nil
  }
}

/// `2MB`, `900kB`, `1000000`.
struct BytesArgument: ExpressibleByArgument, Equatable {
  let value: Int

  init?(argument: String) {
    let units: [(String, Double)] = [
      ("GB", 1e9), ("GiB", 1_073_741_824),
      ("MB", 1e6), ("kB", 1e3), ("MiB", 1_048_576), ("KiB", 1_024), ("B", 1), ("", 1),
    ]
    for (unit, factor) in units where argument.hasSuffix(unit) {
      guard let number = Double(argument.dropLast(unit.count)) else { continue }
      guard number * factor >= 1, number * factor < 1e15 else { return nil }
      value = Int(number * factor)
      return
    }
    return nil
  }
}

/// `constant`, `linear:4`, `polynomial:4`, `polynomial:4:2`.
struct ScheduleArgument: ExpressibleByArgument, Equatable {
  static let constant = ScheduleArgument(.constant, "constant")
  let schedule: PruningSchedule
  let text: String

  private init(_ schedule: PruningSchedule, _ text: String) { (self.schedule, self.text) = (schedule, text) }

  var defaultValueDescription: String { text }

  init?(argument: String) {
    let parts = argument.split(separator: ":", omittingEmptySubsequences: false)
    let numbers = parts.dropFirst().compactMap { Int($0) }
    guard numbers.count == parts.count - 1, numbers.allSatisfy({ (1...100).contains($0) }) else { return nil }
    switch (parts[0], numbers.count) {
    case ("constant", 0): schedule = .constant
    case ("linear", 1): schedule = .linear(steps: numbers[0])
    case ("polynomial", 1): schedule = .polynomial(steps: numbers[0], power: 3)
    case ("polynomial", 2): schedule = .polynomial(steps: numbers[0], power: numbers[1])
    default: return nil
    }
    text = argument
  }
}

/// `1.0,0.7,0.5`: shares of the multiply-adds, the largest first.
struct LevelsArgument: ExpressibleByArgument, Equatable {
  /// As many as a session can tell apart by their times.
  private static let counts = 2...4
  let shares: [Double]
  let text: String

  init?(argument: String) {
    let parts = argument.split(separator: ",", omittingEmptySubsequences: false)
    let shares = parts.compactMap { Double($0) }
    guard shares.count == parts.count, Self.counts.contains(shares.count),
      shares.allSatisfy({ $0 > 0 && $0 <= 1 }), zip(shares, shares.dropFirst()).allSatisfy({ $0 > $1 })
    else { return nil }
    (self.shares, text) = (shares, argument)
  }
}

/// How small a network shall be, and how that was asked for.
struct PruningGoal {
  let budget: PruningBudget
  let text: String

  init(_ budget: PruningBudget, _ text: String) { (self.budget, self.text) = (budget, text) }
}

/// `192` or `320x192`: height and width of an input.
struct ResolutionArgument: Equatable {
  let height: Int
  let width: Int

  init?(_ text: Substring) {
    let extents = text.split(separator: "x", omittingEmptySubsequences: false).map { Int($0) ?? 0 }
    guard (1...2).contains(extents.count), extents.allSatisfy({ (8...16_384).contains($0) }) else {
      return nil
    }
    (height, width) = (extents[0], extents[extents.count - 1])
  }

  var text: String { height == width ? "\(height)" : "\(height)x\(width)" }
}

/// `192,160`.
struct ResolutionsArgument: ExpressibleByArgument, Equatable {
  let sizes: [ResolutionArgument]

  init?(argument: String) {
    let parts = argument.split(separator: ",", omittingEmptySubsequences: false)
    sizes = parts.compactMap { ResolutionArgument($0) }
    guard sizes.count == parts.count else { return nil }
  }

  var text: String { sizes.map(\.text).joined(separator: ",") }
}
