// Prints what a session costs the allocator; a test runs it as a process of its own, so that nothing else
// allocates meanwhile.
//
//     allocation-probe frames THREADS     allocations and releases during 100 frames, then of one array
//     allocation-probe sessions THREADS   growth of resident memory over 1,000 sessions, and what it was before, in kB
import CAllocationCounter
import EspalierPlan
import EspalierRuntime
import PlanFixtures

let arguments = CommandLine.arguments
guard arguments.count == 3, let threads = Int(arguments[2]) else {
  fatalError("usage: allocation-probe frames|sessions THREADS")
}
let network = ResidualNetwork(rows: 600)
let model = try Model(bytes: PlanWriter.bytes(of: network.plan))
if arguments[1] == "frames" {
  try countFrames()
} else {
  try countSessions()
}

func countFrames() throws {
  var session = try Session(model, threads: threads)
  let input = network.input(seed: 1)
  var output = [Float](repeating: 0, count: input.count)
  var room = output.mutableSpan
  for _ in 0..<3 { try session.run(input.span, into: &room) }
  let before = (allocation_count(), release_count())
  for _ in 0..<100 { try session.run(input.span, into: &room) }
  let during = (allocation_count() - before.0, release_count() - before.1)
  let array = [Int](repeating: 1, count: Int.random(in: 1000...2000))
  let after = allocation_count() - before.0 - during.0
  let isRight = output == network.output(for: input) && array[0] == 1
  print(during.0, during.1, after, isRight)
}

func countSessions() throws {
  for _ in 0..<50 { _ = try Session(model, threads: threads) }
  let before = resident_kilobytes()
  for _ in 0..<1000 { _ = try Session(model, threads: threads) }
  print(resident_kilobytes() - before, before)
}
