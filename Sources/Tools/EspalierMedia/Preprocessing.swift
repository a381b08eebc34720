/// How a picture becomes a network's input: size, order of the colors, `(value − mean) / scale`.
public struct Preprocessing: Equatable, Sendable {
  public enum ColorOrder: String, Sendable, CaseIterable { case rgb, bgr }

  /// Channel 0 of the input is red in `rgb`, blue in `bgr`.
  public var order: ColorOrder
  /// Subtracted from the values 0…255; one for all channels or one for each, in the input's own order.
  public var mean: [Float]
  /// The divisor after that; one for all channels or one for each, in the input's own order.
  public var scale: [Float]

  /// - Precondition: `mean` and `scale` hold 1 or 3 values.
  public init(order: ColorOrder = .rgb, mean: [Float] = [0], scale: [Float] = [1]) {
    precondition([1, 3].contains(mean.count) && [1, 3].contains(scale.count))
    self.order = order
    self.mean = mean
    self.scale = scale
  }

  /// The values of one frame, channel by channel.
  ///
  /// - Parameter channels: 3, or 1 for luminance (ITU-R BT.601, as JPEG has it).
  /// - Returns: `[1, channels, H, W]`.
  public func frame(of picture: Picture, width: Int, height: Int, channels: Int = 3) -> FloatArray {
    precondition(channels == 1 || channels == 3)
    let resized = picture.resized(width: width, height: height)
    let area = width * height
    var elements = [Float](repeating: 0, count: channels * area)
    for channel in 0..<channels {
      let subtrahend = mean[min(channel, mean.count - 1)]
      let divisor = scale[min(channel, scale.count - 1)]
      let source = order == .rgb ? channel : 2 - channel
      for pixel in 0..<area {
        let value = channels == 1 ? resized.luminance(pixel) : Float(resized.pixels[pixel * 3 + source])
        elements[channel * area + pixel] = (value - subtrahend) / divisor
      }
    }
    return FloatArray(shape: [1, channels, height, width], elements: elements)
  }
}

extension Picture {
  fileprivate func luminance(_ pixel: Int) -> Float {
    let at = pixel * 3
    return
      (0.299 * Float(pixels[at]) + 0.587 * Float(pixels[at + 1]) + 0.114 * Float(pixels[at + 2])).rounded()
  }
}
