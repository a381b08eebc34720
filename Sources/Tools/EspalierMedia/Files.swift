internal import Foundation

/// Whole files in and out.
public enum Files {
  /// The bytes of a file.
  ///
  /// - Throws: `MediaError.unreadable`.
  public static func read(_ path: String) throws(MediaError) -> [UInt8] {
    do {
      return try [UInt8](Data(contentsOf: URL(fileURLWithPath: path), options: .mappedIfSafe))
    } catch { throw .unreadable(path: path, reason: sentence(error)) }
  }

  /// Bytes from the middle of a file; fewer where it ends before.
  ///
  /// - Throws: `MediaError.unreadable`.
  public static func read(_ path: String, _ range: Range<Int>) throws(MediaError) -> [UInt8] {
    do {
      let handle = try FileHandle(forReadingFrom: URL(fileURLWithPath: path))
      defer { try? handle.close() }
      try handle.seek(toOffset: UInt64(range.lowerBound))
      return [UInt8](try handle.read(upToCount: range.count) ?? Data())
    } catch { throw .unreadable(path: path, reason: sentence(error)) }
  }

  /// How many bytes a file has.
  ///
  /// - Throws: `MediaError.unreadable`.
  public static func byteCount(_ path: String) throws(MediaError) -> Int {
    do {
      let attributes = try FileManager.default.attributesOfItem(
        atPath: URL(fileURLWithPath: path).resolvingSymlinksInPath().path)
      return (attributes[.size] as? NSNumber)?.intValue ?? 0
    } catch { throw .unreadable(path: path, reason: sentence(error)) }
  }

  /// Writes a file that appears whole or not at all: beside its place first, then renamed.
  ///
  /// A path that exists and is no plain file (`/dev/stdout`, a pipe) is written directly.
  ///
  /// - Throws: `MediaError.unwritable`; what stood there before is untouched.
  public static func write(_ bytes: [UInt8], to path: String) throws(MediaError) {
    do {
      let url = URL(fileURLWithPath: path)
      if isSpecial(path) {
        let handle = try FileHandle(forWritingTo: url)
        try handle.write(contentsOf: bytes)
        try handle.close()
      } else {
        try Data(bytes).write(to: url, options: .atomic)
      }
    } catch { throw .unwritable(path: path, reason: sentence(error)) }
  }

  /// Whether a path is none of a pipe, a device and the like.
  public static func isPlain(_ path: String) -> Bool { !isSpecial(path) }

  /// Whether a path stands for a device or a pipe, which cannot be read twice.
  public static func isSpecial(_ path: String) -> Bool {
    let attributes = try? FileManager.default.attributesOfItem(atPath: path)
    guard let kind = attributes?[.type] as? FileAttributeType else { return false }
    return kind != .typeRegular && kind != .typeDirectory && kind != .typeSymbolicLink
  }

  /// The files directly in a folder that `accepts` by name, sorted by name.
  ///
  /// - Throws: `MediaError.unreadable` where `folder` is not a folder.
  public static func list(_ folder: String, accepts: (String) -> Bool) throws(MediaError) -> [String] {
    do {
      return try FileManager.default.contentsOfDirectory(atPath: folder).filter(accepts).sorted().map {
        URL(fileURLWithPath: folder).appendingPathComponent($0).path
      }
    } catch { throw .unreadable(path: folder, reason: sentence(error)) }
  }

  public static func isFolder(_ path: String) -> Bool {
    var isFolder: ObjCBool = false
    return FileManager.default.fileExists(atPath: path, isDirectory: &isFolder) && isFolder.boolValue
  }

  /// The last part of a path.
  public static func name(_ path: String) -> String { URL(fileURLWithPath: path).lastPathComponent }

  public static func exists(_ path: String) -> Bool { FileManager.default.fileExists(atPath: path) }

  /// Makes a folder, and those above it; one that is there stays as it is.
  ///
  /// - Throws: `MediaError.unwritable`.
  public static func makeFolder(_ path: String) throws(MediaError) {
    do {
      try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    } catch { throw .unwritable(path: path, reason: sentence(error)) }
  }

  /// Why the file system refused, in the operating system's words where it has some.
  private static func sentence(_ error: any Error) -> String {
    let error = error as NSError
    if let inner = error.userInfo[NSUnderlyingErrorKey] as? any Error { return sentence(inner) }
    if error.domain == NSPOSIXErrorDomain { return String(cString: strerror(Int32(error.code))) }
    return switch CocoaError.Code(rawValue: error.code) {
    case .fileReadNoSuchFile, .fileNoSuchFile: "No such file or directory"
    case .fileReadNoPermission, .fileWriteNoPermission: "Permission denied"
    default: error.localizedDescription
    }
  }
}
