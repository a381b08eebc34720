internal import CEspalier
internal import EspalierRuntime

/// Does something with a session that no other call of it may run beside, and reports what is wrong.
///
/// - Parameter name: Of the C function, for the sentence.
func using(
  _ session: OpaquePointer?, _ name: StaticString, _ error: UnsafeMutablePointer<espalier_error>?,
  _ body: (SessionHandle) throws(Failure) -> Void
) -> espalier_status {
  do throws(Failure) {
    guard let session else { throw Failure("\(name): the session is NULL") }
    let handle = SessionHandle.from(session)
    try handle.begin()
    defer { handle.end() }
    try body(handle)
    return ESPALIER_OK
  } catch let failure {
    return failure.report(to: error)
  }
}

/// The caller's buffers of a frame.
struct FrameBuffers {
  let inputs: UnsafeBufferPointer<UnsafePointer<Float>?>
  let outputs: UnsafeBufferPointer<UnsafeMutablePointer<Float>?>

  /// - Throws: Where a list is missing that has elements, or a count is negative.
  init(
    _ name: StaticString, inputs: UnsafePointer<UnsafePointer<Float>?>?, _ inputCount: Int,
    outputs: UnsafePointer<UnsafeMutablePointer<Float>?>?, _ outputCount: Int
  ) throws(Failure) {
    guard inputs != nil || inputCount == 0, outputs != nil || outputCount == 0, inputCount >= 0,
      outputCount >= 0
    else { throw Failure("\(name): the list of inputs or outputs is NULL") }
    self.inputs = UnsafeBufferPointer(start: inputs, count: inputCount)
    self.outputs = UnsafeBufferPointer(start: outputs, count: outputCount)
  }
}
