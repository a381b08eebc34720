import EspalierRuntime
import Foundation
import Testing

@testable import espalier

@Suite("A camera's frames") struct CameraTests {
  private let start: UInt64 = 5_000_000_000

  @Test func `are due on absolute time, and no error adds up`() {
    let camera = CameraPacing(rate: 30, start: start)
    #expect(
      [0, 1, 2, 3, 30, 2_592_000].map { camera.due($0) - start } == [
        0, 33_333_333, 66_666_667, 100_000_000, 1_000_000_000, 86_400_000_000_000,
      ])
  }

  /// Three frames of two inputs, of 3 and of 20 elements: 12 bytes, then 80 from the next cache line on.
  private let frames = [
    InputFrames(name: "a", frameCount: 3, elements: (0..<9).map { Float($0) }),
    InputFrames(name: "b", frameCount: 3, elements: (100..<160).map { Float($0) }),
  ]
  private let layout = InputLayout(byteCounts: [12, 80])

  private func feed(_ mode: CameraMode, rate: Double, capacity: Int) throws -> CameraFeed {
    let pacing = CameraPacing(rate: rate, start: MonotonicInstant.now.nanoseconds + 20_000_000)
    return try CameraFeed(
      frames, layout: layout, pacing: pacing, mode: mode, capacity: capacity, cores: [])
  }

  @Test func `hold every input on a cache line of its own`() {
    #expect(layout.offsets == [0, 64])
    #expect(layout.byteCount == 64 + 128)
    #expect(InputLayout(byteCounts: []).byteCount == 0)
  }

  /// Takes 40 frames, each 4 ms after the one before it, of a camera that gives one a millisecond.
  @Test func `lose all but the newest where they come too fast, and every loss is counted`() throws {
    let feed = try feed(.drop, rate: 1_000, capacity: 1)
    var (last, taken, dropped) = (-1, 0, 0)
    while taken < 40 {
      let frame = try #require(feed.take())
      let place = Int(try #require(frame.stamp.sequence))
      #expect(place > last)
      #expect(Array(frame.elements.prefix(3)) == (0..<3).map { Float(place % 3 * 3 + $0) })
      #expect(frame.elements[16 + 19] == Float(100 + place % 3 * 20 + 19))
      #expect(try #require(frame.stamp.captured) < .now)
      (dropped, taken, last) = (dropped + place - last - 1, taken + 1, place)
      Thread.sleep(forTimeInterval: 0.004)
    }
    let (given, counters) = feed.end()
    #expect(dropped > 40)
    #expect(taken + dropped == last + 1)
    #expect(Int(counters.published) == given)
    #expect(Int(counters.taken) == taken)
    let waiting = given - taken - Int(counters.dropped)
    #expect(0...1 ~= waiting)
    #expect(Int(counters.dropped) >= dropped)
  }

  /// The consumer comes 60 ms late to a camera of one frame a millisecond: three wait, the others found no room.
  @Test func `wait in their order as long as there is room`() throws {
    let feed = try feed(.queue, rate: 1_000, capacity: 3)
    Thread.sleep(forTimeInterval: 0.08)
    var places: [Int] = []
    while places.count < 4 { places.append(Int(try #require(feed.take()?.stamp.sequence))) }
    #expect(Array(places.prefix(3)) == [0, 1, 2])
    #expect(places[3] > 3)
    let (given, counters) = feed.end()
    #expect(Int(counters.published + counters.dropped) == given)
    #expect(Int(counters.dropped) >= places[3] - 3)
  }

  @Test func `end at once, however long the next is off`() throws {
    let feed = try feed(.drop, rate: 0.01, capacity: 1)
    _ = feed.take()
    let begin = MonotonicInstant.now
    #expect(feed.end().given == 1)
    #expect(MonotonicInstant.now < begin.advanced(byNanoseconds: 20_000_000_000))
  }

  @Test func `come when they are due, as the file of times shows`() throws {
    try withFolder { folder in
      let run = try CommandRun([
        "bench", try Signs.pack.get(), "--camera", "200", "queue", "-n", "40", "--export-times",
        "\(folder)/t.json", "--queue-length", "1000", "--deadline", "60s", "--json",
      ])
      #expect(run.status == 0)
      let camera = try #require(try run.json()["camera"] as? [String: Any])
      #expect(camera["computed"] as? Int == 40)
      #expect(camera["frames"] as? Int == 40)
      #expect(camera["dropped"] as? Int == 0)
      #expect(camera["missed"] as? Int == 0)
      #expect(camera["mode"] as? String == "queue")
      #expect(camera["queue_length"] as? Int == 1000)
      let mailbox = try #require(camera["mailbox"] as? [String: Int])
      #expect(mailbox["taken"] == 40)
      #expect(mailbox["dropped"] == 0)
      #expect(mailbox["published"] == camera["given"] as? Int)
      let data = try Data(contentsOf: URL(fileURLWithPath: "\(folder)/t.json"))
      let rows = try #require(try JSONSerialization.jsonObject(with: data) as? [[String: Any]])
      let due = rows.compactMap { $0["due_ns"] as? Int }
      #expect(due.count == 40)
      #expect(zip(due, due.dropFirst()).allSatisfy { $1 - $0 == 5_000_000 })
      #expect(rows.compactMap { $0["frame"] as? Int } == Array(0..<40))
      #expect(rows.allSatisfy { $0["outcome"] as? String == "met" && $0["sequence_gap"] as? Int == 0 })
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
