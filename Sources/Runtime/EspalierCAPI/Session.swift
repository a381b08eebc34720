public import CEspalier
internal import EspalierRuntime

@c @implementation
public func espalier_session_create(
  _ model: OpaquePointer!, _ options: UnsafePointer<espalier_session_options>!,
  _ error: UnsafeMutablePointer<espalier_error>!
) -> OpaquePointer! {
  do throws(Failure) {
    guard let model else { throw Failure("espalier_session_create: the model is NULL") }
    let session = try makeSession(ModelHandle.from(model).model, SizedStructure.options(options))
    return unsafe OpaquePointer(Unmanaged.passRetained(SessionHandle(session)).toOpaque())
  } catch let failure {
    _ = failure.report(to: error)
    return nil
  }
}

@c @implementation
public func espalier_session_destroy(_ session: OpaquePointer!) {
  guard let session else { return }
  unsafe Unmanaged<SessionHandle>.fromOpaque(UnsafeRawPointer(session)).release()
}

@c @implementation
public func espalier_session_run(
  _ session: OpaquePointer!, _ inputs: UnsafePointer<UnsafePointer<Float>?>!, _ inputCount: Int,
  _ outputs: UnsafePointer<UnsafeMutablePointer<Float>?>!, _ outputCount: Int,
  _ error: UnsafeMutablePointer<espalier_error>!
) -> espalier_status {
  using(session, "espalier_session_run", error) { handle throws(Failure) in
    let buffers = try FrameBuffers(
      "espalier_session_run", inputs: inputs, inputCount, outputs: outputs, outputCount)
    do throws(SessionError) {
      try handle.session.run(inputs: buffers.inputs, outputs: buffers.outputs)
    } catch {
      throw Failure(error)
    }
  }
}

private func makeSession(_ model: Model, _ options: espalier_session_options) throws(Failure) -> Session {
  let threads = Int(options.threads)
  let limit = try instructionSet(options.limit)
  let policy = try threadPolicy(options)
  do throws(SessionError) {
    return try Session(model, threads: threads, policy: policy, limit: limit)
  } catch {
    throw Failure(error)
  }
}

func instructionSet(_ limit: espalier_instruction_set) throws(Failure) -> InstructionSet {
  switch limit {
  case ESPALIER_ISA_ANY: return .limit
  case ESPALIER_ISA_SCALAR: return .scalar
  case ESPALIER_ISA_AVX2: return .avx2
  case ESPALIER_ISA_AVX512: return .avx512
  case ESPALIER_ISA_NEON: return .neon
  default: throw Failure("there is no instruction set \(limit.rawValue)")
  }
}

/// Of a caller's list; a larger number is no count.
private let coreLimit = 1 << 16

private func threadPolicy(_ options: espalier_session_options) throws(Failure) -> ThreadPolicy {
  var policy = ThreadPolicy()
  let spin = options.spin_between_frames_microseconds
  policy.spinBetweenFramesInMicroseconds = spin == UInt32.max ? ThreadPolicy.spinForever : Int(spin)
  policy.priority = Int(options.priority)
  policy.scheduling = options.scheduling == ESPALIER_SCHED_RR ? .roundRobin : .fifo
  policy.callingCore = options.calling_core < 0 ? nil : Int(options.calling_core)
  policy.placesCallingThread = options.places_calling_thread != 0
  policy.workers = options.workers_from_caller != 0 ? .fromCaller : .started
  if let cores = options.cores {
    guard 0...coreLimit ~= options.core_count else {
      throw Failure("\(UInt(bitPattern: options.core_count)) cores are more than the limit, \(coreLimit)")
    }
    for core in UnsafeBufferPointer(start: cores, count: options.core_count) {
      guard core >= 0 else { throw Failure("\(core) is no core") }
      policy.cores.append(Int(core))
    }
  }
  return policy
}
