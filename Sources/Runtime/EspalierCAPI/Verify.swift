public import CEspalier
internal import EspalierPlan
internal import EspalierRuntime

@c @implementation
public func espalier_model_verify(
  _ model: OpaquePointer!, _ limit: espalier_instruction_set, _ threads: UInt32,
  _ verification: UnsafeMutablePointer<espalier_verification>!,
  _ error: UnsafeMutablePointer<espalier_error>!
) -> espalier_status {
  do throws(Failure) {
    guard let model else { throw Failure("espalier_model_verify: the model is NULL") }
    var found = espalier_verification()
    // First, so that a structure of another size is refused before the replays take their time.
    if verification != nil {
      try SizedStructure.write(found, to: verification, named: "the verification")
    }
    try verify(ModelHandle.from(model).model, try instructionSet(limit), Int(threads), &found)
    if verification != nil {
      try SizedStructure.write(found, to: verification, named: "the verification")
    }
    guard found.wrong > 0 else { return ESPALIER_OK }
    throw Failure.wrongResult(
      """
      \(found.wrong) of \(found.replays) replays are wrong; the first: output \(found.output) of level \
      \(found.level) with \(found.threads) threads
      """)
  } catch let failure {
    return failure.report(to: error)
  }
}

private func verify(
  _ model: Model, _ limit: InstructionSet, _ threads: Int, _ found: inout espalier_verification
) throws(Failure) {
  found.levels = UInt32(model.golden?.vectors.count ?? 0)
  do throws(VerificationError) {
    try model.verify(threads: threads == 0 ? 1...4 : threads...threads, limit: limit) { replay in
      found.replays += 1
      guard let fault = replay.fault else { return }
      found.wrong += 1
      if found.wrong == 1 { found.note(fault, of: replay) }
    }
  } catch {
    throw Failure(error)
  }
}

extension espalier_verification {
  fileprivate mutating func note(_ fault: GoldenFault, of replay: GoldenReplay) {
    (level, threads) = (UInt32(replay.level), UInt32(replay.threads))
    instruction_set = replay.instructionSet.staticName
    output = UInt64(fault.output)
    element = .max
    guard case .element(_, let place, let expected, let found, let allowed) = fault else { return }
    element = UInt64(place)
    (self.expected, self.found, self.allowed) = (expected, found, allowed)
  }
}
