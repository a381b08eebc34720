/// The most frames a second of which a bar is kept, found by halving.
struct RateSearch {
  struct Probe: Encodable {
    let hz: Double
    let frames: Int
    let late: Int
    let outcome: String
  }

  /// Rates nearer to one another than this share are the same.
  static let precision = 0.02

  /// In the order in which they were tried.
  private(set) var probes: [Probe] = []
  /// The highest rate at which the bar was kept; 0 where it never was.
  private(set) var sustained = 0.0

  /// Tries rates between a tenth of `highest` and it.
  ///
  /// - Parameters:
  ///   - highest: Frames a second of a computer that never waits.
  ///   - isKept: Runs a camera of so many frames a second, all frames waiting in a queue.
  init(
    highest: Double,
    trying isKept: (Double) throws -> (outcome: EarlyStopping.Outcome, frames: Int, late: Int)
  )
    rethrows
  {
    func succeeds(_ rate: Double) throws -> Bool {
      let result = try isKept(rate)
      probes.append(Probe(hz: rate, frames: result.frames, late: result.late, outcome: "\(result.outcome)"))
      return result.outcome == .met
    }
    if try succeeds(highest) {
      sustained = highest
      return
    }
    var (low, high) = (highest / 10, highest)
    guard try succeeds(low) else { return }
    while high / low > 1 + Self.precision {
      // The mean on the scale of ratios, nearer to the top, where the answer is as a rule.
      let middle = low * (high / low).squareRoot()
      if try succeeds(middle) { low = middle } else { high = middle }
    }
    sustained = low
  }
}

/// What `bench --max-rate` prints.
struct RateReport: Encodable {
  let pack: String
  let threads: Int
  let machine: MachineFacts
  let session: SessionReport
  let load: [String]
  /// Frames a second; 0: not even a tenth of what is computed back to back.
  let max_rate_hz: Double
  /// The bar; absent where every frame had its own period.
  let slo: String?
  /// Of a frame, back to back.
  let median_ms: Double
  let probes: [RateSearch.Probe]

  var text: String {
    var table = Table([("Hz", .right), ("frames", .right), ("late", .right), ("", .left)])
    for probe in probes {
      table.add([Format.fixed(probe.hz, 1), "\(probe.frames)", "\(probe.late)", probe.outcome])
    }
    let bar = slo.map { "\($0) from the camera's frame on" } ?? "p99 within a frame's period"
    return """
      \(table.text)

      Highest sustainable rate: \(Format.fixed(max_rate_hz, 1)) Hz (\(bar), 99 % confidence, \
      to \(Format.fixed(RateSearch.precision * 100, 0)) %); back to back \(Format.fixed(1_000 / median_ms, 1)) Hz
      """
  }
}
