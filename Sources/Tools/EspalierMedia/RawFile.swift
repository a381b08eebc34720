/// Files that hold little-endian float32 and nothing else.
public enum RawFile {
  /// - Throws: `MediaError.malformed` where the length is not a multiple of 4.
  public static func decode(_ bytes: [UInt8], path: String) throws(MediaError) -> [Float] {
    try requireWhole(bytes.count, path: path)
    return NumPyElement.float32.decode(bytes[...], count: bytes.count / 4)
  }

  static func requireWhole(_ byteCount: Int, path: String) throws(MediaError) {
    guard byteCount % 4 == 0 else {
      throw .malformed(
        path: path, problem: "its \(byteCount) bytes are not a whole number of float32 values")
    }
  }

  public static func encode(_ elements: [Float]) -> [UInt8] {
    elements.withUnsafeBytes { [UInt8]($0) }
  }
}
