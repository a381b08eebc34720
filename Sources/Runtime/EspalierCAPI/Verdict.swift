public import CEspalier
internal import EspalierRuntime

@c @implementation
public func espalier_session_run_deadline(
  _ session: OpaquePointer!, _ inputs: UnsafePointer<UnsafePointer<Float>?>!, _ inputCount: Int,
  _ outputs: UnsafePointer<UnsafeMutablePointer<Float>?>!, _ outputCount: Int,
  _ frame: UnsafePointer<espalier_frame>!, _ verdict: UnsafeMutablePointer<espalier_verdict>!,
  _ error: UnsafeMutablePointer<espalier_error>!
) -> espalier_status {
  do throws(Failure) {
    guard let session else { throw Failure("espalier_session_run_deadline: the session is NULL") }
    guard inputs != nil || inputCount == 0, outputs != nil || outputCount == 0, inputCount >= 0,
      outputCount >= 0
    else { throw Failure("espalier_session_run_deadline: the list of inputs or outputs is NULL") }
    let wanted = try SizedStructure.frame(frame)
    let found = try run(
      SessionHandle.from(session), UnsafeBufferPointer(start: inputs, count: inputCount),
      UnsafeBufferPointer(start: outputs, count: outputCount), wanted)
    try SizedStructure.write(espalier_verdict(found), to: verdict, named: "the verdict")
    return ESPALIER_OK
  } catch let failure {
    return failure.report(to: error)
  }
}

@c @implementation
public func espalier_session_counters(
  _ session: OpaquePointer!, _ counters: UnsafeMutablePointer<espalier_counters>!,
  _ error: UnsafeMutablePointer<espalier_error>!
) -> espalier_status {
  do throws(Failure) {
    guard let session else { throw Failure("espalier_session_counters: the session is NULL") }
    let found = SessionHandle.from(session).monitor.counters
    let structure = espalier_counters(
      size: 0, frames: found.frames, met: found.met, late: found.late, cancelled: found.cancelled,
      skipped: found.skipped, degraded: found.degraded, missing: found.missing)
    try SizedStructure.write(structure, to: counters, named: "the counters")
    return ESPALIER_OK
  } catch let failure {
    return failure.report(to: error)
  }
}

private func run(
  _ handle: SessionHandle, _ inputs: UnsafeBufferPointer<UnsafePointer<Float>?>,
  _ outputs: UnsafeBufferPointer<UnsafeMutablePointer<Float>?>, _ frame: espalier_frame
) throws(Failure) -> FrameVerdict {
  try handle.begin()
  defer { handle.end() }
  do throws(SessionError) {
    return try handle.session.run(
      inputs: inputs, outputs: outputs, deadline: Deadline(frame), frame: FrameStamp(frame))
  } catch {
    throw Failure(error)
  }
}

extension Deadline {
  /// The earlier one of a frame's deadline and its budget.
  init(_ frame: espalier_frame) {
    let (deadline, budget) = (frame.deadline_nanoseconds, frame.budget_nanoseconds)
    switch (deadline, budget) {
    case (.max, .max): self = .none
    case (.max, _): self = .after(nanoseconds: budget)
    case (_, .max): self = .at(MonotonicInstant(nanoseconds: deadline))
    default:
      let end = MonotonicInstant.now.advanced(byNanoseconds: budget)
      self = .at(min(end, MonotonicInstant(nanoseconds: deadline)))
    }
  }
}

extension FrameStamp {
  init(_ frame: espalier_frame) {
    self.init(
      sequence: frame.sequence == .max ? nil : frame.sequence,
      captured: frame.captured_nanoseconds == .max
        ? nil : MonotonicInstant(nanoseconds: frame.captured_nanoseconds))
  }
}

extension espalier_verdict {
  init(_ verdict: FrameVerdict) {
    self.init()
    cancelled_call = .max
    switch verdict.outcome {
    case .met:
      outcome = ESPALIER_MET
    case .late(let nanoseconds):
      outcome = ESPALIER_LATE
      late_nanoseconds = nanoseconds
    case .cancelled(let call):
      outcome = ESPALIER_CANCELLED
      cancelled_call = UInt64(call)
    case .skipped(let reason):
      outcome = ESPALIER_SKIPPED
      skip_reason = espalier_skip_reason(reason.rawValue)
    }
    level = UInt32(clamping: verdict.level)
    model_nanoseconds = verdict.modelNanoseconds
    overhead_nanoseconds = verdict.overheadNanoseconds
    age_nanoseconds = verdict.ageNanoseconds ?? .max
    sequence_gap = verdict.sequenceGap
  }
}
