internal import EspalierPlan
internal import EspalierRuntime
internal import Synchronization

/// What an `espalier_model *` points to.
final class ModelHandle {
  let model: Model
  let inputs: PortList
  let outputs: PortList
  /// Of the kernel calls.
  let callNames: [UnsafeMutablePointer<CChar>]
  /// Of the classes.
  let labels: [UnsafeMutablePointer<CChar>]

  init(_ model: Model) {
    self.model = model
    inputs = PortList(model.inputs)
    outputs = PortList(model.outputs)
    callNames = model.calls.map { terminated($0.name) }
    labels = model.results?.labels.map { terminated($0) } ?? []
  }

  deinit {
    for name in callNames + labels { name.deallocate() }
  }

  /// The object behind a pointer that C holds.
  static func from(_ pointer: OpaquePointer) -> ModelHandle {
    unsafe Unmanaged<ModelHandle>.fromOpaque(UnsafeRawPointer(pointer)).takeUnretainedValue()
  }
}

/// What an `espalier_session *` points to.
final class SessionHandle {
  var session: Session
  /// What other threads than the session's may use.
  let monitor: SessionMonitor
  /// Room for the pictures of a frame.
  let pictures: UnsafeMutableBufferPointer<Picture>
  private let workers: [SessionWorker]
  private let claimed = Atomic<Int>(0)
  private let isInUse = Atomic<Bool>(false)

  init(_ session: consuming Session) {
    monitor = session.monitor
    var workers: [SessionWorker] = []
    while let worker = session.makeWorker() { workers.append(worker) }
    self.workers = workers
    pictures = .allocate(capacity: session.model.inputs.count)
    self.session = session
  }

  deinit { pictures.deallocate() }

  /// A worker that nobody runs yet; nil where there is none left.
  func claimWorker() -> SessionWorker? {
    let index = claimed.wrappingAdd(1, ordering: .relaxed).oldValue
    return workers.indices.contains(index) ? workers[index] : nil
  }

  /// Begins a call that no other call of the session may run beside; `end` follows. Another thread that calls
  /// meanwhile, or the callback of an alarm, is refused: nobody waits.
  func begin() throws(Failure) {
    guard isInUse.compareExchange(expected: false, desired: true, ordering: .acquiring).exchanged else {
      throw Failure.sessionInUse
    }
  }

  func end() { isInUse.store(false, ordering: .releasing) }

  static func from(_ pointer: OpaquePointer) -> SessionHandle {
    unsafe Unmanaged<SessionHandle>.fromOpaque(UnsafeRawPointer(pointer)).takeUnretainedValue()
  }
}

/// What an `espalier_mailbox *` points to.
final class MailboxHandle {
  let mailbox: FrameMailbox

  init(_ mailbox: FrameMailbox) { self.mailbox = mailbox }

  static func from(_ pointer: OpaquePointer) -> MailboxHandle {
    unsafe Unmanaged<MailboxHandle>.fromOpaque(UnsafeRawPointer(pointer)).takeUnretainedValue()
  }
}

/// A copy of a string as C reads it, for the caller to deallocate.
func terminated(_ text: String) -> UnsafeMutablePointer<CChar> {
  let copy = UnsafeMutablePointer<CChar>.allocate(capacity: text.utf8.count + 1)
  var end = 0
  for byte in text.utf8 {
    copy[end] = CChar(bitPattern: byte)
    end += 1
  }
  copy[end] = 0
  return copy
}

/// Names and shapes of inputs or outputs as C reads them.
final class PortList {
  private(set) var names: [UnsafeMutablePointer<CChar>] = []
  private(set) var shapes: [UnsafeMutablePointer<Int64>] = []
  let ports: [Plan.Port]

  init(_ ports: [Plan.Port]) {
    self.ports = ports
    for port in ports {
      names.append(terminated(port.name))
      let shape = UnsafeMutablePointer<Int64>.allocate(capacity: max(1, port.shape.count))
      for (axis, extent) in port.shape.enumerated() { shape[axis] = Int64(extent) }
      shapes.append(shape)
    }
  }

  deinit {
    for name in names { name.deallocate() }
    for shape in shapes { shape.deallocate() }
  }
}
