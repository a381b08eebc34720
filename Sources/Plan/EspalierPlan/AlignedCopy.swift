/// A copy of bytes at a 64-byte boundary, as kernels and checkers want their weights.
package final class AlignedCopy: @unchecked Sendable {
  package let bytes: UnsafeRawBufferPointer
  private let memory: UnsafeMutableRawPointer

  package init(of source: [UInt8]) {
    memory = UnsafeMutableRawPointer.allocate(byteCount: max(source.count, 1), alignment: 64)
    unsafe UnsafeMutableRawBufferPointer(start: memory, count: source.count).copyBytes(from: source)
    bytes = unsafe UnsafeRawBufferPointer(start: memory, count: source.count)
  }

  deinit { unsafe memory.deallocate() }
}
