/// What the kernel family `conv_winograd_u8` asks of a convolution of bytes.
public enum ByteConvWinograd {
  /// The least and the greatest sum that any output channel can have over bytes 0…255.
  public struct SumBounds: Sendable, Equatable {
    public let least: Int
    public let greatest: Int

    /// - Parameter filters: `[M, C, KH, KW]`, row by row.
    public init(of filters: [Int8], outputChannels: Int) {
      let size = filters.count / max(outputChannels, 1)
      var (least, greatest) = (0, 0)
      for channel in 0..<outputChannels {
        var (negative, positive) = (0, 0)
        for weight in filters[channel * size..<(channel + 1) * size] {
          if weight < 0 { negative += Int(weight) } else { positive += Int(weight) }
        }
        (least, greatest) = (min(least, 255 * negative), max(greatest, 255 * positive))
      }
      (self.least, self.greatest) = (least, greatest)
    }

    /// Whether the sums survive the scaling of the transforms, which wraps modulo 2³².
    ///
    /// Tiles of 4 give 576 times the sum, and 576 = 9 · 64: the factor 9 goes by multiplication with its
    /// inverse modulo 2³², and the sum needs to fit the 26 bits that the factor 64 leaves. Tiles of 2 give 4
    /// times the sum.
    public func fit(tile: Int) -> Bool {
      let limit = tile == 4 ? 1 << 25 : 1 << 29
      return greatest < limit && least >= -limit
    }
  }

  /// Cuts a call so that 2 or 4 threads get equal shares and the planes stay near the core.
  ///
  /// Where there are few tiles and many panels, or very few tiles, an item is two panels of all tiles: the inputs are
  /// transformed once per thread and every weight once. Elsewhere it is a block of about 25 tiles with all
  /// panels, whose weights are transformed once per thread. On one Zen 5 core both are within 6 % of the best of 45
  /// cuts, from 10x10x64 to 56x56x128.
  public static func blocking(tiles: Int, outputChannels: Int) -> ConvWinograd.Blocking {
    let panels = (outputChannels + ConvWinograd.panelWidth - 1) / ConvWinograd.panelWidth
    guard tiles >= 24, panels < 8 || tiles > 64 else {
      return .init(tilesPerItem: tiles, panelsPerItem: panels > 3 ? 2 : 1)
    }
    var blocks = 4 * ((tiles + 127) / 128)
    if tiles < 12 * blocks { blocks = 2 }
    return .init(tilesPerItem: (tiles + blocks - 1) / blocks, panelsPerItem: panels)
  }
}
