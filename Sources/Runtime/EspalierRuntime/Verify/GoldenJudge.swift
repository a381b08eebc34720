internal import EspalierPlan

/// Holds what replays give against what the pack says, and against the first replay that gave all of it.
struct GoldenJudge {
  private let golden: Plan.GoldenVectors
  private let memory: SystemMemory
  /// The outputs of a replay that had the bits of the digest.
  private let references: [UnsafeMutableBufferPointer<Float>]
  private var hasReference: [Bool]
  private var level = 0

  /// - Throws: `outOfMemory`.
  init(_ model: Model, _ golden: Plan.GoldenVectors) throws(SessionError) {
    self.golden = golden
    var plan = MemoryPlan()
    let rooms = model.outputs.map { plan.room(for: Float.self, count: $0.byteCount / 4) }
    guard let memory = SystemMemory(byteCount: plan.byteCount) else {
      throw .outOfMemory(byteCount: plan.byteCount)
    }
    self.memory = memory
    references = rooms.map { $0.bound(in: memory) }
    hasReference = rooms.map { _ in false }
  }

  mutating func begin(_ level: Int) {
    self.level = level
    for index in hasReference.indices { hasReference[index] = false }
  }

  /// The first thing that is wrong with a replay of the level.
  ///
  /// - Parameter isPortable: Whether portable kernels made it.
  mutating func fault(_ frame: GoldenFrame, isPortable: Bool) -> GoldenFault? {
    for (index, expected) in golden.vectors[level].outputs.enumerated() {
      let isExact = expected.tolerance == 0 || (isPortable && expected.isPortable)
      let fault = isExact ? exactFault(index, expected, frame) : nearFault(index, expected, frame)
      if let fault { return fault }
    }
    return nil
  }

  private mutating func exactFault(
    _ output: Int, _ expected: Plan.GoldenVectors.Output, _ frame: GoldenFrame
  ) -> GoldenFault? {
    let found = frame.digest(output)
    guard found == expected.digest else {
      return firstDifference(output, expected, frame.outputs[output], allowed: 0)
        ?? .digest(output: output, expected: expected.digest, found: found)
    }
    if !hasReference[output] {
      _ = references[output].update(fromContentsOf: frame.outputs[output])
      hasReference[output] = true
    }
    return nil
  }

  private func nearFault(
    _ output: Int, _ expected: Plan.GoldenVectors.Output, _ frame: GoldenFrame
  ) -> GoldenFault? {
    firstDifference(
      output, expected, frame.outputs[output], allowed: expected.tolerance * expected.magnitude)
  }

  /// Compares all elements where a replay gave all of them, otherwise those that the pack keeps.
  private func firstDifference(
    _ output: Int, _ expected: Plan.GoldenVectors.Output, _ found: UnsafeMutableBufferPointer<Float>,
    allowed: Float
  ) -> GoldenFault? {
    let isWhole = hasReference[output]
    for index in 0..<(isWhole ? found.count : expected.kept.count) {
      let place =
        isWhole ? index : Plan.GoldenVectors.place(index, of: expected.kept.count, among: found.count)
      let wanted = isWhole ? references[output][index] : Float(bitPattern: expected.kept[index])
      let isSame = found[place].bitPattern == wanted.bitPattern
      // No NaN is near anything, and no infinity but to itself.
      if isSame || abs(found[place] - wanted) <= allowed && allowed > 0 { continue }
      return .element(
        output: output, element: place, expected: wanted, found: found[place], allowed: allowed)
    }
    return nil
  }
}
