// Prints what a session costs the allocator and the system; a test runs it as a process of its own, so that nothing
// else allocates meanwhile.
//
//     allocation-probe frames THREADS [MODEL.onnx [NAME=1x3x8x8]]
//         allocations and releases during 100 frames, then of one array; whether the frames computed something
//     allocation-probe deadlines THREADS MODEL.onnx [NAME=1x3x8x8]
//         the same of frames that come through a mailbox and have deadlines of all lengths
//     allocation-probe watched THREADS
//         the same of frames of which every second one is watched, with a metrics text behind each
//     allocation-probe pictures THREADS
//         the same of frames that are given pictures, each of another size than the one before, some of them watched
//     allocation-probe results THREADS
//         the same of frames whose boxes, classes or masks are read, by turns
//     allocation-probe traced THREADS MODEL.onnx [NAME=1x3x8x8]
//         writes "begin\n", runs 200 such frames, writes "end\n": for a tracer of system calls
//     allocation-probe system MODEL.onnx [NAME=1x3x8x8]
//         runs frames on one thread while the system kills the process for any call; then prints "none"
//     allocation-probe sessions THREADS
//         growth of resident memory over 1,000 sessions, and what it was before, in kB
import CAllocationCounter
import EspalierPlan
import EspalierRuntime
import Glibc
import PlanFixtures

let arguments = CommandLine.arguments
switch (arguments.dropFirst().first, arguments.count) {
case ("frames", 3): try countFixtureFrames(threads: threads(arguments[2]))
case ("watched", 3): try countWatchedFrames(threads: threads(arguments[2]))
case ("pictures", 3): try countPictureFrames(threads: threads(arguments[2]))
case ("results", 3): try countResults(threads: threads(arguments[2]))
case ("frames", 4...): try countFrames(Stream(Array(arguments[3...]), threads: threads(arguments[2])))
case ("deadlines", 4...): try countDeadlines(Stream(Array(arguments[3...]), threads: threads(arguments[2])))
case ("traced", 4...): try trace(Stream(Array(arguments[3...]), threads: threads(arguments[2])))
case ("system", 3...): try runWithoutSystem(Stream(Array(arguments[2...]), threads: 1))
case ("sessions", 3): try countSessions(threads: threads(arguments[2]))
default: fatalError("usage: allocation-probe frames|sessions THREADS [MODEL.onnx], or system MODEL.onnx")
}

func threads(_ argument: String) -> Int { Int(argument) ?? 1 }

/// Allocations and releases while `body` runs 100 times, then allocations of one array.
func count(_ body: () throws -> Void) rethrows -> [Int] {
  for _ in 0..<3 { try body() }
  let before = (allocation_count(), release_count())
  for _ in 0..<100 { try body() }
  let during = (allocation_count() - before.0, release_count() - before.1)
  let array = [Int](repeating: 1, count: Int.random(in: 1000...2000))
  return [during.0, during.1, array[0] * (allocation_count() - before.0 - during.0)]
}

/// A frame does not wait for workers that are still beginning, and beginning is none of its business.
func awaitWorkers(_ session: borrowing Session) {
  while session.facts.threads.count < session.threads { usleep(100) }
}

func countFixtureFrames(threads: Int) throws {
  let network = ResidualNetwork(rows: 600)
  var session = try Session(Model(bytes: PlanWriter.bytes(of: network.plan)), threads: threads)
  awaitWorkers(session)
  let input = network.input(seed: 1)
  var output = [Float](repeating: 0, count: input.count)
  var room = output.mutableSpan
  let counts = try count { try session.run(input.span, into: &room) }
  print(counts[0], counts[1], counts[2], output == network.output(for: input))
}

func countPictureFrames(threads: Int) throws {
  let network = PictureNetwork(
    .quantized, height: 120, width: 160, declared: PictureInput(fit: .letterbox, scale: SIMD3(repeating: 60)))
  var plan = network.plan
  plan.watch(plan.calls[0].operands[0], count: 3 * 120 * 160, behind: 0, name: "x")
  var session = try Session(Model(bytes: PlanWriter.bytes(of: plan)), threads: threads)
  try session.watch(every: 3)
  awaitWorkers(session)
  let room = UnsafeMutableRawPointer.allocate(byteCount: 640 * 480 * 3, alignment: 64)
  let pixels = UnsafeRawPointer(room)
  room.initializeMemory(as: UInt8.self, repeating: 77, count: 640 * 480 * 3)
  var width = 320
  let none = UnsafeBufferPointer<UnsafeMutablePointer<Float>?>(start: nil, count: 0)
  let counts = try count {
    width = width == 640 ? 320 : width + 1
    let picture = Picture(
      format: .nv12, width: width, height: width * 3 / 4, planes: (pixels, pixels, nil),
      strides: (640, 640, 0))
    _ = try session.run(picture: picture, outputs: none, deadline: .after(.seconds(10)))
  }
  let kept = session.keptOutput(0)
  let inside = kept.map { $0[(120 + 60) * 160 + 80] > 2 } ?? false
  print(counts[0], counts[1], counts[2], inside && session.counters.met == 103)
}

func countWatchedFrames(threads: Int) throws {
  let network = ResidualNetwork(rows: 600)
  var plan = network.plan
  let elements = 600 * 64
  plan.watch(plan.calls[1].operands[5], count: elements, behind: 1, name: "layer")
  plan.watch(plan.calls[4].operands[2], count: elements, behind: 4, name: "y")
  var session = try Session(Model(bytes: PlanWriter.bytes(of: plan)), threads: threads)
  try session.watch(every: 2)
  awaitWorkers(session)
  let input = network.input(seed: 1)
  var output = [Float](repeating: 0, count: input.count)
  var room = output.mutableSpan
  let text = UnsafeMutableBufferPointer<UInt8>.allocate(capacity: 8192)
  var written = 0
  let counts = try count {
    try session.run(input.span, into: &room)
    written = session.writeMetrics(into: text)
  }
  let isWhole = written > 1000 && written <= text.count && session.isRaised(.frozen, of: 1)
  print(counts[0], counts[1], counts[2], isWhole && output == network.output(for: input))
}

func countFrames(_ stream: consuming Stream) throws {
  let counts = try count { try stream.run() }
  print(counts[0], counts[1], counts[2], stream.computedSomething)
}

func countDeadlines(_ stream: consuming Stream) throws {
  try stream.prepare()
  let feed = try DeadlineFeed()
  let counts = try count { try feed.runFrame(&stream) }
  print(counts[0], counts[1], counts[2], stream.computedSomething)
}

func trace(_ stream: consuming Stream) throws {
  try stream.prepare()
  let feed = try DeadlineFeed()
  for _ in 0..<20 { try feed.runFrame(&stream) }
  write_out("begin\n")
  for frame in 0..<200 {
    // Workers that spin from frame to frame would need no waking at all.
    if frame % 20 == 10 { spin(for: .milliseconds(5)) }
    try feed.runFrame(&stream)
  }
  write_out("end\n")
}

/// Lets time pass without a system call: the clock is read from memory that the kernel shares.
func spin(for duration: Duration) {
  let end = ContinuousClock.now.advanced(by: duration)
  while ContinuousClock.now < end {}
}

func runWithoutSystem(_ stream: consuming Stream) throws {
  try stream.prepare()
  let feed = try DeadlineFeed()
  for _ in 0..<3 { try feed.runFrame(&stream) }
  guard forbid_system_calls() == 0 else { return print("unsupported") }
  for _ in 0..<20 {
    try stream.run()
    try feed.runFrame(&stream)
  }
  end_process_saying("none\n")
}

func countSessions(threads: Int) throws {
  let model = try Model(bytes: PlanWriter.bytes(of: ResidualNetwork(rows: 600).plan))
  for _ in 0..<50 { _ = try Session(model, threads: threads) }
  let before = resident_kilobytes()
  for _ in 0..<1000 { _ = try Session(model, threads: threads) }
  print(resident_kilobytes() - before, before)
}
