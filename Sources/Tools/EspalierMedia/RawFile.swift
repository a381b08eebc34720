/// Files that hold little-endian float32 and nothing else.
public enum RawFile {
  /// - Throws: `MediaError.malformed` where the length is not a multiple of 4.
  public static func decode(_ bytes: [UInt8], path: String) throws(MediaError) -> [Float] {
    guard bytes.count % 4 == 0 else {
      throw .malformed(
        path: path, problem: "its \(bytes.count) bytes are not a whole number of float32 values")
    }
    return NumPyElement.float32.decode(bytes[...], count: bytes.count / 4)
  }

  public static func encode(_ elements: [Float]) -> [UInt8] {
    elements.withUnsafeBytes { [UInt8]($0) }
  }
}
