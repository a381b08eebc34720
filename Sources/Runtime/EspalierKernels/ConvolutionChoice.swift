/// Which kernel family computes a convolution fastest, and how its work is cut.
///
/// The rule compares cycles of one AVX-512 core (32 multiply-adds each), fitted to `tools/benchmarks` on a
/// Zen 5 core at 4.2 GHz. Operands in the caches / weights from memory, µs, relu:
///
/// | layer, 3x3       | GEMM       | F(4x4)      | F(2x2)    | chosen |
/// |------------------|------------|-------------|-----------|--------|
/// | 56x56   64→64    | 876 / 893  | 289 / 307   | 469 / 478 | F(4x4) |
/// | 28x28  128→128   | 864 / 890  | 268 / 322   | 466 / 484 | F(4x4) |
/// | 14x14  256→256   | 891 / 903  | 361 / 541   | 475 / 566 | F(4x4) |
/// | 10x10  128→128   | 110 / 129  | 52 / 85     | 60 / 78   | F(2x2) |
/// | 10x10  256→80    | 139 / 159  | 83 / 145    | 83 / 103  | F(2x2) |
/// | 7x7    512→512   | 993 / 1091 | 1168 / 1336 | 644 / 901 | F(2x2) |
/// | 28x28   67→67    | 285 / 294  | 98 / 117    | 156 / 167 | F(4x4) |
/// | 80x80   16→16    | 137 / 139  | 81 / 82     | 133 / 132 | F(4x4) |
public enum ConvolutionChoice: Sendable, Equatable {
  /// `conv_gemm_f32`.
  case gemm
  /// `conv_winograd_f32` with tiles of `tile` output pixels along an edge.
  case winograd(tile: Int, blocking: ConvWinograd.Blocking)

  /// - Parameters:
  ///   - kernel, stride, dilation: Extents along height and width.
  ///   - inputChannels, outputChannels: Of all groups together.
  public static func best(
    batch: Int, outputHeight: Int, outputWidth: Int, inputChannels: Int, outputChannels: Int,
    kernel: (Int, Int), stride: (Int, Int) = (1, 1), dilation: (Int, Int) = (1, 1), groups: Int = 1
  ) -> ConvolutionChoice {
    guard kernel == (3, 3), stride == (1, 1), dilation == (1, 1), groups == 1 else { return .gemm }
    let layer = Layer(
      pixels: batch * outputHeight * outputWidth, inputs: inputChannels, outputs: outputChannels)
    var best = ConvolutionChoice.gemm
    var bestCycles = layer.gemmCycles * 0.95
    for tile in [4, 2] {
      let tiles = batch * ((outputHeight + tile - 1) / tile) * ((outputWidth + tile - 1) / tile)
      let cycles = layer.winogradCycles(tile: tile, tiles: tiles)
      guard cycles < bestCycles else { continue }
      bestCycles = cycles
      best = .winograd(
        tile: tile,
        blocking: ConvWinograd.blocking(tiles: tiles, outputChannels: outputChannels, tile: tile))
    }
    return best
  }

  private struct Layer {
    var pixels: Int
    var inputs: Int
    var outputs: Int

    /// Output channels with the last panel's padding.
    private var padded: Double { Double((outputs + 15) / 16 * 16) }

    /// Bytes of weights that a core takes in per cycle, between that of memory (12) and of a shared cache.
    private static let bytesPerCycle = 14.0

    /// A tile of registers costs about 6 more steps of K to start and to store.
    var gemmCycles: Double {
      let depth = 9 * Double(inputs)
      return Double(pixels) * (depth + 6) * padded / (32 * 0.96) + depth * padded * 4 / Self.bytesPerCycle
    }

    /// The products of all points, the transforms of 16 channels of a tile at a time, and the weights.
    func winogradCycles(tile: Int, tiles: Int) -> Double {
      let points = Double((tile + 2) * (tile + 2))
      let vectors = Double((inputs + 15) / 16 + (outputs + 15) / 16)
      let products = points * Double(tiles) * Double(inputs + 4) * padded / (32 * 0.94)
      let transforms = Double(tiles) * vectors * (tile == 4 ? 170 : 75)
      return products + transforms + points * Double(inputs) * padded * 4 / Self.bytesPerCycle
    }
  }
}
