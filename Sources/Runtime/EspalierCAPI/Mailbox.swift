public import CEspalier
internal import EspalierRuntime

@c @implementation
public func espalier_mailbox_create(
  _ frameBytes: Int, _ capacity: UInt32, _ error: UnsafeMutablePointer<espalier_error>!
) -> OpaquePointer! {
  do throws(MailboxError) {
    let mode = capacity == 0 ? FrameMailbox.Mode.latest : .queue(capacity: Int(capacity))
    let handle = MailboxHandle(try FrameMailbox(byteCount: frameBytes, mode: mode))
    return unsafe OpaquePointer(Unmanaged.passRetained(handle).toOpaque())
  } catch let failure {
    _ = Failure(failure).report(to: error)
    return nil
  }
}

@c @implementation
public func espalier_mailbox_destroy(_ mailbox: OpaquePointer!) {
  guard let mailbox else { return }
  unsafe Unmanaged<MailboxHandle>.fromOpaque(UnsafeRawPointer(mailbox)).release()
}

@c @implementation
public func espalier_mailbox_reserve(
  _ mailbox: OpaquePointer!, _ timeoutNanoseconds: UInt64
) -> UnsafeMutableRawPointer! {
  guard let mailbox else { return nil }
  return MailboxHandle.from(mailbox).mailbox.reserve(timeoutNanoseconds: timeoutNanoseconds)?.baseAddress
}

@c @implementation
public func espalier_mailbox_publish(
  _ mailbox: OpaquePointer!, _ frame: UnsafePointer<espalier_frame>!
) -> espalier_status {
  guard let mailbox else { return ESPALIER_INVALID_ARGUMENT }
  do throws(Failure) {
    let stamp = FrameStamp(try SizedStructure.frame(frame))
    return MailboxHandle.from(mailbox).mailbox.publish(stamp) ? ESPALIER_OK : ESPALIER_NOT_NOW
  } catch let failure {
    return failure.status
  }
}

@c @implementation
public func espalier_mailbox_take(
  _ mailbox: OpaquePointer!, _ timeoutNanoseconds: UInt64, _ frame: UnsafeMutablePointer<espalier_frame>!
) -> UnsafeRawPointer! {
  guard let mailbox else { return nil }
  guard let taken = MailboxHandle.from(mailbox).mailbox.take(timeoutNanoseconds: timeoutNanoseconds) else {
    return nil
  }
  if let frame {
    frame.pointee.sequence = taken.stamp.sequence ?? .max
    frame.pointee.captured_nanoseconds = taken.stamp.captured?.nanoseconds ?? .max
  }
  return taken.bytes.baseAddress
}

@c @implementation
public func espalier_mailbox_close(_ mailbox: OpaquePointer!) {
  guard let mailbox else { return }
  MailboxHandle.from(mailbox).mailbox.close()
}

@c @implementation
public func espalier_mailbox_counts(
  _ mailbox: OpaquePointer!, _ published: UnsafeMutablePointer<UInt64>!,
  _ dropped: UnsafeMutablePointer<UInt64>!, _ taken: UnsafeMutablePointer<UInt64>!
) {
  let counters = mailbox.map { MailboxHandle.from($0).mailbox.counters } ?? MailboxCounters()
  published?.pointee = counters.published
  dropped?.pointee = counters.dropped
  taken?.pointee = counters.taken
}
