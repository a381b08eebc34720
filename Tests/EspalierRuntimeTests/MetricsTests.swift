import EspalierPlan
import PlanFixtures
import Testing

@testable import EspalierRuntime

@Suite("Metrics") struct MetricsTests {
  private let network = ResidualNetwork(rows: 6)
  private let names = ["a \"b\" \\ c\nd", "grün/y"]

  private func session() throws -> Session {
    var plan = network.plan
    plan.watch(plan.calls[3].operands[2], count: 384, behind: 3, name: names[0])
    plan.watch(plan.calls[4].operands[2], count: 384, behind: 4, name: names[1])
    return try Session(Model(bytes: PlanWriter.bytes(of: plan)))
  }

  private func text(_ session: borrowing Session) throws -> String {
    let count = session.writeMetrics(into: UnsafeMutableBufferPointer(start: nil, count: 0))
    var bytes = [UInt8](repeating: 0, count: count)
    let written = bytes.withUnsafeMutableBufferPointer { session.writeMetrics(into: $0) }
    #expect(written == count)
    return try #require(String(validating: bytes, as: UTF8.self))
  }

  @Test func `count frames by what became of them`() throws {
    var session = try session()
    let buffers = TestBuffers(session.model, inputs: [network.input(seed: 1)])
    for _ in 0..<3 { _ = try session.run(buffers, deadline: .none) }
    _ = try session.run(buffers, deadline: .at(MonotonicInstant(nanoseconds: 1)))
    let metrics = try MetricsParser(text(session))
    #expect(metrics.value("espalier_frames_total", ["outcome": "met"]) == 3)
    #expect(metrics.value("espalier_frames_total", ["outcome": "skipped"]) == 1)
    #expect(metrics.value("espalier_frames_total", ["outcome": "late"]) == 0)
    #expect(metrics.types["espalier_frames_total"] == "counter")
    #expect(metrics.value("espalier_watched_frames_total") == nil)
  }

  @Test func `give what the last watched frame showed`() throws {
    var session = try session()
    try session.watch(every: 2)
    for seed in 1...5 as ClosedRange<UInt64> { _ = try session.run([network.input(seed: seed)]) }
    let metrics = try MetricsParser(text(session))
    #expect(metrics.value("espalier_watched_frames_total") == 3)
    for (tensor, name) in names.enumerated() {
      let observation = session.observation(of: tensor)
      let found = try #require(observation)
      let labels = ["tensor": name]
      for (metric, value) in [
        ("mean", found.mean), ("standard_deviation", found.standardDeviation), ("least", found.least),
        ("largest", found.largest), ("saturated_ratio", 0), ("not_finite", 0),
      ] {
        #expect(metrics.value("espalier_tensor_\(metric)", labels).map { Float($0) } == value, "\(metric)")
      }
      #expect(metrics.value("espalier_tensor_drift", labels)?.isNaN == true)
    }
  }

  @Test func `count alarms by tensor and rule`() throws {
    var session = try session()
    try session.watch(every: 1)
    var input = network.input(seed: 1)
    input[5] = .infinity
    _ = try session.run([input])
    let metrics = try MetricsParser(text(session))
    for rule in RoadRule.allCases {
      let labels = ["tensor": names[1], "rule": "\(rule.name)"]
      let expected = rule == .notFinite ? 1.0 : 0.0
      #expect(metrics.value("espalier_alarms_total", labels) == expected)
      #expect(metrics.value("espalier_alarm_raised", labels) == expected)
    }
    #expect(metrics.types["espalier_alarm_raised"] == "gauge")
  }

  @Test func `are cut off where there is no room, and never written behind it`() throws {
    let session = try session()
    let whole = Array(try text(session).utf8)
    var bytes = [UInt8](repeating: 0xAA, count: 100)
    let count = bytes.withUnsafeMutableBufferPointer {
      session.writeMetrics(into: UnsafeMutableBufferPointer(rebasing: $0[..<60]))
    }
    #expect(count == whole.count)
    #expect(bytes == Array(whole[..<60]) + [UInt8](repeating: 0xAA, count: 40))
  }

  /// Powers of ten, their neighbors, extremes, and random bits.
  @Test func `give every float back`() throws {
    var random = SeededGenerator(seed: 3)
    var values: [Float] = [0, -0.0, 1, -1, .infinity, -.infinity, .greatestFiniteMagnitude, .pi]
    values += [.leastNonzeroMagnitude, .leastNormalMagnitude, 0.1, 999_999_936, 99_999_992]
    var power: Float = 1e-37
    while power < 1e38 {
      values += [power, power.nextUp, power.nextDown]
      power *= 10
    }
    values += (0..<20_000).map { _ in Float(bitPattern: UInt32.random(in: 0...(.max), using: &random)) }
    for value in values {
      var bytes = [UInt8](repeating: 0, count: 40)
      let count = bytes.withUnsafeMutableBufferPointer { room in
        var text = MetricsText(room)
        text.end(value)
        return text.byteCount
      }
      let text = String(decoding: bytes[1..<count - 1], as: UTF8.self)
      let back = text == "NaN" ? Float.nan : Float(text.replacing("Inf", with: "infinity"))
      #expect(back == value || (value.isNaN && back?.isNaN == true), "\(value): \(text)")
    }
  }
}
