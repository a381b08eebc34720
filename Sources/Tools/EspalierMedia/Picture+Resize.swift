extension Picture {
  /// The picture at another size, its aspect not kept; what `cv2.resize` gives.
  ///
  /// Bilinear between pixel centers, without smoothing, in 11-bit fixed point; exact halves of both extents
  /// are means of 2x2 pixels.
  ///
  /// Source: OpenCV 4, `resize` with `INTER_LINEAR` on 8-bit pictures.
  ///
  /// - Precondition: Neither extent is 0.
  public func resized(width newWidth: Int, height newHeight: Int) -> Picture {
    precondition(newWidth > 0 && newHeight > 0)
    if newWidth == width, newHeight == height { return self }
    if newWidth * 2 == width, newHeight * 2 == height { return halved() }
    let columns = Tap.taps(from: width, to: newWidth, clampsWeights: true)
    let rows = Tap.taps(from: height, to: newHeight, clampsWeights: false)
    let target = [UInt8](unsafeUninitializedCapacity: newWidth * newHeight * 3) { target, initialized in
      var upper = [Int32](repeating: 0, count: newWidth * 3)
      var lower = upper
      var (upperRow, lowerRow) = (-1, -1)
      for (y, tap) in rows.enumerated() {
        if tap.first == lowerRow {
          swap(&upper, &lower)
          swap(&upperRow, &lowerRow)
        }
        if tap.first != upperRow { stretch(row: tap.first, columns, into: &upper) }
        if tap.second != lowerRow { stretch(row: tap.second, columns, into: &lower) }
        (upperRow, lowerRow) = (tap.first, tap.second)
        for x in 0..<(newWidth * 3) {
          let a = (tap.firstWeight * (upper[x] >> 4)) >> 16
          let b = (tap.secondWeight * (lower[x] >> 4)) >> 16
          target[y * newWidth * 3 + x] = UInt8(clamping: (a + b + 2) >> 2)
        }
      }
      initialized = newWidth * newHeight * 3
    }
    return Picture(width: newWidth, height: newHeight, pixels: target)
  }

  /// One row between its neighbors along x, scaled by 2048.
  private func stretch(row: Int, _ taps: [Tap], into target: inout [Int32]) {
    let base = row * width * 3
    for (x, tap) in taps.enumerated() {
      for channel in 0..<3 {
        let a = Int32(pixels[base + tap.first * 3 + channel])
        let b = Int32(pixels[base + tap.second * 3 + channel])
        target[x * 3 + channel] = a * tap.firstWeight + b * tap.secondWeight
      }
    }
  }

  private func halved() -> Picture {
    let (newWidth, newHeight) = (width / 2, height / 2)
    var target = [UInt8](repeating: 0, count: newWidth * newHeight * 3)
    for y in 0..<newHeight {
      for x in 0..<newWidth {
        for channel in 0..<3 {
          let at = (y * 2 * width + x * 2) * 3 + channel
          let sum =
            Int(pixels[at]) + Int(pixels[at + 3]) + Int(pixels[at + width * 3])
            + Int(pixels[at + width * 3 + 3])
          target[(y * newWidth + x) * 3 + channel] = UInt8((sum + 2) >> 2)
        }
      }
    }
    return Picture(width: newWidth, height: newHeight, pixels: target)
  }
}

/// Which two source pixels make one target pixel along an axis, and their weights in 2048ths.
private struct Tap {
  var first: Int
  var second: Int
  var firstWeight: Int32
  var secondWeight: Int32

  /// - Parameter clampsWeights: Whether beyond the edge the edge pixel alone counts (x), or both taps fall on
  ///   it with the weights that the position gives (y); OpenCV treats the axes thus.
  static func taps(from source: Int, to target: Int, clampsWeights: Bool) -> [Tap] {
    let scale = Double(source) / Double(target)
    return (0..<target).map { index in
      let position = Float((Double(index) + 0.5) * scale - 0.5)
      var first = Int(position.rounded(.down))
      var fraction = position - Float(first)
      if clampsWeights {
        if first < 0 { (first, fraction) = (0, 0) }
        if first >= source - 1 { (first, fraction) = (source - 1, 0) }
      }
      return Tap(
        first: min(max(first, 0), source - 1), second: min(max(first + 1, 0), source - 1),
        firstWeight: weight(1 - fraction), secondWeight: weight(fraction))
    }
  }

  private static func weight(_ fraction: Float) -> Int32 {
    Int32((fraction * 2048).rounded(.toNearestOrEven))
  }
}
