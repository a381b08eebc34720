/// How a camera's picture becomes an input: which part of it, and (value − mean) / scale of each channel.
public struct PictureInput: Sendable, Equatable {
  /// The input's channels, and their order.
  public enum Channels: UInt8, Sendable, CaseIterable {
    case rgb = 0
    case bgr = 1
    case gray = 2

    public var count: Int { self == .gray ? 1 : 3 }
  }

  /// How a picture of another shape comes to the input's.
  public enum Fit: UInt8, Sendable, CaseIterable {
    /// Its aspect changes.
    case stretch = 0
    /// The whole picture in the middle, `fill` around it.
    case letterbox = 1
    /// The whole picture at the top left, `fill` behind it.
    case letterboxTopLeft = 2
    /// The middle of the picture: see `cropShare`.
    case crop = 3
  }

  public var channels: Channels
  public var fit: Fit
  /// Subtracted from the values 0 … 255, in the order of `channels`; of gray the first counts.
  public var mean: SIMD3<Float>
  /// What is left is divided by it; finite and not 0.
  public var scale: SIMD3<Float>
  /// Pixel value around a letterboxed picture, 0 … 255.
  public var fill: Float
  /// Of a crop: the scaled picture covers the input 1 / `cropShare` times along the tighter side; above 0, at most 1.
  public var cropShare: Float

  public init(
    channels: Channels = .rgb, fit: Fit = .stretch, mean: SIMD3<Float> = SIMD3(repeating: 0),
    scale: SIMD3<Float> = SIMD3(repeating: 1), fill: Float = 114, cropShare: Float = 1
  ) {
    self.channels = channels
    self.fit = fit
    self.mean = mean
    self.scale = scale
    self.fill = fill
    self.cropShare = cropShare
  }

  /// A number of a declaration that has no meaning.
  public enum Fault: Sendable, Equatable {
    case mean
    case scale
    case fill
    case cropShare
  }

  /// The first number that has no meaning; nil where all have.
  public var fault: Fault? {
    for channel in 0..<3 {
      if !mean[channel].isFinite { return .mean }
      if !scale[channel].isFinite || scale[channel] == 0 { return .scale }
    }
    if !(fill >= 0 && fill <= 255) { return .fill }
    return cropShare > 0 && cropShare <= 1 ? nil : .cropShare
  }
}

/// An input's shape as that of a picture.
public struct PictureShape: Sendable, Equatable {
  /// Along each side of an input that takes pictures, and of the pictures.
  public static let extentLimit = 1 << 15

  public let channels: Int
  public let height: Int
  public let width: Int
  /// Whether the channels of a pixel are neighbors: `[1, H, W, C]`, not `[1, C, H, W]`.
  public let isChannelsLast: Bool

  /// Nil where a shape is not that of one picture with 1 or 3 channels.
  public init?(_ shape: [Int]) {
    guard shape.count == 4, shape[0] == 1 else { return nil }
    isChannelsLast = shape[1] != 1 && shape[1] != 3
    channels = isChannelsLast ? shape[3] : shape[1]
    height = isChannelsLast ? shape[1] : shape[2]
    width = isChannelsLast ? shape[2] : shape[3]
    guard channels == 1 || channels == 3, 1...Self.extentLimit ~= height, 1...Self.extentLimit ~= width else {
      return nil
    }
  }

  /// Elements from one channel, row and column to the next.
  public var strides: (channel: Int, row: Int, column: Int) {
    isChannelsLast ? (1, width * channels, channels) : (height * width, width, 1)
  }
}
