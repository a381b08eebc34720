// Runs frames of a pattern through a pack with one input and one output, each within so many milliseconds.
//
//     swift run -c release classify PACK [MILLISECONDS]

import EspalierRuntime
import Foundation

/// Prints what became of the frames, and the largest element of the last outputs that are complete.
func classify(_ path: String, frameCount: Int, within budget: Duration) throws {
  let model = try Model(path: path)
  var session = try Session(model, threads: 2)
  try session.prepare()
  // Of a pack with other ports than one input and one output `run` says so.
  func elementCount(_ shapes: [[Int]]) -> Int { shapes.first?.reduce(1, *) ?? 0 }
  var frame = [Float](repeating: 0, count: elementCount(model.inputs.map(\.shape)))
  var scores = [Float](repeating: 0, count: elementCount(model.outputs.map(\.shape)))
  var (met, last) = (0, scores)
  for number in 0..<frameCount {
    for index in frame.indices { frame[index] = Float((index + number * 7) % 256) / 255 }
    var room = scores.mutableSpan
    let verdict = try session.run(frame.span, into: &room, deadline: .after(budget))
    switch verdict.outcome {
    case .met:
      met += 1
      last = scores
    case .late: last = scores
    case .cancelled, .skipped: break  // the scores hold anything
    }
  }
  let best = last.indices.max { last[$0] < last[$1] } ?? 0
  print("\(met) of \(frameCount) frames in time; element \(best) is the largest: \(last[best])")
}

func fail(_ message: String, status: Int32) -> Never {
  FileHandle.standardError.write(Data("classify: \(message)\n".utf8))
  exit(status)
}

let arguments = CommandLine.arguments.dropFirst()
guard let path = arguments.first, let budget = Int(arguments.dropFirst().first ?? "50"), budget > 0,
  arguments.count <= 2
else { fail("usage: classify PACK [MILLISECONDS]", status: 2) }
do {
  try classify(path, frameCount: 20, within: .milliseconds(budget))
} catch {
  fail("\(error)", status: 1)
}
