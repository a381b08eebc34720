internal import CEspalierKernels

/// How the pixels of a picture lie in memory.
public enum PixelFormat: UInt8, Sendable, CaseIterable, BitwiseCopyable {
  case gray8 = 0
  case rgb8 = 1
  case bgr8 = 2
  case rgba8 = 3
  case bgra8 = 4
  /// Planes: Y, then U and V in turns at half the width and height.
  case nv12 = 5
  /// Planes: Y, U, V, the latter at half the width and height.
  case i420 = 6
  /// Y U Y V for each two pixels.
  case yuyv = 7
  /// U Y V Y for each two pixels.
  case uyvy = 8
  /// Planes: R, G, B as float32, 0 to 255; each value counts as the nearest byte.
  case rgbFloat = 9

  public var planeCount: Int {
    switch self {
    case .nv12: 2
    case .i420, .rgbFloat: 3
    default: 1
    }
  }

  /// Bytes of a plane's row that hold pixels. Halves of odd extents are rounded up.
  public func rowByteCount(plane: Int, width: Int) -> Int {
    switch self {
    case .gray8: width
    case .rgb8, .bgr8: 3 * width
    case .rgba8, .bgra8, .rgbFloat: 4 * width
    case .nv12: plane == 0 ? width : (width + 1) / 2 * 2
    case .i420: plane == 0 ? width : (width + 1) / 2
    case .yuyv, .uyvy: (width + 1) / 2 * 4
    }
  }

  public func rowCount(plane: Int, height: Int) -> Int {
    plane > 0 && (self == .nv12 || self == .i420) ? (height + 1) / 2 : height
  }
}

/// What Y, U and V mean as red, green and blue.
public enum PixelColor: UInt8, Sendable, CaseIterable, BitwiseCopyable {
  /// ITU-R BT.601, Y from 16 to 235.
  case bt601 = 0
  /// ITU-R BT.709, Y from 16 to 235.
  case bt709 = 1
  /// BT.601 with Y from 0 to 255, as in JPEG.
  case bt601Full = 2
  case bt709Full = 3
}

/// A picture in the caller's memory, which stays valid and unchanged during the call that takes it.
public struct Picture: @unchecked Sendable, BitwiseCopyable {
  public var format: PixelFormat
  public var color: PixelColor
  public var width: Int
  public var height: Int
  /// As many as the format has.
  public var planes: (UnsafeRawPointer?, UnsafeRawPointer?, UnsafeRawPointer?)
  /// Bytes from one row of a plane to the next.
  public var strides: (Int, Int, Int)

  public init(
    format: PixelFormat, color: PixelColor = .bt601, width: Int, height: Int,
    planes: (UnsafeRawPointer?, UnsafeRawPointer?, UnsafeRawPointer?), strides: (Int, Int, Int)
  ) {
    self.format = format
    self.color = color
    self.width = width
    self.height = height
    self.planes = planes
    self.strides = strides
  }

  /// A picture of one plane.
  public init(
    format: PixelFormat, color: PixelColor = .bt601, width: Int, height: Int, pixels: UnsafeRawPointer?,
    stride: Int
  ) {
    self.init(
      format: format, color: color, width: width, height: height, planes: (pixels, nil, nil),
      strides: (stride, 0, 0))
  }

  func plane(_ index: Int) -> UnsafeRawPointer? {
    index == 0 ? planes.0 : index == 1 ? planes.1 : planes.2
  }

  func stride(_ index: Int) -> Int { index == 0 ? strides.0 : index == 1 ? strides.1 : strides.2 }

  /// - Throws: What is wrong with the first plane or extent that cannot be.
  func requireSound() throws(PictureFault) {
    let limit = PictureFault.extentLimit
    guard 1...limit ~= width, 1...limit ~= height else { throw .extents(width: width, height: height) }
    for index in 0..<format.planeCount {
      guard let plane = plane(index) else { throw .missingPlane(index) }
      let (row, stride) = (format.rowByteCount(plane: index, width: width), stride(index))
      guard stride >= row || (height == 1 && stride >= 0), stride <= Int(Int32.max) else {
        throw .stride(plane: index, least: row, found: stride)
      }
      if format == .rgbFloat, UInt(bitPattern: plane) % 4 != 0 || stride % 4 != 0 {
        throw .misaligned(plane: index)
      }
    }
  }
}
