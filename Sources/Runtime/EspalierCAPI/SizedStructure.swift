internal import CEspalier

/// Structures of espalier.h that begin with their size, so that programs built against an older header go on
/// working when fields are added behind.
enum SizedStructure {
  /// What a program of the first version gives.
  private static let firstOptionsSize = 40

  /// The options, with the initial values where the caller's structure ends earlier.
  static func options(_ given: UnsafePointer<espalier_session_options>?) throws(Failure)
    -> espalier_session_options
  {
    var options = espalier_session_options()
    options.size = MemoryLayout<espalier_session_options>.size
    options.threads = 1
    options.spin_between_frames_microseconds = 50
    options.scheduling = ESPALIER_SCHED_FIFO
    options.calling_core = -1
    guard let given else { return options }
    try read(
      given, into: &options, least: firstOptionsSize,
      hint: "the session options; use ESPALIER_SESSION_OPTIONS_INIT")
    return options
  }

  static func watchOptions(_ given: UnsafePointer<espalier_watch_options>?) throws(Failure)
    -> espalier_watch_options
  {
    var options = espalier_watch_options()
    guard let given else { throw Failure("the watch options are NULL") }
    try read(
      given, into: &options, least: MemoryLayout<espalier_watch_options>.size,
      hint: "the watch options; use ESPALIER_WATCH_OPTIONS_INIT")
    return options
  }

  static func picture(_ given: UnsafePointer<espalier_picture>) throws(Failure) -> espalier_picture {
    var picture = espalier_picture()
    try read(
      given, into: &picture, least: MemoryLayout<espalier_picture>.size,
      hint: "a picture; use ESPALIER_PICTURE_INIT")
    return picture
  }

  static func pictureInput(_ given: UnsafePointer<espalier_picture_input>?) throws(Failure)
    -> espalier_picture_input
  {
    var input = espalier_picture_input()
    guard let given else { throw Failure("the picture input is NULL") }
    try read(
      given, into: &input, least: MemoryLayout<espalier_picture_input>.size,
      hint: "the picture input; use ESPALIER_PICTURE_INPUT_INIT")
    return input
  }

  static func resultOptions(_ given: UnsafePointer<espalier_result_options>?) throws(Failure)
    -> espalier_result_options
  {
    var options = espalier_result_options()
    guard let given else { throw Failure("the result options are NULL") }
    try read(
      given, into: &options, least: MemoryLayout<espalier_result_options>.size,
      hint: "the result options; use ESPALIER_RESULT_OPTIONS_INIT")
    return options
  }

  static func frame(_ given: UnsafePointer<espalier_frame>?) throws(Failure) -> espalier_frame {
    var frame = espalier_frame(
      size: MemoryLayout<espalier_frame>.size, deadline_nanoseconds: .max, budget_nanoseconds: .max,
      sequence: .max, captured_nanoseconds: .max)
    guard let given else { return frame }
    try read(
      given, into: &frame, least: MemoryLayout<espalier_frame>.size,
      hint: "the frame; use ESPALIER_FRAME_INIT")
    return frame
  }

  /// Writes as much of `value` as the caller's structure has room for; its size stays as it is.
  static func write<Value: BitwiseCopyable>(
    _ value: Value, to room: UnsafeMutablePointer<Value>?, named name: String
  ) throws(Failure) {
    guard let room else { throw Failure("\(name) is NULL") }
    let size = UnsafeRawPointer(room).load(as: Int.self)
    guard size == MemoryLayout<Value>.size else {
      throw Failure("the size of \(name) is \(size); initialize it with the macro of espalier.h")
    }
    room.pointee = value
    UnsafeMutableRawPointer(room).storeBytes(of: size, as: Int.self)
  }

  private static func read<Value: BitwiseCopyable>(
    _ given: UnsafePointer<Value>, into value: inout Value, least: Int, hint: String
  ) throws(Failure) {
    let size = UnsafeRawPointer(given).load(as: Int.self)
    guard size >= least, size <= MemoryLayout<Value>.size else {
      throw Failure("\(size) is not the size of \(hint)")
    }
    unsafe withUnsafeMutableBytes(of: &value) { bytes in
      bytes.copyMemory(from: UnsafeRawBufferPointer(start: given, count: size))
    }
  }
}
