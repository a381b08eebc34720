internal import ArgumentParser
internal import EspalierRuntime

/// `8ms`, `900us`, `1s`: a number with its unit.
struct MillisecondsArgument: ExpressibleByArgument, Equatable {
  let value: Double

  init?(argument: String) {
    guard let value = ServiceLevel.milliseconds(argument[...]), value <= 1e9 else { return nil }
    self.value = value
  }

  var deadline: Deadline { .after(nanoseconds: UInt64(value * 1e6)) }
}
