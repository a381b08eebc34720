internal import CEspalierKernels
public import EspalierPlan

extension Model {
  /// Replays the pack's golden vectors on every instruction set of this processor with every number of threads.
  ///
  /// Checksums are verified anew first, of the file and of the weights. Outputs that are the same bits on all kernels by
  /// contract are held to their bits; others to the bits of the portable kernels where these run, and to a tolerance
  /// elsewhere (`Plan.GoldenVectors`). Makes sessions of its own and allocates: not for the time between two frames.
  ///
  /// - Parameters:
  ///   - threads: At least 1, at most `Session.threadLimit`.
  ///   - limit: No instruction set above it is tried.
  ///   - replayed: Called after each replay; not at all where the pack holds no vectors.
  /// - Throws: `VerificationError`.
  public func verify(
    threads: ClosedRange<Int> = 1...4, limit: InstructionSet = .limit, replayed: (GoldenReplay) -> Void
  ) throws(VerificationError) {
    do throws(PlanError) {
      try PlanReader.requireChecksums(bytes)
    } catch {
      throw .damaged(error)
    }
    guard let golden else { return }
    let checksum = unsafe espalier_crc32c(weights.baseAddress, weights.count)
    guard checksum == golden.weightsChecksum else {
      throw .otherWeights(expected: golden.weightsChecksum, found: checksum)
    }
    do throws(SessionError) {
      let frame = try GoldenFrame(self)
      var judge = try GoldenJudge(self, golden)
      for level in golden.vectors.indices {
        judge.begin(level)
        frame.fill(seed: golden.vectors[level].seed, ranges: golden.inputs)
        for instructionSet in InstructionSet.available(upTo: limit) {
          for count in threads {
            var session = try Session(self, threads: count, limit: instructionSet)
            session.allowedLevels = level...level
            try frame.run(&session)
            replayed(
              GoldenReplay(
                level: level, instructionSet: instructionSet, threads: count,
                fault: judge.fault(frame, isPortable: instructionSet == .scalar)))
          }
        }
      }
    } catch {
      throw .session(error)
    }
  }

  /// What an output of a level is to be held to.
  public struct GoldenRule: Sendable {
    public var isPortable: Bool
    public var tolerance: Float

    public init(isPortable: Bool, tolerance: Float) {
      (self.isPortable, self.tolerance) = (isPortable, tolerance)
    }
  }

  /// Runs a frame of every level through the portable kernels and keeps what it gives.
  ///
  /// - Parameters:
  ///   - inputs: One for each input.
  ///   - rules: One for each level.
  ///   - keptElementCount: The most that are kept of an output.
  /// - Throws: `SessionError`.
  public func recordGoldenVectors(
    seed: UInt64, inputs: [Plan.GoldenVectors.Input], rules: [GoldenRule], keptElementCount: Int = 64,
    threads: Int = 1
  ) throws(SessionError) -> Plan.GoldenVectors {
    precondition(inputs.count == self.inputs.count && rules.count == levels.count)
    var golden = Plan.GoldenVectors(
      inputs: inputs, vectors: [],
      weightsChecksum: unsafe espalier_crc32c(weights.baseAddress, weights.count))
    let frame = try GoldenFrame(self)
    var session = try Session(self, threads: threads, limit: .scalar)
    for (level, rule) in rules.enumerated() {
      session.allowedLevels = level...level
      let own = seed &+ UInt64(level)
      frame.fill(seed: own, ranges: inputs)
      try frame.run(&session)
      let outputs = frame.outputs.indices.map { frame.record($0, rule, keptElementCount) }
      golden.vectors.append(Plan.GoldenVectors.Vector(seed: own, outputs: outputs))
    }
    return golden
  }
}

extension GoldenFrame {
  fileprivate func record(
    _ output: Int, _ rule: Model.GoldenRule, _ limit: Int
  ) -> Plan.GoldenVectors.Output {
    let elements = outputs[output]
    let count = min(limit, elements.count)
    let kept = (0..<count).map {
      elements[Plan.GoldenVectors.place($0, of: count, among: elements.count)].bitPattern
    }
    var magnitude: Float = 0
    for element in elements where element.isFinite { magnitude = max(magnitude, abs(element)) }
    return Plan.GoldenVectors.Output(
      digest: digest(output), isPortable: rule.isPortable, tolerance: rule.tolerance, magnitude: magnitude,
      kept: kept)
  }
}
