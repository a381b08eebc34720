import Foundation
import Testing

@testable import espalier

@Suite("A camera's frames") struct CameraTests {
  private let start: UInt64 = 5_000_000_000

  @Test func `are due on absolute time, and no error adds up`() {
    let camera = CameraPacing(rate: 30, mode: .drop, start: start)
    #expect(
      [0, 1, 2, 3, 30, 2_592_000].map { camera.due($0) - start } == [
        0, 33_333_333, 66_666_667, 100_000_000, 1_000_000_000, 86_400_000_000_000,
      ])
  }

  @Test func `are waited for while the computer is faster`() {
    var camera = CameraPacing(rate: 100, mode: .drop, start: start)
    #expect(camera.next(now: start - 500) == .init(index: 0, due: start, dropped: 0))
    #expect(camera.next(now: start + 3_000_000) == .init(index: 1, due: start + 10_000_000, dropped: 0))
    // Ready at the very nanosecond.
    #expect(camera.next(now: start + 20_000_000) == .init(index: 2, due: start + 20_000_000, dropped: 0))
  }

  @Test func `but for the newest are dropped while one is computed`() {
    var camera = CameraPacing(rate: 100, mode: .drop, start: start)
    _ = camera.next(now: start)
    // 1 waits when 2 comes, which waits when 3 comes.
    #expect(camera.next(now: start + 39_999_999) == .init(index: 3, due: start + 30_000_000, dropped: 2))
    #expect(camera.next(now: start + 40_000_000) == .init(index: 4, due: start + 40_000_000, dropped: 0))
  }

  @Test func `all wait in a queue, and grow older`() {
    var camera = CameraPacing(rate: 100, mode: .queue, start: start)
    for index in 0..<5 {
      let due = start + UInt64(index) * 10_000_000
      #expect(
        camera.next(now: start + UInt64(index) * 25_000_000) == .init(index: index, due: due, dropped: 0))
    }
  }

  /// A computer of 25 ms a frame and a camera of 100 Hz: every frame is taken 5 to 15 ms after it came.
  @Test func `every frame is computed or counted as dropped`() {
    var camera = CameraPacing(rate: 100, mode: .drop, start: start)
    var (now, computed, dropped, last) = (start, 0, 0, -1)
    for _ in 0..<1_000 {
      let frame = camera.next(now: now)
      now = max(now, frame.due) + 25_000_000
      computed += 1
      dropped += frame.dropped
      last = frame.index
    }
    #expect(computed + dropped == last + 1)
    #expect(dropped > 1_400)
  }

  @Test func `come when they are due, as the file of times shows`() throws {
    try withFolder { folder in
      let run = try CommandRun([
        "bench", try Signs.pack.get(), "--camera", "200", "queue", "-n", "40", "--export-times",
        "\(folder)/t.json",
        "--deadline", "1s", "--json",
      ])
      #expect(run.status == 0)
      let camera = try #require(try run.json()["camera"] as? [String: Any])
      #expect(camera["computed"] as? Int == 40)
      #expect(camera["frames"] as? Int == 40)
      #expect(camera["dropped"] as? Int == 0)
      #expect(camera["missed"] as? Int == 0)
      #expect(camera["mode"] as? String == "queue")
      let data = try Data(contentsOf: URL(fileURLWithPath: "\(folder)/t.json"))
      let rows = try #require(try JSONSerialization.jsonObject(with: data) as? [[String: Any]])
      let due = rows.compactMap { $0["due_ns"] as? Int }
      #expect(due.count == 40)
      #expect(zip(due, due.dropFirst()).allSatisfy { $1 - $0 == 5_000_000 })
      for row in rows { #expect(try #require(row["start_ns"] as? Int) >= row["due_ns"] as? Int ?? 0) }
    }
  }

  /// No frame takes a microsecond, and none a second.
  @Test func `the search for the highest rate says which it tried`() throws {
    let run = try CommandRun(["bench", try Signs.pack.get(), "--max-rate", "--slo", "1s@p50", "--json"])
    #expect(run.status == 0)
    let report = try run.json()
    #expect(try #require(report["max_rate_hz"] as? Double) > 0)
    #expect(try #require(report["probes"] as? [[String: Any]]).count >= 1)
    let hopeless = try CommandRun(["bench", try Signs.pack.get(), "--max-rate", "--slo", "1us@p50", "--json"])
    #expect(hopeless.status == 1)
    #expect(try hopeless.json()["max_rate_hz"] as? Double == 0)
  }

  @Test func `the search halves towards the rate at which a bar is kept`() {
    let search = RateSearch(highest: 1_000) { rate in (rate <= 700 ? .met : .missed, 100, 0) }
    #expect(search.sustained <= 700)
    #expect(search.sustained > 700 / (1 + RateSearch.precision))
    #expect(search.probes.count < 12)
    #expect(RateSearch(highest: 50) { _ in (.met, 1, 0) }.sustained == 50)
    #expect(RateSearch(highest: 50) { _ in (.undecided, 1, 0) }.sustained == 0)
  }
}
