internal import CEspalierKernels

/// CRC-32C (Castagnoli), the checksum of every part of a packed file.
enum Checksum {
  static func of(_ bytes: UnsafeRawBufferPointer) -> UInt32 {
    unsafe espalier_crc32c(bytes.baseAddress, bytes.count)
  }

  static func of(_ bytes: [UInt8]) -> UInt32 {
    bytes.withUnsafeBytes { unsafe of($0) }
  }
}
