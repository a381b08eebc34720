// Runs frames of a pattern through a pack with one input and one output, each within 50 milliseconds.
//
//     swift run -c release classify PACK

import EspalierRuntime

/// Prints what became of the frames, and the largest element of the last outputs.
func classify(_ path: String, frameCount: Int) throws {
  let model = try Model(path: path)
  var session = try Session(model, threads: 2)
  try session.prepare()
  let elementCounts = [model.inputs[0], model.outputs[0]].map { $0.shape.reduce(1, *) }
  var frame = [Float](repeating: 0, count: elementCounts[0])
  var scores = [Float](repeating: 0, count: elementCounts[1])
  var met = 0
  for number in 0..<frameCount {
    for index in frame.indices { frame[index] = Float((index + number * 7) % 256) / 255 }
    var room = scores.mutableSpan
    let verdict = try session.run(frame.span, into: &room, deadline: .after(.milliseconds(50)))
    if case .met = verdict.outcome { met += 1 }
  }
  let best = scores.indices.max { scores[$0] < scores[$1] } ?? 0
  print("\(met) of \(frameCount) frames in time; element \(best) is the largest: \(scores[best])")
}

guard CommandLine.arguments.count == 2 else { fatalError("usage: classify PACK") }
do {
  try classify(CommandLine.arguments[1], frameCount: 20)
} catch {
  print("classify: \(error)")
}
