import EspalierRuntime
import Foundation
import Testing

@testable import espalier

@Suite("bench against deadlines") struct VerdictTests {
  private let pack: String

  init() throws { pack = try Signs.pack.get() }

  /// 60 s: no frame takes so long.
  @Test func `a far deadline is met by all, and the session counted the same frames`() throws {
    let run = try CommandRun(["bench", pack, "-n", "30", "--deadline", "60s", "--threads", "2", "--json"])
    #expect(run.status == 0, "\(run.errors)")
    #expect(
      run.output.contains("Deadline of 60.00 s: 30 met, 0 late, 0 cancelled, 0 skipped"), "\(run.output)")
    let verdicts = try #require(try run.json()["verdicts"] as? [String: Any])
    let counts = try #require(verdicts["counts"] as? [String: Int])
    #expect(
      counts == ["met": 30, "late": 0, "cancelled": 0, "skipped": 0, "degraded": 0, "missing": 0])
    #expect(verdicts["session"] as? [String: Int] == counts)
    #expect(verdicts["levels"] as? [[String: Int]] == [["level": 0, "frames": 30]])
    #expect(try #require(verdicts["model_median_ms"] as? Double) > 0)
    #expect(verdicts["model_p99_bound_ms"] == nil)
    let share = try #require(verdicts["overhead_share"] as? Double)
    #expect(share > 0 && share < 1)
  }

  @Test func `a deadline that no frame can keep leaves nothing to report but that`() throws {
    let run = try CommandRun(["bench", pack, "-n", "30", "--deadline", "1us", "--json"])
    #expect(run.status == 1)
    #expect(run.errors.contains("no frame has outputs. Deadline of 0.001 ms: 0 met"), "\(run.errors)")
  }

  /// Twenty thousand frames a second are more than one thread computes.
  @Test func `a camera's frames are met, late, cancelled, skipped or missing, and nothing is counted twice`()
    throws
  {
    let run = try CommandRun([
      "bench", pack, "--camera", "20000", "-n", "200", "--deadline", "60s", "--json",
    ])
    #expect(run.status == 0, "\(run.errors)")
    let report = try run.json()
    let camera = try #require(report["camera"] as? [String: Any])
    let verdicts = try #require(report["verdicts"] as? [String: Any])
    let counts = try #require(verdicts["counts"] as? [String: Int])
    #expect(verdicts["session"] as? [String: Int] == counts)
    #expect(["met", "late", "cancelled", "skipped"].compactMap { counts[$0] }.reduce(0, +) == 200)
    let (frames, dropped) = (camera["frames"] as? Int, try #require(camera["dropped"] as? Int))
    #expect(frames == 200 + dropped)
    #expect(dropped > 0)
    // What came before the first frame that was taken is no gap.
    #expect(try #require(counts["missing"]) <= dropped)
    let mailbox = try #require(camera["mailbox"] as? [String: Int])
    #expect(mailbox["taken"] == 200)
    #expect(try #require(mailbox["dropped"]) >= dropped)
  }

  @Test func `levels are counted where frames were begun`() {
    func verdict(_ outcome: FrameVerdict.Outcome, _ level: Int, gap: UInt64 = 0) -> FrameVerdict {
      FrameVerdict(outcome: outcome, level: level, sequenceGap: gap)
    }
    let verdicts = [
      verdict(.met, 0), verdict(.late(nanoseconds: 5), 2, gap: 3), verdict(.skipped(.deadlinePassed), 0),
      verdict(.cancelled(call: 1), 2), verdict(.met, 2),
    ]
    #expect(
      VerdictReport.levels(verdicts) == [.init(level: 0, frames: 1), .init(level: 2, frames: 3)])
    var counts = VerdictCounts()
    (counts.met, counts.late, counts.cancelled, counts.skipped) = (2, 1, 1, 1)
    (counts.degraded, counts.missing) = (3, 3)
    #expect(VerdictCounts(verdicts) == counts)
    #expect(counts - counts == VerdictCounts())
    #expect(
      VerdictReport.deadlineText(8, counts, late: 0.25, VerdictReport.levels(verdicts))
        == "Deadline of 8.000 ms: 2 met, 1 late, 1 cancelled, 1 skipped; at most 0.250 ms late; "
        + "level 0: 1 frames, level 2: 3 frames")
  }

  @Test func `frames without outputs are the slowest of all`() throws {
    let statistics = LatencyStatistics((1...900).map { Double($0) }, incomplete: 100)
    #expect(statistics.percentile(0.5) == 500)
    #expect(statistics.percentile(0.9) == 900)
    #expect(statistics.percentile(0.91) == .infinity)
    #expect(statistics.bound(0.99) == nil)
    // 1,157 frames support p99 with three late ones: the third greatest time of those with outputs is discarded last.
    let few = LatencyStatistics((1...1_156).map { Double($0) }, incomplete: 1)
    #expect(few.bound(0.99) == 1_154)
    #expect(LatencyStatistics((1...1_157).map { Double($0) }).bound(0.99) == 1_154)
    let bar = try #require(ServiceLevel(argument: "10s@p90"))
    #expect(bar.verdict(Array(repeating: .infinity, count: 100)).outcome == .missed)
    #expect(bar.verdict(Array(repeating: .infinity, count: 100)).bound_ms == nil)
    #expect(bar.verdict(Array(repeating: 1, count: 100)).outcome == .met)
  }

  @Test(arguments: [("1", 1, nil), ("0-2", 0, 2), ("2-2", 2, 2)] as [(String, Int, Int?)])
  func `levels are a number or a range`(text: String, first: Int, last: Int?) throws {
    let range = try #require(LevelRange(argument: text))
    #expect((range.first, range.last) == (first, last))
  }

  @Test(arguments: ["", "a", "1-", "-1", "2-1", "0-1-2"]) func `anything else is no level`(text: String) {
    #expect(LevelRange(argument: text) == nil)
  }

  @Test func `a level that the pack lacks is wrong usage`() throws {
    let run = try CommandRun(["bench", pack, "--levels", "0-1"])
    #expect(run.status == 2)
    #expect(run.errors.contains("--levels: the pack has one level, number 0"))
    #expect(try CommandRun(["bench", pack, "--levels", "0", "-n", "3"]).status == 0)
  }

  @Test func `the header says what the session got`() throws {
    let core = try #require(MachineFacts.current.allowed_cores.last)
    let run = try CommandRun([
      "bench", pack, "-n", "3", "--cores", "\(core)", "--mlock", "--spin", "70us", "--json",
    ])
    #expect(run.output.contains("threads: 0 on core \(core), SCHED_OTHER; "), "\(run.output)")
    #expect(run.output.contains("threads spin 70 µs between frames"))
    let session = try #require(try run.json()["session"] as? [String: Any])
    let threads = try #require(session["threads"] as? [[String: Any]])
    #expect(threads.count == 1)
    #expect(threads[0]["core"] as? Int == core)
    #expect(threads[0]["flushes_subnormals"] as? Bool == true)
    let locked = try #require(session["locked_bytes"] as? Int)
    let sizes = ["arena_bytes", "scratch_bytes", "weights_bytes"].compactMap { session[$0] as? Int }
    #expect(sizes.count == 3)
    if session["lock_refusal"] == nil { #expect(locked >= sizes.reduce(0, +)) }
    #expect(try #require(session["checkpoint_us"] as? Double) > 0)
    let plain = try CommandRun(["bench", pack, "-n", "3", "--threads", "2", "--json"]).json()
    let other = try #require(plain["session"] as? [String: Any])
    #expect(other["locked_bytes"] as? Int == 0)
    #expect((other["threads"] as? [Any])?.count == 2)
  }

  @Test func `profile says the same, and takes a level`() throws {
    let run = try CommandRun(["profile", pack, "-n", "3", "--levels", "0"])
    #expect(run.status == 0, "\(run.errors)")
    #expect(run.output.contains("the deadline is looked at every "))
    #expect(try CommandRun(["profile", pack, "-n", "3", "--levels", "4"]).status == 2)
  }
}
