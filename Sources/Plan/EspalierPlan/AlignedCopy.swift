/// A copy of bytes at a 64-byte boundary, as kernels and checkers want their weights.
package final class AlignedCopy: @unchecked Sendable {
  /// Whoever made the copy may fill it before others see it.
  let memory: UnsafeMutableRawBufferPointer

  package var bytes: UnsafeRawBufferPointer { unsafe UnsafeRawBufferPointer(memory) }

  package convenience init(of source: [UInt8]) {
    self.init(byteCount: source.count)
    unsafe memory.copyBytes(from: source)
  }

  /// Memory that holds nothing yet.
  init(byteCount: Int) {
    let start = UnsafeMutableRawPointer.allocate(byteCount: max(byteCount, 1), alignment: 64)
    memory = unsafe UnsafeMutableRawBufferPointer(start: start, count: byteCount)
  }

  deinit { unsafe memory.baseAddress?.deallocate() }
}
