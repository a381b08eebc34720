internal import CMedia

/// A color picture: red, green, blue, 8 bits each, row by row from the top left.
public struct Picture: Equatable, Sendable {
  public let width: Int
  public let height: Int
  /// `[H, W, 3]`.
  public let pixels: [UInt8]

  /// Larger pictures are refused before anything is decoded.
  public static let pixelLimit = 1 << 27

  /// - Precondition: `pixels` holds `width * height * 3` bytes and neither extent is 0.
  public init(width: Int, height: Int, pixels: [UInt8]) {
    precondition(width > 0 && height > 0 && pixels.count == width * height * 3)
    self.width = width
    self.height = height
    self.pixels = pixels
  }

  /// Decodes a JPEG or PNG file, whichever its first bytes say. Gray becomes color, transparency is dropped,
  /// an orientation in the file's metadata is not applied.
  ///
  /// - Throws: `MediaError` where the file cannot be read, is neither, is damaged or cut off.
  public init(contentsOf path: String) throws(MediaError) {
    self = try Self.decode(try Files.read(path), path: path)
  }

  /// As `init(contentsOf:)`, from bytes; `path` is named in errors.
  public static func decode(_ bytes: [UInt8], path: String) throws(MediaError) -> Picture {
    if bytes.starts(with: [0xFF, 0xD8, 0xFF]) {
      return try decode(
        bytes, path: path, format: "JPEG", size: espalier_jpeg_size, body: espalier_jpeg_decode)
    }
    if bytes.starts(with: [0x89, 0x50, 0x4E, 0x47]) {
      return try decode(bytes, path: path, format: "PNG", size: espalier_png_size, body: espalier_png_decode)
    }
    throw .unknownFormat(path: path, expected: "a JPEG or PNG picture")
  }

  /// Whether a file name ends as those of pictures do that can be decoded.
  public static func isPictureName(_ name: String) -> Bool {
    let name = name.lowercased()
    return [".jpg", ".jpeg", ".png"].contains { name.hasSuffix($0) }
  }

  private typealias SizeReader = (
    UnsafePointer<UInt8>?, Int, UnsafeMutablePointer<Int32>?, UnsafeMutablePointer<Int32>?,
    UnsafeMutablePointer<CChar>?
  ) -> Int32
  private typealias Decoder = (
    UnsafePointer<UInt8>?, Int, UnsafeMutablePointer<UInt8>?, Int, UnsafeMutablePointer<CChar>?
  ) -> Int32

  private static func decode(
    _ bytes: [UInt8], path: String, format: String, size: SizeReader, body: Decoder
  ) throws(MediaError) -> Picture {
    var (width, height): (Int32, Int32) = (0, 0)
    var message = [CChar](repeating: 0, count: Int(ESPALIER_MEDIA_MESSAGE))
    let headerStatus = bytes.withUnsafeBufferPointer {
      size($0.baseAddress, $0.count, &width, &height, &message)
    }
    try check(headerStatus, message, path: path, format: format)
    let count = Int(width) * Int(height)
    guard width > 0, height > 0 else { throw .malformed(path: path, problem: "it is an empty picture") }
    guard count <= pixelLimit else { throw .tooLarge(path: path, what: "pixels", limit: pixelLimit) }
    var status: Int32 = 0
    let pixels = [UInt8](unsafeUninitializedCapacity: count * 3) { target, initialized in
      bytes.withUnsafeBufferPointer { source in
        status = body(source.baseAddress, source.count, target.baseAddress, count * 3, &message)
      }
      initialized = status == 0 ? count * 3 : 0
    }
    try check(status, message, path: path, format: format)
    return Picture(width: Int(width), height: Int(height), pixels: pixels)
  }

  private static func check(
    _ status: Int32, _ message: [CChar], path: String, format: String
  ) throws(MediaError) {
    switch UInt32(status) {
    case ESPALIER_MEDIA_OK.rawValue: return
    case ESPALIER_MEDIA_TRUNCATED.rawValue: throw .truncated(path: path, format: format)
    default:
      let text = String(decoding: message.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
      throw .malformed(path: path, problem: "it is a damaged \(format) picture: \(text)")
    }
  }

  /// The bytes of a PNG file with these pixels.
  public func encodePNG() -> [UInt8] {
    let (columns, rows) = (Int32(width), Int32(height))
    var count = espalier_png_bound(columns, rows)
    var message = [CChar](repeating: 0, count: Int(ESPALIER_MEDIA_MESSAGE))
    return [UInt8](unsafeUninitializedCapacity: count) { target, initialized in
      let status = espalier_png_encode(pixels, columns, rows, target.baseAddress, &count, &message)
      precondition(status == 0, "libpng refuses RGB pixels of a size that it bounded itself")
      initialized = count
    }
  }
}
