internal import EspalierGraph

/// A tensor of the student and what it should be like: the teacher's of the same name, or some of its channels.
struct Counterpart {
  let student: ValueID
  let teacher: ValueID
  let count: Int
  /// Channels of the teacher that the student has; nil where it has all.
  let kept: [Int]?
  /// Elements of one channel.
  let plane: Int

  /// Nil where the two cannot be compared.
  ///
  /// - Parameter kept: Which channels of the teacher's tensor the student kept.
  init?(
    _ value: ValueID, in student: Graph, of teacher: Graph, _ names: [String: ValueID], kept: [String: [Int]]
  ) {
    guard let other = names[student[value].name] else { return nil }
    let (own, full) = (student.type(of: value).shape, teacher.type(of: other).shape)
    guard student.type(of: value).element == .float32, own.count == full.count else { return nil }
    (self.student, self.teacher, count) = (value, other, own.elementCount)
    plane = own.dropFirst(2).reduce(1, *)
    if own == full {
      self.kept = nil
    } else if let list = kept[student[value].name], own.count >= 2, list.count == own[1], own[0] == full[0],
      full[0] == 1, own.dropFirst(2) == full.dropFirst(2), list.allSatisfy({ $0 < full[1] })
    {
      self.kept = list
    } else {
      return nil
    }
  }

  /// What the student's tensor should be.
  func target(_ memory: TapeMemory) -> [Float] { target(Array(memory.value(of: teacher))) }

  func target(_ full: [Float]) -> [Float] {
    guard let kept else { return full }
    return kept.flatMap { full[$0 * plane..<($0 + 1) * plane] }
  }
}

extension Graph {
  /// Values by name, those of constants left out.
  var computedNames: [String: ValueID] {
    var result: [String: ValueID] = [:]
    for value in inputs + nodes.flatMap(\.outputs) where result[self[value].name] == nil {
      result[self[value].name] = value
    }
    return result
  }

  /// The values through which everything passes that outputs depend on, in execution order: between two of them
  /// lies a block of the network.
  var bottlenecks: [ValueID] {
    var lastRead: [ValueID: Int] = [:]
    for (position, node) in nodes.enumerated() {
      for input in node.inputs where constant(of: input) == nil { lastRead[input] = position }
    }
    for output in outputs { lastRead[output] = nodes.count }
    var live = Set(inputs.filter { lastRead[$0] != nil })
    var result: [ValueID] = []
    for (position, node) in nodes.enumerated() {
      live.formUnion(node.outputs.filter { lastRead[$0] != nil })
      live = live.filter { (lastRead[$0] ?? -1) > position }
      if live.count == 1, let only = live.first, only != result.last, !inputs.contains(only) {
        result.append(only)
      }
    }
    return result
  }
}
