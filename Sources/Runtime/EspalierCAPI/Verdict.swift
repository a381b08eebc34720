public import CEspalier
internal import EspalierRuntime

@c @implementation
public func espalier_session_run_deadline(
  _ session: OpaquePointer!, _ inputs: UnsafePointer<UnsafePointer<Float>?>!, _ inputCount: Int,
  _ outputs: UnsafePointer<UnsafeMutablePointer<Float>?>!, _ outputCount: Int,
  _ frame: UnsafePointer<espalier_frame>!, _ verdict: UnsafeMutablePointer<espalier_verdict>!,
  _ error: UnsafeMutablePointer<espalier_error>!
) -> espalier_status {
  using(session, "espalier_session_run_deadline", error) { handle throws(Failure) in
    let buffers = try FrameBuffers(
      "espalier_session_run_deadline", inputs: inputs, inputCount, outputs: outputs, outputCount)
    let wanted = try SizedStructure.frame(frame)
    let found: FrameVerdict
    do throws(SessionError) {
      found = try handle.session.run(
        inputs: buffers.inputs, outputs: buffers.outputs, deadline: Deadline(wanted),
        frame: FrameStamp(wanted))
    } catch {
      throw Failure(error)
    }
    try SizedStructure.write(espalier_verdict(found), to: verdict, named: "the verdict")
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
