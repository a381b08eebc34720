internal import CEspalierKernels

/// Zeroed memory from the system, 64-byte aligned and already present, given back when nobody uses it any more.
final class SystemMemory: @unchecked Sendable {
  let base: UnsafeMutableRawPointer
  let byteCount: Int

  /// Nil when there is no memory. An object that exists already when its making fails is never given back in Embedded
  /// Swift 6.3, so what fails stands in convenience initializers, before the object.
  convenience init?(byteCount: Int) {
    guard let base = espalier_memory_allocate(byteCount) else { return nil }
    self.init(base, byteCount)
  }

  private init(_ base: UnsafeMutableRawPointer, _ byteCount: Int) {
    self.base = base
    self.byteCount = byteCount
  }

  deinit { espalier_memory_free(base, byteCount) }

  var bytes: UnsafeRawBufferPointer { UnsafeRawBufferPointer(start: base, count: byteCount) }
}

/// Several arrays of plain values in one block of memory, each on cache lines of its own.
struct MemoryPlan {
  /// Where one of the arrays lies.
  struct Room<Element: BitwiseCopyable> {
    let offset: Int
    let count: Int

    /// The array, all bits zero.
    func bound(in memory: SystemMemory) -> UnsafeMutableBufferPointer<Element> {
      let start = (memory.base + offset).bindMemory(to: Element.self, capacity: max(1, count))
      return UnsafeMutableBufferPointer(start: start, count: count)
    }
  }

  private(set) var byteCount = 0

  mutating func room<Element: BitwiseCopyable>(for: Element.Type, count: Int) -> Room<Element> {
    defer { byteCount += (max(1, count) * MemoryLayout<Element>.stride + 63) / 64 * 64 }
    return Room(offset: byteCount, count: count)
  }
}
