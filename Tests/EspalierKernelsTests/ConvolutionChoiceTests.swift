import EspalierKernels
import Testing

@Suite("Choosing how to convolve") struct ConvolutionChoiceTests {
  static func best(
    size: Int, inputs: Int, outputs: Int, kernel: (Int, Int) = (3, 3), stride: (Int, Int) = (1, 1),
    dilation: (Int, Int) = (1, 1), groups: Int = 1
  ) -> ConvolutionChoice {
    ConvolutionChoice.best(
      batch: 1, outputHeight: size, outputWidth: size, inputChannels: inputs, outputChannels: outputs,
      kernel: kernel, stride: stride, dilation: dilation, groups: groups)
  }

  /// Winograd's tiles as `tools/benchmarks` measured them, GEMM as nil.
  @Test(
    arguments: [
      (56, 64, 64, 4), (28, 128, 128, 4), (14, 256, 256, 4), (7, 512, 512, 2), (28, 67, 67, 4),
      (28, 37, 91, 4),
      (80, 16, 16, 4), (56, 3, 64, nil), (1, 64, 64, nil),
    ] as [(Int, Int, Int, Int?)])
  func `takes the family that was measured fastest`(size: Int, inputs: Int, outputs: Int, tile: Int?) {
    switch Self.best(size: size, inputs: inputs, outputs: outputs) {
    case .gemm: #expect(tile == nil)
    case .winograd(let found, _): #expect(tile == found)
    }
  }

  @Test func `keeps Winograd's algorithm from filters that it cannot compute`() {
    #expect(Self.best(size: 56, inputs: 64, outputs: 64, kernel: (1, 3)) == .gemm)
    #expect(Self.best(size: 56, inputs: 64, outputs: 64, kernel: (5, 5)) == .gemm)
    #expect(Self.best(size: 56, inputs: 64, outputs: 64, stride: (1, 2)) == .gemm)
    #expect(Self.best(size: 56, inputs: 64, outputs: 64, dilation: (2, 1)) == .gemm)
    #expect(Self.best(size: 56, inputs: 64, outputs: 64, groups: 2) == .gemm)
  }

  /// Shares of 2 threads that get whole items, in turn.
  @Test(arguments: [4, 2], [1, 4, 9, 16, 25, 49, 100, 196, 400])
  func `cuts Winograd's work so that two threads have equal shares`(tile: Int, tiles: Int) {
    for panels in 2...32 {
      let cut = ConvWinograd.blocking(tiles: tiles, outputChannels: panels * 16, tile: tile)
      let tileBlocks = (tiles + cut.tilesPerItem - 1) / cut.tilesPerItem
      let panelBlocks = (panels + cut.panelsPerItem - 1) / cut.panelsPerItem
      #expect(tileBlocks * panelBlocks >= 2)
      let items = (0..<tileBlocks).flatMap { t in
        (0..<panelBlocks).map { p in
          (tiles * (t + 1) / tileBlocks - tiles * t / tileBlocks)
            * (panels * (p + 1) / panelBlocks - panels * p / panelBlocks)
        }
      }
      let first = items.prefix((items.count + 1) / 2).reduce(0, +)
      #expect(Double(first) <= 0.6 * Double(tiles * panels) + 4, "\(panels) panels")
    }
  }
}
