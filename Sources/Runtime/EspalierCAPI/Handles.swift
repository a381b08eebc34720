internal import EspalierPlan
internal import EspalierRuntime

/// What an `espalier_model *` points to.
final class ModelHandle {
  let model: Model
  let inputs: PortList
  let outputs: PortList

  init(_ model: Model) {
    self.model = model
    inputs = PortList(model.inputs)
    outputs = PortList(model.outputs)
  }

  /// The object behind a pointer that C holds.
  static func from(_ pointer: OpaquePointer) -> ModelHandle {
    unsafe Unmanaged<ModelHandle>.fromOpaque(UnsafeRawPointer(pointer)).takeUnretainedValue()
  }
}

/// What an `espalier_session *` points to.
final class SessionHandle {
  var session: Session

  init(_ session: consuming Session) { self.session = session }

  static func from(_ pointer: OpaquePointer) -> SessionHandle {
    unsafe Unmanaged<SessionHandle>.fromOpaque(UnsafeRawPointer(pointer)).takeUnretainedValue()
  }
}

/// Names and shapes of inputs or outputs as C reads them.
final class PortList {
  private(set) var names: [UnsafeMutablePointer<CChar>] = []
  private(set) var shapes: [UnsafeMutablePointer<Int64>] = []
  let ports: [Plan.Port]

  init(_ ports: [Plan.Port]) {
    self.ports = ports
    for port in ports {
      let name = UnsafeMutablePointer<CChar>.allocate(capacity: port.name.utf8.count + 1)
      var end = 0
      for byte in port.name.utf8 {
        name[end] = CChar(bitPattern: byte)
        end += 1
      }
      name[end] = 0
      names.append(name)
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
