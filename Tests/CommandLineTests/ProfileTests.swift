import Foundation
import Testing

@testable import espalier

@Suite("profile") struct ProfileTests {
  @Test func `lists every call with its share, its bytes and what bounds it`() throws {
    let run = try CommandRun(["profile", try Signs.pack.get(), "-n", "6", "--threads", "2", "--json"])
    #expect(run.status == 0, "\(run.errors)")
    let report = try run.json()
    let calls = try #require(report["calls"] as? [[String: Any]])
    #expect(abs(calls.compactMap { $0["share"] as? Double }.reduce(0, +) - 1) < 1e-6)
    for call in calls {
      #expect(try #require(call["bytes"] as? Int) > 0)
      let bound = call["bound"] as? String
      #expect(bound == nil || bound == "arithmetic" || bound == "bytes")
    }
    for key in ["frame_ms", "rest_ms", "plain_ms"] { #expect(report[key] is Double, "\(key)") }
    #expect(run.output.contains("so that looking costs"))
    #expect(run.output.contains("of the calls is waiting for the work of other threads"))
    let share = try #require(report["overhead_share"] as? Double)
    let waiting = try #require(report["waiting_ms"] as? Double)
    #expect(share > 0 && share < 1)
    #expect(try waiting >= 0 && waiting < #require(report["frame_ms"] as? Double))
  }

  /// One thread waits for nobody: what is in no kernel is beside the calls.
  @Test func `the overhead of one thread is what a frame takes beside its calls`() throws {
    let run = try CommandRun(["profile", try Signs.pack.get(), "-n", "40", "--json"])
    let report = try run.json()
    #expect(report["waiting_ms"] as? Double == 0)
    #expect(!run.output.contains("waiting for the work"))
    let frame = try #require(report["frame_ms"] as? Double)
    let rest = try #require(report["rest_ms"] as? Double)
    let share = try #require(report["overhead_share"] as? Double)
    #expect(share > 0 && share < 0.5)
    #expect(share * frame < rest * 4 && rest < share * frame * 4)
  }

  @Test func `lists calls by time or in their order, and no more than asked`() throws {
    let pack = try Signs.pack.get()
    let run = try CommandRun(["profile", pack, "-n", "3", "--order", "execution", "--top", "2"])
    let all = try CommandRun(["profile", pack, "-n", "3", "--order", "execution", "--json"])
    let names = try #require(try all.json()["calls"] as? [[String: Any]]).compactMap { $0["name"] as? String }
    let lines = run.output.split(separator: "\n").drop { !$0.contains("kernel family") }.dropFirst()
    #expect(lines.prefix(2).map { String($0.split(separator: " ").last ?? "") } == names.prefix(2).map { $0 })
    #expect(run.output.contains("… and \(names.count - 2) more calls"))
  }

  /// A peak of 100 multiply-adds a second, and 10 bytes moved a second.
  @Test func `a call is bound by whichever takes longer, arithmetic or bytes`() {
    let peaks = ProcessorPeaks(floats: 100, bytes: 400, cycles: 50, secondsToMove: { Double($0) / 10 })
    #expect(peaks.multiplyAdds(family: "conv_gemm_f32") == 100)
    #expect(peaks.multiplyAdds(family: "conv_gemm_u8") == 400)
    #expect(peaks.seconds(moving: 20) == 2)
    #expect(peaks.seconds(moving: 5_000) == 500)
    #expect(peaks.seconds(moving: 0) == 0)
    #expect(ProcessorPeaks.unknown.seconds(moving: 5) == nil)
  }

  @Test func `writes a trace whose slices nest: frames, and in them their calls`() throws {
    try withFolder { folder in
      let path = "\(folder)/trace.json"
      let run = try CommandRun(["profile", try Signs.pack.get(), "-n", "4", "--trace", path, "--json"])
      #expect(run.status == 0)
      let calls = try #require(try run.json()["calls"] as? [[String: Any]]).count
      let data = try Data(contentsOf: URL(fileURLWithPath: path))
      let trace = try #require(try JSONSerialization.jsonObject(with: data) as? [String: Any])
      let events = try #require(trace["traceEvents"] as? [[String: Any]])
      for event in events {
        #expect(event["name"] is String)
        #expect(event["pid"] as? Int == 1)
        #expect(event["tid"] as? Int == 1)
        #expect(["M", "X"].contains(event["ph"] as? String))
      }
      #expect(
        events.filter { $0["ph"] as? String == "M" }.compactMap { $0["name"] as? String } == [
          "process_name", "thread_name",
        ])
      func interval(_ event: [String: Any]) throws -> (start: Double, end: Double) {
        let start = try #require(event["ts"] as? Double)
        let length = try #require(event["dur"] as? Double)
        #expect(start >= 0 && length >= 0)
        return (start, start + length)
      }
      let slices = events.filter { $0["ph"] as? String == "X" }
      #expect(slices.count == 4 * (calls + 1))
      var frame = (start: 0.0, end: 0.0)
      var last = 0.0
      for slice in slices {
        let own = try interval(slice)
        // A nanosecond is a thousandth: sums of such numbers are exact to less.
        #expect(own.start >= last - 1e-6)
        if slice["cat"] as? String == "frame" {
          frame = own
          last = own.start
        } else {
          #expect(own.end <= frame.end + 1e-6)
          last = own.end
        }
      }
    }
  }
}
