/// Packing for the kernel family `conv_winograd_f32`: 3x3 filters transformed to Winograd's points.
///
/// Source: Lavin and Gray, "Fast Algorithms for Convolutional Neural Networks", 2015.
public enum ConvWinograd {
  /// Output channels of a panel.
  public static let panelWidth = 16

  /// How a call's work is cut: see `espalier_conv_winograd_f32_parameters`.
  public struct Blocking: Sendable, Equatable {
    public var tilesPerItem: Int
    public var panelsPerItem: Int

    public init(tilesPerItem: Int, panelsPerItem: Int) {
      self.tilesPerItem = tilesPerItem
      self.panelsPerItem = panelsPerItem
    }
  }

  /// G of `u = G g Gᵀ`, `tile + 2` rows of 3.
  ///
  /// Row i is (1, p, p²) / ∏ (p − q) for the point p and all other finite points q; the last row is that of
  /// the point ∞. Tiles of 4 take 0, ±√½, ±√2, ∞, tiles of 2 take 0, 1, −1, ∞ with the signs of Lavin's
  /// matrices: the order and the signs are those of the kernels' Bᵀ and Aᵀ.
  private static func filterTransform(tile: Int) -> [[Double]] {
    if tile == 2 { return [[1, 0, 0], [0.5, 0.5, 0.5], [0.5, -0.5, 0.5], [0, 0, 1]] }
    let a = 0.5.squareRoot(), b = 2.0.squareRoot()
    let points = [0, a, -a, b, -b]
    let rows = points.map { p in
      let scale = points.reduce(1.0) { $1 == p ? $0 : $0 * (p - $1) }
      return [1 / scale, p / scale, p * p / scale]
    }
    return rows + [[0, 0, 1]]
  }

  /// Transforms and packs filters, `[(tile + 2)²][panels][C][16]`, the last panel padded with zeros.
  ///
  /// The transform is computed in double precision and rounded once.
  ///
  /// - Parameters:
  ///   - weights: Filters, `[M, C, 3, 3]`, row by row.
  ///   - tile: Output pixels along a tile's edge, 4 or 2.
  public static func packFilters(
    _ weights: [Float], outputChannels: Int, inputChannels: Int, tile: Int
  ) -> [Float] {
    precondition(weights.count == outputChannels * inputChannels * 9 && (tile == 2 || tile == 4))
    let g = filterTransform(tile: tile)
    let edge = tile + 2
    let panels = (outputChannels + panelWidth - 1) / panelWidth
    let plane = panels * inputChannels * panelWidth
    var packed = [Float](repeating: 0, count: edge * edge * plane)
    var lines = [Double](repeating: 0, count: edge * 3)
    for m in 0..<outputChannels {
      for c in 0..<inputChannels {
        let filter = (m * inputChannels + c) * 9
        for i in 0..<edge {
          for x in 0..<3 {
            lines[i * 3 + x] =
              g[i][0] * Double(weights[filter + x]) + g[i][1] * Double(weights[filter + 3 + x])
              + g[i][2] * Double(weights[filter + 6 + x])
          }
        }
        let place = (m / panelWidth * inputChannels + c) * panelWidth + m % panelWidth
        for i in 0..<edge {
          for j in 0..<edge {
            let value = lines[i * 3] * g[j][0] + lines[i * 3 + 1] * g[j][1] + lines[i * 3 + 2] * g[j][2]
            packed[(i * edge + j) * plane + place] = Float(value)
          }
        }
      }
    }
    return packed
  }

  /// Packs one addend per output channel as `[panels][16]`, zeros where padded.
  public static func packBias(_ bias: [Float]) -> [Float] {
    bias + [Float](repeating: 0, count: (panelWidth - bias.count % panelWidth) % panelWidth)
  }

  /// Cuts a call so that 2 or 4 threads get equal shares and a block's planes stay near the core.
  ///
  /// About 24 tiles (48 of 2x2) at once make the multiplications outweigh reading the weights once more per
  /// block by 5 to 1, and their planes fit 1 MB with up to 128 channels. Blocks of panels cost one more
  /// transform of the inputs where two threads share a block of tiles, and nothing otherwise; they are for
  /// maps of too few tiles to share. Within these limits times differ by less than 5 % (Zen 5, 8 to 100
  /// tiles by 2 to 16 panels, 14x14x256 to 56x56x64).
  public static func blocking(tiles: Int, outputChannels: Int, tile: Int) -> Blocking {
    let panels = (outputChannels + panelWidth - 1) / panelWidth
    let tilesAtOnce = tile == 4 ? 25 : 49
    guard tiles > 20 else {
      return Blocking(tilesPerItem: tiles, panelsPerItem: evenBlocks(panels, atMost: 4))
    }
    let blocks = 2 * ((tiles + 2 * tilesAtOnce - 1) / (2 * tilesAtOnce))
    return Blocking(
      tilesPerItem: (tiles + blocks - 1) / blocks, panelsPerItem: blocks < 4 && panels >= 8 ? 4 : panels)
  }

  /// The largest size up to a limit that cuts `count` into an even number of blocks; else halves.
  private static func evenBlocks(_ count: Int, atMost limit: Int) -> Int {
    let halves = (count + 1) / 2
    return (2...limit).last { $0 <= halves && (count + $0 - 1) / $0 % 2 == 0 } ?? halves
  }
}
