public import CEspalier
internal import EspalierPlan
internal import EspalierRuntime

@c @implementation
public func espalier_abi_version() -> UInt32 { UInt32(ESPALIER_ABI_VERSION) }

@c @implementation
public func espalier_model_open(
  _ path: UnsafePointer<CChar>!, _ error: UnsafeMutablePointer<espalier_error>!
) -> OpaquePointer! {
  guard let path else {
    _ = Failure("espalier_model_open: the path is NULL").report(to: error)
    return nil
  }
  return open(error) { () throws(ModelError) in try Model(path: unsafe String(cString: path)) }
}

@c @implementation
public func espalier_model_open_memory(
  _ bytes: UnsafeRawPointer!, _ count: Int, _ error: UnsafeMutablePointer<espalier_error>!
) -> OpaquePointer! {
  guard let bytes, count >= 0 else {
    _ = Failure("espalier_model_open_memory: the bytes are NULL").report(to: error)
    return nil
  }
  let buffer = UnsafeRawBufferPointer(start: bytes, count: count)
  return open(error) { () throws(ModelError) in try Model(borrowing: buffer) }
}

@c @implementation
public func espalier_model_close(_ model: OpaquePointer!) {
  guard let model else { return }
  unsafe Unmanaged<ModelHandle>.fromOpaque(UnsafeRawPointer(model)).release()
}

@c @implementation
public func espalier_model_input_count(_ model: OpaquePointer!) -> Int {
  guard let model else { return 0 }
  return ModelHandle.from(model).inputs.ports.count
}

@c @implementation
public func espalier_model_output_count(_ model: OpaquePointer!) -> Int {
  guard let model else { return 0 }
  return ModelHandle.from(model).outputs.ports.count
}

@c @implementation
public func espalier_model_input(
  _ model: OpaquePointer!, _ index: Int, _ port: UnsafeMutablePointer<espalier_port>!,
  _ error: UnsafeMutablePointer<espalier_error>!
) -> espalier_status {
  guard let model else { return Failure("espalier_model_input: the model is NULL").report(to: error) }
  return describe(ModelHandle.from(model).inputs, index, port, error)
}

@c @implementation
public func espalier_model_output(
  _ model: OpaquePointer!, _ index: Int, _ port: UnsafeMutablePointer<espalier_port>!,
  _ error: UnsafeMutablePointer<espalier_error>!
) -> espalier_status {
  guard let model else { return Failure("espalier_model_output: the model is NULL").report(to: error) }
  return describe(ModelHandle.from(model).outputs, index, port, error)
}

@c @implementation
public func espalier_model_call_name(_ model: OpaquePointer!, _ call: Int) -> UnsafePointer<CChar>! {
  guard let model else { return nil }
  let names = ModelHandle.from(model).callNames
  return names.indices.contains(call) ? UnsafePointer(names[call]) : nil
}

/// A handle to the model, or nil with the error filled.
private func open(
  _ error: UnsafeMutablePointer<espalier_error>?, _ load: () throws(ModelError) -> Model
) -> OpaquePointer? {
  do throws(ModelError) {
    let handle = ModelHandle(try load())
    return unsafe OpaquePointer(Unmanaged.passRetained(handle).toOpaque())
  } catch let failure {
    _ = Failure(failure).report(to: error)
    return nil
  }
}

private func describe(
  _ list: PortList, _ index: Int, _ port: UnsafeMutablePointer<espalier_port>?,
  _ error: UnsafeMutablePointer<espalier_error>?
) -> espalier_status {
  guard list.ports.indices.contains(index) else {
    let message = "there is no input or output \(UInt(bitPattern: index)), only \(list.ports.count)"
    return Failure(message).report(to: error)
  }
  guard let port else { return Failure("the port to fill is NULL").report(to: error) }
  var found = espalier_port()
  found.name = UnsafePointer(list.names[index])
  found.shape = UnsafePointer(list.shapes[index])
  found.rank = list.ports[index].shape.count
  found.element_count = list.ports[index].byteCount / 4
  port.pointee = found
  return ESPALIER_OK
}
