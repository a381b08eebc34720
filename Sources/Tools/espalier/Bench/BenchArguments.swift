internal import ArgumentParser
internal import EspalierRuntime

/// Seconds; with a unit (`500ms`, `2s`) whatever it says.
struct Seconds: ExpressibleByArgument, Equatable, Sendable {
  let value: Double

  init?(argument: String) {
    guard let value = Double(argument) ?? ServiceLevel.milliseconds(argument[...]).map({ $0 / 1_000 }),
      value.isFinite, value >= 0
    else { return nil }
    self.value = value
  }
}

/// Milliseconds; with a unit (`500us`, `2s`) whatever it says.
struct Milliseconds: ExpressibleByArgument, Equatable, Sendable {
  let value: Double

  init?(argument: String) {
    guard let value = Double(argument) ?? ServiceLevel.milliseconds(argument[...]), value.isFinite, value >= 0
    else { return nil }
    self.value = value
  }
}

/// `90,95,99.9`: percentiles as fractions, in the order given.
struct PercentileList: ExpressibleByArgument, Equatable, Sendable {
  let fractions: [Double]

  init(_ fractions: [Double]) { self.fractions = fractions }

  init?(argument: String) {
    let parts = argument.split(separator: ",", omittingEmptySubsequences: false)
    let values = parts.compactMap { Double($0) }.filter { $0 > 0 && $0 < 100 }
    guard !values.isEmpty, values.count == parts.count else { return nil }
    fractions = values.map { $0 / 100 }
  }
}

/// `0,2,3`: numbers of cores.
struct CoreList: ExpressibleByArgument, Equatable, Sendable {
  let cores: [Int]

  init?(argument: String) {
    let parts = argument.split(separator: ",", omittingEmptySubsequences: false)
    let cores = parts.compactMap { Int($0) }.filter { $0 >= 0 }
    guard !cores.isEmpty, cores.count == parts.count else { return nil }
    self.cores = cores
  }
}

/// `1` or `0-2`: levels of a pack, from the largest network that may be run to the smallest.
struct LevelRange: ExpressibleByArgument, Equatable, Sendable {
  let first: Int
  /// Nil: the smallest of the pack.
  let last: Int?

  init?(argument: String) {
    let parts = argument.split(separator: "-", maxSplits: 1, omittingEmptySubsequences: false)
    let numbers = parts.compactMap { Int($0) }.filter { $0 >= 0 }
    guard numbers.count == parts.count, let first = numbers.first else { return nil }
    last = numbers.count == 2 ? numbers[1] : nil
    if let last, last < first { return nil }
    self.first = first
  }

  /// - Throws: `UsageError` where the pack has fewer levels.
  func checked(for model: Model) throws -> ClosedRange<Int> {
    let smallest = model.levels.count - 1
    guard first <= smallest, (last ?? 0) <= smallest else {
      throw UsageError(
        smallest == 0
          ? "--levels: the pack has one level, number 0" : "--levels: the pack has levels 0 to \(smallest)")
    }
    return first...(last ?? smallest)
  }
}

/// YES and NO, true and false, 1 and 0: as other benchmarks' switches are written.
struct YesNo: ExpressibleByArgument, Equatable, Sendable {
  let value: Bool

  init?(argument: String) {
    switch argument.lowercased() {
    case "yes", "true", "1": value = true
    case "no", "false", "0": value = false
    default: return nil
    }
  }
}
