// Tries damaged files, one a seed, and prints a line for each:
//
//     damage-probe onnx FIRST COUNT MODEL.onnx…    damaged models through every stage up to a frame
//     damage-probe pack FIRST COUNT MODEL.onnx…    damaged packed files of these models through loading and a frame
//
// A line holds the seed, the model's number, the outcome, the case's processor time in milliseconds and the
// peak of resident memory in MB. A trap, an endless loop (10 s of processor time, 120 s in all) and, without
// a sanitizer, 6 GB of memory end the process: the seed is then the last of standard error, and with
// DAMAGE_KEEP=FILE its file is kept. A test runs it as a process of its own, tools/fuzz under AddressSanitizer.
import EspalierImport
import Foundation
import PlanFixtures

let arguments = CommandLine.arguments
guard arguments.count > 4, ["onnx", "pack"].contains(arguments[1]), let first = UInt64(arguments[2]),
  let count = UInt64(arguments[3])
else {
  fatalError("usage: damage-probe onnx|pack FIRST COUNT MODEL.onnx…")
}
let probe = try Probe(models: arguments.dropFirst(4).map { try SoundModel(path: $0) })
defer { probe.removeFolder() }
probe.limitMemory()
for seed in first..<first + count {
  probe.begin(seed)
  let started = Probe.processorMilliseconds
  let (model, outcome) = arguments[1] == "onnx" ? probe.tryModel(seed) : try probe.tryPack(seed)
  let milliseconds = Probe.processorMilliseconds - started
  probe.write("\(seed) \(model) \(outcome) \(milliseconds) \(Probe.peakMegabytes)", to: .standardOutput)
}
