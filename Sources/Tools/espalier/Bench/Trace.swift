/// Frames and their calls as slices in time, for Perfetto and chrome://tracing.
///
/// The runtime tells what the calling thread does: how long each call takes there, waiting for the other threads
/// included. Calls follow one another without a gap and end with their frame; what a frame takes before them is
/// binding its buffers and waking the workers.
///
/// Source: Chrome's Trace Event Format; complete events (`X`) and metadata (`M`), times in microseconds.
struct Trace: Encodable {
  struct Event: Encodable {
    var name: String
    var cat: String?
    /// `X`: a slice; `M`: a name.
    var ph: String
    var ts: Double?
    var dur: Double?
    var pid = 1
    var tid = 1
    var args: [String: String]?
  }

  let traceEvents: [Event]
  let displayTimeUnit = "ns"

  private enum CodingKeys: CodingKey { case traceEvents, displayTimeUnit }

  init(_ profile: Profile, pack: String) {
    var events = [
      Event(name: "process_name", ph: "M", args: ["name": "espalier \(pack)"]),
      Event(name: "thread_name", ph: "M", args: ["name": "calling thread"]),
    ]
    let origin = profile.frames.first?.start ?? 0
    let facts = profile.calls.map { call in
      ["family": call.family, "multiply-adds": "\(call.multiply_adds)", "bytes": "\(call.bytes)"]
        .merging(call.bound.map { ["bound by": $0] } ?? [:]) { first, _ in first }
    }
    for (index, frame) in profile.frames.enumerated() {
      let start = frame.start - origin
      let length = frame.end - frame.start
      events.append(Self.slice("frame \(index)", "frame", start, length, ["threads": "\(profile.threads)"]))
      var time = start + length - min(length, frame.calls.reduce(0, +))
      for (call, nanoseconds) in zip(profile.calls.indices, frame.calls) {
        events.append(
          Self.slice(profile.calls[call].name, profile.calls[call].family, time, nanoseconds, facts[call]))
        time += nanoseconds
      }
    }
    traceEvents = events
  }

  private static func slice(
    _ name: String, _ category: String, _ start: UInt64, _ length: UInt64, _ args: [String: String]
  ) -> Event {
    Event(
      name: name, cat: category, ph: "X", ts: Double(start) / 1_000, dur: Double(length) / 1_000, args: args)
  }
}
