internal import EspalierGraph

/// Runs the teacher forward, on a thread of its own for each worker.
struct TeacherRunner {
  private let tape: Tape
  /// What the teacher computed, by worker.
  let memories: [TapeMemory]
  /// What is asked of the engines, in the order of their outputs.
  private let values: [ValueID]
  /// By worker; empty where the tape computes.
  private let engines: [Distillation.Execute]

  /// - Parameters:
  ///   - values: What is wanted of every frame.
  ///   - engine: Makes something that is faster than a tape; the tape computes where it makes nothing.
  init(
    _ teacher: Graph, to values: [ValueID], workers: Int, engine: Distillation.Engine?
  ) throws(GradientError) {
    let tape = try Tape(teacher, to: values, gradientsOf: [])
    let parameters = tape.makeParameters()
    self.tape = tape
    memories = (0..<workers).map { _ in TapeMemory(tape, parameters) }
    let distinct = Array(Set(values)).sorted()
    self.values = distinct
    let graph = teacher.observing(distinct)
    let made = engine.map { engine in (0..<workers).compactMap { _ in try? engine(graph) } } ?? []
    engines = made.count == workers ? made : []
  }

  /// Leaves in the worker's memory what the teacher makes of a frame.
  func run(_ frame: [[Float]], worker: Int) {
    let memory = memories[worker]
    if !engines.isEmpty, let found = try? engines[worker](frame) {
      for (value, elements) in zip(values, found) {
        _ = memory.value(of: value).update(fromContentsOf: elements)
      }
      return
    }
    for (input, elements) in frame.enumerated() { memory.setInput(input, elements) }
    tape.forward(memory)
  }
}
