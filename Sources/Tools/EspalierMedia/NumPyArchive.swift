/// Reads and writes NumPy's `.npz` format: a zip file with one `.npy` file for each name.
public enum NumPyArchive {
  /// One array and its name, without `.npy`.
  public struct Entry: Equatable, Sendable {
    public var name: String
    public var array: FloatArray

    public init(name: String, array: FloatArray) {
      self.name = name
      self.array = array
    }
  }

  /// The arrays of a `.npz` file, in the order of its directory; `numpy.savez_compressed` files too.
  ///
  /// - Throws: `MediaError` where the zip file or one of its arrays is damaged or of an unsupported kind.
  public static func decode(_ bytes: [UInt8], path: String) throws(MediaError) -> [Entry] {
    var entries: [Entry] = []
    for file in try ZipReader(bytes, path: path).files() {
      let name = file.name.hasSuffix(".npy") ? String(file.name.dropLast(4)) : file.name
      let array = try NumPyFile.decode(file.contents, path: "\(path):\(file.name)")
      entries.append(Entry(name: name, array: array))
    }
    return entries
  }

  /// The bytes of a `.npz` file as `numpy.savez` writes it, but always the same for the same arrays.
  ///
  /// - Throws: `MediaError.tooLarge` from 4 GiB on.
  public static func encode(_ entries: [Entry], path: String) throws(MediaError) -> [UInt8] {
    var writer = ZipWriter()
    for entry in entries {
      try writer.append(name: entry.name + ".npy", contents: NumPyFile.encode(entry.array), path: path)
    }
    return writer.finish()
  }
}
