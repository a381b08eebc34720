/// Which kernel family computes a convolution of bytes fastest; all give the same bits.
///
/// The rule compares nanoseconds of one Zen 5 core at 4.1 GHz with AVX512-VNNI, fitted to the times below. There
/// F(4x4) gains least: on AVX2 it is 1.6 to 2.3 times as fast as GEMM on these layers and equal at 7x7, on AVX-VNNI
/// up to 1.6 times and slower at 7x7 alone. Operands in the caches, µs:
///
/// | layer, 3x3       | GEMM | F(4x4) | F(2x2) | chosen |
/// |------------------|------|--------|--------|--------|
/// | 56x56   64→64    | 222  | 158    | 265    | F(4x4) |
/// | 56x56  128→128   | 862  | 556    | 924    | F(4x4) |
/// | 28x28  128→128   | 212  | 154    | 241    | F(4x4) |
/// | 28x28   67→67    | 74   | 57     | 93     | F(4x4) |
/// | 20x20   64→64    | 28   | 22     | 35     | F(4x4) |
/// | 14x14  256→256   | 218  | 221    | 248    | GEMM   |
/// | 7x7    512→512   | 213  | 385    | 384    | GEMM   |
/// | 80x80   32→32    | 122  | 111    | 193    | F(4x4) |
/// | 80x80   16→16    | 44   | 59     | 107    | GEMM   |
public enum ByteConvolutionChoice {
  /// For a convolution of one group with a 3x3 kernel, stride and dilation 1.
  public static func best(
    batch: Int, outputHeight: Int, outputWidth: Int, inputChannels: Int, outputChannels: Int
  ) -> ConvolutionChoice {
    let layer = Layer(
      batch: batch, height: outputHeight, width: outputWidth, inputs: inputChannels, outputs: outputChannels)
    var best = ConvolutionChoice.gemm
    var leastTime = layer.gemmTime * 0.95
    for tile in [4, 2] {
      let (time, tiles) = (layer.winogradTime(tile: tile), layer.tiles(tile))
      guard time < leastTime else { continue }
      leastTime = time
      best = .winograd(
        tile: tile, blocking: ByteConvWinograd.blocking(tiles: tiles, outputChannels: outputChannels))
    }
    return best
  }

  private struct Layer {
    var batch: Int
    var height: Int
    var width: Int
    var inputs: Int
    var outputs: Int

    func tiles(_ edge: Int) -> Int { batch * ((height + edge - 1) / edge) * ((width + edge - 1) / edge) }

    private var panels: Double { Double((outputs + 15) / 16) }
    /// Input channels with the padding of the last quad.
    private var channels: Double { Double((inputs + 3) / 4 * 4) }

    /// 540 multiply-adds in each nanosecond, and the end of every pixel.
    var gemmTime: Double { Double(batch * height * width) * (9 * channels * panels * 16 / 540 + 2.2) }

    /// 255 multiply-adds in each nanosecond; the transforms of 32 channels of a tile, of 16 outputs of a tile and
    /// of 32 weights.
    func winogradTime(tile: Int) -> Double {
      let points = Double((tile + 2) * (tile + 2))
      let vectors = Double((inputs + 31) / 32)
      let share = tile == 4 ? 1 : 0.5
      let products = points * channels * panels * 16 / 255
      let transforms = share * (vectors * 28 + panels * 45 + 15)
      return Double(tiles(tile)) * (products + transforms) + share * channels / 2 * panels * 25
    }
  }
}
