internal import EspalierPlan

/// Pixels of a mask to be filled: row by row, `stride` bytes from one row to the next.
public struct MaskRoom {
  public var bytes: UnsafeMutablePointer<UInt8>
  public var width: Int
  public var height: Int
  public var stride: Int

  public init(_ bytes: UnsafeMutablePointer<UInt8>, width: Int, height: Int, stride: Int) {
    (self.bytes, self.width, self.height, self.stride) = (bytes, width, height, stride)
  }
}

/// Which element of a network's output a pixel of a mask is nearest to, on one axis.
struct MaskAxis {
  private let slope: Double
  private let start: Double
  private let last: Double

  /// - Parameters:
  ///   - step: Picture pixels a mask pixel.
  ///   - scale: Picture pixels an input pixel.
  ///   - offset: The picture's pixel at which the input begins.
  ///   - ratio: Elements an input pixel.
  ///   - count: How many elements there are.
  init(step: Double, scale: Double, offset: Double, ratio: Double, count: Int) {
    slope = step / scale * ratio
    start = (step / 2 - offset) / scale * ratio
    last = Double(count - 1)
  }

  /// Pixels beyond the output get what is at its edge.
  @inline(__always)
  subscript(pixel: Int) -> Int { Int(max(0, min(last, start + slope * Double(pixel)))) }
}

/// Rows of masks, one at a time.
struct MaskRow {
  /// The greatest value of each pixel so far.
  let best: UnsafeMutableBufferPointer<Float>
  /// Its channel.
  let channels: UnsafeMutableBufferPointer<UInt8>

  func fill(
    _ mask: MaskRoom, from values: UnsafePointer<Float>, _ output: ResultLayout.Mask, threshold: Float,
    axes: (x: MaskAxis, y: MaskAxis)
  ) {
    var known = -1
    for y in 0..<mask.height {
      let row = axes.y[y]
      if row != known {
        read(row, of: values, output, threshold: threshold)
        known = row
      }
      let target = mask.bytes + y * mask.stride
      for x in 0..<mask.width { target[x] = channels[axes.x[x]] }
    }
  }

  /// The class of each pixel of a row: the first channel with the greatest value; NaN is less than all.
  private func read(
    _ row: Int, of values: UnsafePointer<Float>, _ output: ResultLayout.Mask, threshold: Float
  ) {
    let width = output.width
    let first = values + row * width
    guard output.channels > 1 else {
      for x in 0..<width { channels[x] = first[x] >= threshold ? 1 : 0 }
      return
    }
    for x in 0..<width { (best[x], channels[x]) = (first[x].isNaN ? -.infinity : first[x], 0) }
    for channel in 1..<output.channels {
      let values = first + channel * output.height * width
      let number = UInt8(channel)
      for x in 0..<width {
        let isGreater = values[x] > best[x]
        best[x] = isGreater ? values[x] : best[x]
        channels[x] = isGreater ? number : channels[x]
      }
    }
  }
}
