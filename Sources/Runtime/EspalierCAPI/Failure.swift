internal import CEspalier
internal import EspalierRuntime

/// A status with the sentence that explains it.
struct Failure: Error {
  let status: espalier_status
  let message: String

  init(_ message: String) {
    status = ESPALIER_INVALID_ARGUMENT
    self.message = message
  }

  private init(_ status: espalier_status, _ message: String) {
    self.status = status
    self.message = message
  }

  static var sessionInUse: Failure {
    Failure(
      ESPALIER_NOT_NOW, "another call of the session is running; a session belongs to one thread at a time")
  }

  init(_ error: ModelError) {
    message = error.description
    switch error {
    case .unreadable: status = ESPALIER_UNREADABLE
    case .misaligned: status = ESPALIER_INVALID_ARGUMENT
    case .invalid: status = ESPALIER_INVALID_MODEL
    }
  }

  init(_ error: VerificationError) {
    switch error {
    case .damaged, .otherWeights: self.init(ESPALIER_INVALID_MODEL, error.description)
    case .session(let error): self.init(error)
    }
  }

  /// Of golden vectors that came out otherwise.
  static func wrongResult(_ message: String) -> Failure { Failure(ESPALIER_WRONG_RESULT, message) }

  init(_ error: SessionError) {
    message = error.description
    switch error {
    case .outOfMemory: status = ESPALIER_OUT_OF_MEMORY
    case .threadRefused: status = ESPALIER_THREAD_REFUSED
    default: status = ESPALIER_INVALID_ARGUMENT
    }
  }

  init(_ error: ResultError) {
    message = error.description
    switch error {
    case .outOfMemory: status = ESPALIER_OUT_OF_MEMORY
    case .noFrame: status = ESPALIER_NOT_NOW
    default: status = ESPALIER_INVALID_ARGUMENT
    }
  }

  init(_ error: MailboxError) {
    message = error.description
    switch error {
    case .capacity: status = ESPALIER_INVALID_ARGUMENT
    case .outOfMemory: status = ESPALIER_OUT_OF_MEMORY
    }
  }

  /// Writes status and message where the caller wants them, the message cut to its room.
  func report(to error: UnsafeMutablePointer<espalier_error>?) -> espalier_status {
    guard let error else { return status }
    error.pointee.status = status
    unsafe withUnsafeMutableBytes(of: &error.pointee.message) { room in
      let bytes = Array(message.utf8)
      var end = min(bytes.count, room.count - 1)
      while end < bytes.count, end > 0, bytes[end] & 0xC0 == 0x80 { end -= 1 }  // no half character
      for index in 0..<end { room[index] = bytes[index] }
      room[end] = 0
    }
    return status
  }
}
