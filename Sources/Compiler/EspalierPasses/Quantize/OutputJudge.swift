internal import EspalierObserve

/// How far outputs are from those of float32 over a group of frames.
public struct GroupError: Sendable {
  public struct Output: Sendable {
    public var name: String
    public var cosine: Double
    /// The sum of the squared differences over that of the squared values; 0 where nothing differs.
    public var noise: Double
  }

  public var group: String
  public var frames: Int
  public var outputs: [Output]
  /// In how many frames every output has its largest element in the same place.
  public var sameLargest: Int

  /// The largest noise of an output.
  public var noise: Double { outputs.map(\.noise).max() ?? 0 }
}

/// Compares two executions of a network.
struct OutputJudge {
  let reference: Observer.Execute
  let names: [String]

  /// - Parameter finished: Gets how many frames of all groups are judged.
  func errors(
    of execute: Observer.Execute, _ groups: [FrameGroup], finished: (Int) -> Void = { _ in }
  ) throws -> [GroupError] {
    var done = 0
    return try groups.map { group in
      var sums = names.map { _ in Sums() }
      var same = 0
      for frame in group.frames.indices {
        let inputs = group.elements(frame)
        let (expected, found) = (try reference(inputs), try execute(inputs))
        for index in sums.indices { sums[index].add(found[index], expected[index]) }
        if zip(expected, found).allSatisfy({ Self.largest($0) == Self.largest($1) }) { same += 1 }
        done += 1
        finished(done)
      }
      let outputs = zip(names, sums).map {
        GroupError.Output(name: $0, cosine: $1.cosine, noise: $1.noise)
      }
      return GroupError(group: group.name, frames: group.frames.count, outputs: outputs, sameLargest: same)
    }
  }

  private static func largest(_ elements: [Float]) -> Int? {
    elements.indices.max { elements[$0] < elements[$1] }
  }

  private struct Sums {
    private var product = 0.0
    private var found = 0.0
    private var expected = 0.0
    private var difference = 0.0

    mutating func add(_ x: [Float], _ y: [Float]) {
      for (x, y) in zip(x, y) {
        let (x, y) = (Double(x), Double(y))
        product += x * y
        found += x * x
        expected += y * y
        difference += (x - y) * (x - y)
      }
    }

    var noise: Double { difference == 0 ? 0 : difference / max(expected, .leastNormalMagnitude) }

    var cosine: Double {
      guard found > 0, expected > 0 else { return found == expected ? 1 : 0 }
      return product / (found * expected).squareRoot()
    }
  }
}
