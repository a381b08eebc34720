public import CEspalier
internal import EspalierPlan
internal import EspalierRuntime

@c @implementation
public func espalier_session_watch(
  _ session: OpaquePointer!, _ options: UnsafePointer<espalier_watch_options>!,
  _ error: UnsafeMutablePointer<espalier_error>!
) -> espalier_status {
  using(session, "espalier_session_watch", error) { handle throws(Failure) in
    try watch(handle, SizedStructure.watchOptions(options))
  }
}

@c @implementation
public func espalier_session_metrics(
  _ session: OpaquePointer!, _ text: UnsafeMutablePointer<CChar>!, _ capacity: Int
) -> Int {
  guard let session, text != nil || capacity == 0, capacity >= 0 else { return 0 }
  let handle = SessionHandle.from(session)
  guard (try? handle.begin()) != nil else { return 0 }
  defer { handle.end() }
  let room = UnsafeMutableRawBufferPointer(start: text, count: capacity).bindMemory(to: UInt8.self)
  let fitting = UnsafeMutableBufferPointer(rebasing: room[..<max(0, capacity - 1)])
  let count = handle.session.writeMetrics(into: fitting)
  if capacity > 0 { room[min(count, capacity - 1)] = 0 }
  return count
}

private func watch(_ handle: SessionHandle, _ options: espalier_watch_options) throws(Failure) {
  var rules = RoadRules()
  rules.saturationFactor = options.saturation_factor
  rules.saturationOffset = options.saturation_offset
  rules.driftLimit = options.drift_limit
  rules.spreadFactor = options.spread_factor
  rules.confirmations = Int(options.confirmations)
  rules.window = Int(options.window)
  let names = WatchedNames(handle.session.model.watches)
  let call = options.alarm
  let context = CallbackContext(pointer: options.context)
  do throws(SessionError) {
    try handle.session.watch(every: Int(options.interval), rules: rules) { alarm in
      guard let call else { return }
      var found = espalier_alarm(alarm, name: names.pointers[alarm.tensor])
      call(&found, context.pointer)
    }
  } catch {
    throw Failure(error)
  }
}

/// What the caller wants to get back; the caller answers for its use on the thread that runs frames.
private struct CallbackContext: @unchecked Sendable {
  let pointer: UnsafeMutableRawPointer?
}

/// The names of watched tensors as C reads them, as long as alarms may come.
private final class WatchedNames: @unchecked Sendable {
  let pointers: [UnsafeMutablePointer<CChar>]

  init(_ watches: [Plan.Watch]) { pointers = watches.map { terminated($0.statistics.name) } }

  deinit {
    for pointer in pointers { pointer.deallocate() }
  }
}

extension espalier_alarm {
  fileprivate init(_ alarm: RoadAlarm, name: UnsafePointer<CChar>) {
    self.init()
    size = MemoryLayout<espalier_alarm>.size
    rule = espalier_rule(UInt32(alarm.rule.rawValue))
    raised = alarm.isRaised ? 1 : 0
    tensor = alarm.tensor
    tensor_name = name
    watched_frames = alarm.watchedFrames
    elements = alarm.observation.count
    not_finite = alarm.observation.nanCount + alarm.observation.infinityCount
    mean = alarm.observation.mean
    standard_deviation = alarm.observation.standardDeviation
    least = alarm.observation.least
    largest = alarm.observation.largest
    saturated_share = alarm.observation.saturatedShare
    drift = alarm.observation.drift
  }
}
