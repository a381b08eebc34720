import CEspalierKernels
import CPeak
import EspalierKernels

/// Prints time, speed, multiply-adds a cycle and share of the measured peak of the convolution kernels, one line
/// a layer and kernel, where a star marks what the compiler chooses; of the lighter kernels against the scalar
/// ones and the memory.
///
/// Options: `--isa NAME` (`scalar`, `avx2`, `neon` and so on; default: all that the processor has), `--cold`
/// (weights come from memory, as in a large network), `--silu` (instead of relu), `--blockings` (Winograd with
/// many cuts of its work), and words that a layer's line must contain.
@main struct KernelBenchmarks {
  private static let known = [
    espalier_isa_scalar, espalier_isa_avx2, espalier_isa_avxvnni, espalier_isa_avx512,
    espalier_isa_avx512vnni, espalier_isa_neon, espalier_isa_neon_dotprod, espalier_isa_neon_i8mm,
  ]

  static func main() {
    var words = Array(CommandLine.arguments.dropFirst())
    let cold = words.contains("--cold")
    let function = words.contains("--silu") ? espalier_function_silu : espalier_function_relu
    var sets = known.dropFirst()[...]
    if let option = words.firstIndex(of: "--isa"), option + 1 < words.count {
      sets = known.filter { String(cString: espalier_isa_name($0)) == words[option + 1] }[...]
      words.removeSubrange(option...option + 1)
    }
    var blockings: [ConvWinograd.Blocking?] = [nil]
    if words.contains("--blockings") {
      blockings = [8, 12, 16, 24, 36, 48, 64, 100].flatMap { tiles in
        [2, 4, 8, 16].map { .init(tilesPerItem: tiles, panelsPerItem: $0) }
      }
    }
    words.removeAll { $0.hasPrefix("--") }
    print("\(rounded(cycles / 1e9, 1)) GHz")
    for isa in sets {
      let peak = peak_multiply_adds_per_second(Int32(isa.rawValue))
      let name = String(cString: espalier_isa_name(isa))
      let bytePeak = peak_byte_multiply_adds_per_second(Int32(isa.rawValue))
      print(
        "\(name): peak \(rounded(peak / 1e9, 1)) GMAC/s on one core, \(rounded(bytePeak / 1e9, 1)) on bytes"
          + (cold ? ", cold weights" : ""))
      for shape in ConvolutionShape.all {
        let title =
          "\(shape.name) \(shape.size)x\(shape.size) \(shape.inputs)→\(shape.outputs) "
          + "k\(shape.kernel)s\(shape.stride)g\(shape.groups)"
        guard words.allSatisfy({ ("bytes " + title).contains($0) }) else { continue }
        let chosen = shape.chosenTile
        report(title, chosen == nil ? "gemm *" : "gemm", shape, isa, peak, cold) {
          shape.gemmCall(function: function)
        }
        reportBytes("bytes " + title, shape, isa, bytePeak, cold)
        let chosenForBytes = shape.chosenByteTile
        for blocking in blockings {
          for tile in [4, 2] {
            let cut = blocking.map { " \($0.tilesPerItem)x\($0.panelsPerItem)" } ?? ""
            func kind(_ chosen: Int?) -> String { (chosen == tile ? "F(\(tile)) *" : "F(\(tile))") + cut }
            report(title, kind(chosen), shape, isa, peak, cold) {
              shape.winogradCall(tile: tile, function: function, blocking: blocking)
            }
            report("bytes " + title, kind(chosenForBytes), shape, isa, bytePeak, cold) {
              shape.byteWinogradCall(tile: tile, blocking: blocking)
            }
          }
        }
      }
      for layer in LightLayer.all + LightLayer.views where words.allSatisfy({ layer.title.contains($0) }) {
        layer.report(isa, peak: peak)
      }
      for layer in LightLayer.ofBytes where words.allSatisfy({ layer.title.contains($0) }) {
        layer.report(isa, peak: bytePeak)
      }
    }
  }

  /// What AVX2 makes of a layer depends on what is proved of its weights.
  private static func reportBytes(
    _ title: String, _ shape: ConvolutionShape, _ isa: espalier_isa, _ peak: Double, _ cold: Bool
  ) {
    guard isa == espalier_isa_avx2 else {
      return report(title, "gemm", shape, isa, peak, cold) { shape.byteGemmCall() }
    }
    for (claim, peak) in sumPeaks {
      report(title, "gemm \(claim)", shape, isa, peak, cold) { shape.byteGemmCall(claim) }
    }
  }

  /// The peak of each way to add products of bytes on AVX2.
  private static let sumPeaks = [
    (ByteSums.fours, peak_byte_sums_per_second(4)), (.pairs, peak_byte_sums_per_second(2)),
    (.words, peak_byte_sums_per_second(1)),
  ]
  /// Of the core, a second.
  static let cycles = peak_cycles_per_second()

  static func report<Parameters>(
    _ title: String, _ kind: String, _ shape: ConvolutionShape, _ isa: espalier_isa, _ peak: Double,
    _ cold: Bool, _ make: () -> TimedCall<Parameters>?
  ) {
    guard let kernel = espalier_kernel_exactly(Parameters.family, isa), let first = make() else { return }
    var calls = [first]
    let isGemm = [ConvGemmParameters.family, ByteConvGemmParameters.family].contains(Parameters.family)
    let weights = isGemm ? 2 : 1
    while cold && calls.count * first.byteCount(of: weights) < 96 << 20 && calls.count < 400 {
      calls.append(TimedCall(of: first, copyingWeights: weights))
    }
    let seconds = bestSeconds(calls, kernel)
    let speed = shape.multiplyAdds / seconds
    let share = peak > 0 ? "\(rounded(speed / peak * 100, 1)) %" : "–"
    print(
      "\(pad(title, 46)) \(pad(kind, 16)) \(pad(rounded(seconds * 1e6, 1), 9, right: true)) µs"
        + " \(pad(rounded(speed / 1e9, 1), 7, right: true)) GMAC/s"
        + " \(pad(rounded(speed / cycles, 1), 6, right: true)) a cycle \(pad(share, 8, right: true))")
  }

  static func rounded(_ x: Double, _ digits: Int) -> String {
    let scale = digits == 1 ? 10.0 : 1
    return String((x * scale).rounded() / scale)
  }

  static func pad(_ text: String, _ width: Int, right: Bool = false) -> String {
    let fill = String(repeating: " ", count: max(0, width - text.count))
    return right ? fill + text : text + fill
  }
}
