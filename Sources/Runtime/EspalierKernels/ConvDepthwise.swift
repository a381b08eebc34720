/// How filters and bias of `conv_depthwise_f32` lie in memory.
public enum ConvDepthwise {
  /// Channels are padded to a multiple of this with zeros.
  static let channelMultiple = 16

  /// Packs filters `[C, KH, KW]` as `[KH][KW][C rounded up to 16]`.
  ///
  /// - Precondition: `filters` holds `channels` times `kernelHeight` times `kernelWidth` floats.
  public static func packFilters(
    _ filters: [Float], channels: Int, kernelHeight: Int, kernelWidth: Int
  ) -> [Float] {
    let taps = kernelHeight * kernelWidth
    precondition(filters.count == channels * taps)
    let padded = padded(channels)
    var packed = [Float](repeating: 0, count: taps * padded)
    for channel in 0..<channels {
      for tap in 0..<taps { packed[tap * padded + channel] = filters[channel * taps + tap] }
    }
    return packed
  }

  /// Packs one addend per channel, `[C]`, padded with zeros.
  public static func packBias(_ bias: [Float]) -> [Float] {
    bias + [Float](repeating: 0, count: padded(bias.count) - bias.count)
  }

  private static func padded(_ channels: Int) -> Int {
    (channels + channelMultiple - 1) / channelMultiple * channelMultiple
  }
}
