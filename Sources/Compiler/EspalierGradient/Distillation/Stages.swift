internal import EspalierGraph

/// A part of the student between two tensors that it shares with the teacher.
struct Stage {
  let input: Counterpart
  let output: Counterpart
  /// Constants that training may change.
  let trained: [ValueID]
}

extension Stage {
  /// The student's blocks, in order. Each ends at the first tensor behind two layers at least, through which
  /// everything passes and which can be compared with the teacher's.
  static func all(of student: Graph, _ teacher: Graph, kept: [String: [Int]]) -> [Stage] {
    let names = teacher.computedNames
    func counterpart(_ value: ValueID) -> Counterpart? {
      Counterpart(value, in: student, of: teacher, names, kept: kept)
    }
    guard student.inputs.count == 1, var start = counterpart(student.inputs[0]) else { return [] }
    let trainable = Set(Tape.trainable(student))
    let ends = Set(student.bottlenecks)
    var (stages, own, layers): ([Stage], [ValueID], Int) = ([], [], 0)
    for node in student.nodes {
      let constants = node.inputs.filter(trainable.contains)
      own += constants.filter { !own.contains($0) }
      layers += constants.isEmpty ? 0 : 1
      guard layers >= 2, let value = node.outputs.first, ends.contains(value), !isRenamedNext(value, student),
        let end = counterpart(value)
      else { continue }
      stages.append(Stage(input: start, output: end, trained: own))
      (start, own, layers) = (end, [], 0)
    }
    return stages
  }

  /// Whether only an activation follows: the block ends behind it.
  private static func isRenamedNext(_ value: ValueID, _ graph: Graph) -> Bool {
    let readers = graph.consumers(of: value)
    return readers.count == 1 && readers[0].op.name == "Unary" && !graph.outputs.contains(value)
  }
}
