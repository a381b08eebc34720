import EspalierPlan
import EspalierRuntime

/// A picture whose bytes a formula makes; strides may leave gaps.
struct CameraPicture {
  let format: PixelFormat
  let color: PixelColor
  let width: Int
  let height: Int
  let planes: [[UInt8]]
  let strides: [Int]

  /// - Parameter byte: Of a plane, row and place in it.
  init(
    _ format: PixelFormat, color: PixelColor = .bt601, width: Int, height: Int, gap: Int = 0,
    byte: (Int, Int, Int) -> UInt8
  ) {
    (self.format, self.color, self.width, self.height) = (format, color, width, height)
    var (planes, strides): ([[UInt8]], [Int]) = ([], [])
    for plane in 0..<format.planeCount {
      let count = format.rowByteCount(plane: plane, width: width)
      let rows = format.rowCount(plane: plane, height: height)
      let stride = count + gap * (format == .rgbFloat ? 4 : 1)
      var bytes = [UInt8](repeating: 0xA5, count: (rows - 1) * stride + count)
      for row in 0..<rows {
        if format == .rgbFloat {
          for column in 0..<width {
            let value = Float(byte(plane, row, column)) + 0.25
            let at = row * stride + column * 4
            withUnsafeBytes(of: value.bitPattern.littleEndian) {
              bytes.replaceSubrange(at..<at + 4, with: $0)
            }
          }
        } else {
          for place in 0..<count { bytes[row * stride + place] = byte(plane, row, place) }
        }
      }
      planes.append(bytes)
      strides.append(stride)
    }
    (self.planes, self.strides) = (planes, strides)
  }

  /// Lends the picture, planes at multiples of 16 bytes and no byte longer than they are.
  func withPicture<Result>(_ body: (Picture) throws -> Result) rethrows -> Result {
    let copies = planes.map { plane in
      let copy = UnsafeMutableRawBufferPointer.allocate(byteCount: plane.count, alignment: 16)
      copy.copyBytes(from: plane)
      return copy
    }
    defer { for copy in copies { copy.deallocate() } }
    func address(_ index: Int) -> UnsafeRawPointer? {
      index < copies.count ? UnsafeRawPointer(copies[index].baseAddress) : nil
    }
    func stride(_ index: Int) -> Int { index < strides.count ? strides[index] : 0 }
    return try body(
      Picture(
        format: format, color: color, width: width, height: height,
        planes: (address(0), address(1), address(2)), strides: (stride(0), stride(1), stride(2))))
  }

  /// A pixel's red, green and blue by the definition of `espalier_frame_parameters.h`, in `[0, 255]`; of gray all three.
  func pixel(_ x: Int, _ y: Int, gray isGray: Bool) -> [Int] {
    func at(_ plane: Int, _ row: Int, _ place: Int) -> Int {
      Int(planes[plane][row * strides[plane] + place])
    }
    func converted(_ luma: Int, _ u: Int, _ v: Int) -> [Int] {
      let (offset, factors) = Self.factors(of: color)
      func scaled(_ a: Int, _ c: Int) -> Int { (a * c + 16384) >> 15 }
      let base = scaled(max(luma - offset, 0) * 128, factors[0]) + 32
      let (u, v) = ((u - 128) * 256, (v - 128) * 256)
      if isGray { return [Int](repeating: min(max(base >> 6, 0), 255), count: 3) }
      return [
        base + scaled(v, factors[1]), base + scaled(u, factors[2]) + scaled(v, factors[3]),
        base + scaled(u, factors[4]),
      ].map { min(max($0 >> 6, 0), 255) }
    }
    var value: [Int]
    switch format {
    case .gray8: return [Int](repeating: at(0, y, x), count: 3)
    case .rgb8: value = (0..<3).map { at(0, y, 3 * x + $0) }
    case .bgr8: value = (0..<3).map { at(0, y, 3 * x + 2 - $0) }
    case .rgba8: value = (0..<3).map { at(0, y, 4 * x + $0) }
    case .bgra8: value = (0..<3).map { at(0, y, 4 * x + 2 - $0) }
    case .nv12: return converted(at(0, y, x), at(1, y / 2, x / 2 * 2), at(1, y / 2, x / 2 * 2 + 1))
    case .i420: return converted(at(0, y, x), at(1, y / 2, x / 2), at(2, y / 2, x / 2))
    case .yuyv: return converted(at(0, y, 2 * x), at(0, y, x / 2 * 4 + 1), at(0, y, x / 2 * 4 + 3))
    case .uyvy: return converted(at(0, y, 2 * x + 1), at(0, y, x / 2 * 4), at(0, y, x / 2 * 4 + 2))
    case .rgbFloat:
      value = (0..<3).map { plane in
        let bits = (0..<4).reduce(UInt32(0)) { $0 | UInt32(at(plane, y, 4 * x + $1)) << (8 * UInt32($1)) }
        return Int(max(0, min(255, Float(bitPattern: bits))).rounded(.toNearestOrEven))
      }
    }
    guard isGray else { return value }
    let sum = zip(value, [4899, 9617, 1868]).reduce(32) { $0 + (($1.0 * 128 * $1.1 + 16384) >> 15) }
    return [Int](repeating: sum >> 6, count: 3)
  }

  /// From the recommendations: Kr and Kb, with Y in 219 steps and U, V in 224, or all in 255.
  private static func factors(of color: PixelColor) -> (offset: Int, [Int]) {
    let isWide = color == .bt601Full || color == .bt709Full
    let (red, blue) = color == .bt601 || color == .bt601Full ? (0.299, 0.114) : (0.2126, 0.0722)
    let green = 1 - red - blue
    let step = isWide ? 1 : 255.0 / 224
    let chroma = [
      2 * (1 - red), -2 * blue * (1 - blue) / green, -2 * red * (1 - red) / green, 2 * (1 - blue),
    ]
    let luma = (16384 * (isWide ? 1 : 255.0 / 219)).rounded()
    return (isWide ? 0 : 16, [Int(luma)] + chroma.map { Int(($0 * step * 8192).rounded()) })
  }
}
