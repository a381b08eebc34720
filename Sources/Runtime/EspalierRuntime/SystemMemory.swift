internal import CEspalierKernels

/// Zeroed memory from the system, 64-byte aligned and already present, given back when nobody uses it any more.
final class SystemMemory: @unchecked Sendable {
  let base: UnsafeMutableRawPointer
  let byteCount: Int

  /// Nil when there is no memory.
  init?(byteCount: Int) {
    guard let base = espalier_memory_allocate(byteCount) else { return nil }
    self.base = base
    self.byteCount = byteCount
  }

  deinit { espalier_memory_free(base, byteCount) }
}
