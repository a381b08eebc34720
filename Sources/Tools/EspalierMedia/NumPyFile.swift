/// Reads and writes NumPy's `.npy` format.
///
/// Source: NumPy Enhancement Proposal 1, versions 1.0 to 3.0.
public enum NumPyFile {
  private static let magic: [UInt8] = [0x93] + Array("NUMPY".utf8)

  /// Whether the bytes open as a `.npy` file does.
  public static func matches(_ bytes: some Collection<UInt8>) -> Bool { bytes.starts(with: magic) }

  /// The array in a `.npy` file; integers and every width of float become float32.
  ///
  /// - Parameter path: Named in errors.
  /// - Throws: `MediaError` where the header is damaged, the element type is no plain little-endian number,
  ///   the array lies column by column, or the data are shorter or longer than the shape says.
  public static func decode(_ bytes: [UInt8], path: String) throws(MediaError) -> FloatArray {
    let layout = try layout(bytes, path: path, elementLimit: FloatArray.elementLimit)
    try layout.requireLength(bytes.count, path: path)
    return FloatArray(
      shape: layout.shape, elements: layout.element.decode(bytes[layout.start...], count: layout.count))
  }

  /// What the header says; its bytes alone are needed.
  ///
  /// - Throws: As `decode`.
  static func layout(
    _ bytes: [UInt8], path: String, elementLimit: Int
  ) throws(MediaError) -> NumPyLayout {
    let (header, start) = try splitHeader(bytes, path: path)
    var parser = NumPyHeaderParser(header)
    guard let fields = parser.parse() else {
      throw .malformed(path: path, problem: "its .npy header is not the dictionary that NumPy writes")
    }
    guard !fields.isFortranOrder else {
      throw .malformed(
        path: path, problem: "it is stored column by column; save numpy.ascontiguousarray(x) instead")
    }
    guard let element = NumPyElement(rawValue: fields.description) else {
      throw .malformed(
        path: path,
        problem: "element type '\(fields.description)' is not supported; save x.astype('float32') instead")
    }
    guard let count = FloatArray.checkedCount(fields.shape, limit: elementLimit) else {
      throw .tooLarge(path: path, what: "elements", limit: elementLimit)
    }
    return NumPyLayout(shape: fields.shape, element: element, count: count, start: start)
  }

  /// The text of the header and where the elements start.
  private static func splitHeader(
    _ bytes: [UInt8], path: String
  ) throws(MediaError) -> (header: ArraySlice<UInt8>, start: Int) {
    guard matches(bytes) else { throw .unknownFormat(path: path, expected: "a .npy file") }
    guard bytes.count >= 12 else { throw .truncated(path: path, format: ".npy") }
    let (length, offset): (Int, Int)
    switch bytes[6] {
    case 1: (length, offset) = (Int(bytes[8]) | Int(bytes[9]) << 8, 10)
    case 2, 3: (length, offset) = ((0..<4).reduce(0) { $0 | Int(bytes[8 + $1]) << (8 * $1) }, 12)
    default: throw .malformed(path: path, problem: ".npy version \(bytes[6]) is not known; expected 1 to 3")
    }
    guard bytes.count - offset >= length else { throw .truncated(path: path, format: ".npy") }
    return (bytes[offset..<(offset + length)], offset + length)
  }

  /// The bytes of a `.npy` file, version 1.0, element type `<f4`, row by row.
  public static func encode(_ array: FloatArray) -> [UInt8] {
    let extents = array.shape.map(String.init).joined(separator: ", ")
    let shape = array.shape.count == 1 ? "(\(extents),)" : "(\(extents))"
    var header = Array("{'descr': '<f4', 'fortran_order': False, 'shape': \(shape), }".utf8)
    // The elements start at a multiple of 64 bytes, behind a line feed.
    header += [UInt8](repeating: 0x20, count: 63 - (10 + header.count) % 64) + [0x0A]
    var bytes = magic + [1, 0, UInt8(header.count & 255), UInt8(header.count >> 8)] + header
    array.elements.withUnsafeBytes { bytes.append(contentsOf: $0) }
    return bytes
  }
}

/// What an array in a `.npy` file is and where its elements start.
struct NumPyLayout {
  let shape: [Int]
  let element: NumPyElement
  /// The product of the extents.
  let count: Int
  let start: Int

  /// - Throws: `MediaError` where the file is shorter or longer than its header says.
  func requireLength(_ byteCount: Int, path: String) throws(MediaError) {
    let available = byteCount - start
    guard available >= count * element.byteCount else { throw .truncated(path: path, format: ".npy") }
    guard available == count * element.byteCount else {
      throw .malformed(path: path, problem: "it has more bytes than its shape \(shape) says")
    }
  }
}

/// An element type of NumPy's, by the name that it has in a header.
enum NumPyElement: String {
  case float16 = "<f2"
  case float32 = "<f4"
  case float64 = "<f8"
  case int8 = "|i1"
  case int16 = "<i2"
  case int32 = "<i4"
  case int64 = "<i8"
  case uint8 = "|u1"
  case uint16 = "<u2"
  case uint32 = "<u4"
  case uint64 = "<u8"
  case bool = "|b1"

  var byteCount: Int {
    switch self {
    case .int8, .uint8, .bool: 1
    case .float16, .int16, .uint16: 2
    case .float32, .int32, .uint32: 4
    case .float64, .int64, .uint64: 8
    }
  }

  /// - Precondition: `bytes` holds `count` elements.
  func decode(_ bytes: ArraySlice<UInt8>, count: Int) -> [Float] {
    bytes.withUnsafeBytes { raw in
      func each<Element>(_ type: Element.Type, _ convert: (Element) -> Float) -> [Float] {
        let stride = MemoryLayout<Element>.stride
        return [Float](unsafeUninitializedCapacity: count) { target, initialized in
          for index in 0..<count {
            target[index] = convert(raw.loadUnaligned(fromByteOffset: index * stride, as: type))
          }
          initialized = count
        }
      }
      return switch self {
      case .float16: each(UInt16.self) { Self.halfToFloat($0) }
      case .float32: each(Float.self) { $0 }
      case .float64: each(Double.self) { Float($0) }
      case .int8: each(Int8.self) { Float($0) }
      case .int16: each(Int16.self) { Float($0) }
      case .int32: each(Int32.self) { Float($0) }
      case .int64: each(Int64.self) { Float($0) }
      case .uint8: each(UInt8.self) { Float($0) }
      case .uint16: each(UInt16.self) { Float($0) }
      case .uint32: each(UInt32.self) { Float($0) }
      case .uint64: each(UInt64.self) { Float($0) }
      case .bool: each(UInt8.self) { $0 == 0 ? 0 : 1 }
      }
    }
  }

  /// IEEE binary16; `Float16` does not exist on every x86-64 Swift target.
  static func halfToFloat(_ bits: UInt16) -> Float {
    let magnitude = UInt32(bits & 0x7FFF)
    let sign = UInt32(bits & 0x8000) << 16
    switch magnitude {
    case 0x7C00...: return Float(bitPattern: sign | 0x7F80_0000 | (magnitude & 0x3FF) << 13)
    case 0x0400...: return Float(bitPattern: sign | ((magnitude << 13) + 0x3800_0000))
    default: return Float(magnitude) * 0x1p-24 * (sign == 0 ? 1 : -1)
    }
  }
}
