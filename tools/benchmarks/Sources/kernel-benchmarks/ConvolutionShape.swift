import CEspalierKernels
import EspalierKernels

/// A convolution layer of a network, "same" padding.
struct ConvolutionShape {
  var name: String
  /// Extents of the output.
  var size: Int
  var inputs: Int, outputs: Int
  var kernel = 1
  var stride = 1
  var groups = 1

  var multiplyAdds: Double {
    Double(size * size * inputs / groups) * Double(outputs * kernel * kernel)
  }

  /// The edge of the Winograd tiles that the compiler takes, or nil for GEMM.
  var chosenTile: Int? {
    let choice = ConvolutionChoice.best(
      batch: 1, outputHeight: size, outputWidth: size, inputChannels: inputs, outputChannels: outputs,
      kernel: (kernel, kernel), stride: (stride, stride), groups: groups)
    guard case .winograd(let tile, _) = choice else { return nil }
    return tile
  }

  static let all: [ConvolutionShape] = [
    .init(name: "1x1", size: 56, inputs: 64, outputs: 64),
    .init(name: "1x1", size: 28, inputs: 128, outputs: 128),
    .init(name: "1x1", size: 14, inputs: 256, outputs: 256),
    .init(name: "1x1", size: 7, inputs: 512, outputs: 512),
    .init(name: "1x1", size: 28, inputs: 127, outputs: 127),
    .init(name: "1x1", size: 56, inputs: 67, outputs: 67),
    .init(name: "1x1", size: 40, inputs: 51, outputs: 51),
    .init(name: "3x3", size: 56, inputs: 64, outputs: 64, kernel: 3),
    .init(name: "3x3", size: 28, inputs: 128, outputs: 128, kernel: 3),
    .init(name: "3x3", size: 14, inputs: 256, outputs: 256, kernel: 3),
    .init(name: "3x3", size: 7, inputs: 512, outputs: 512, kernel: 3),
    .init(name: "3x3", size: 28, inputs: 67, outputs: 67, kernel: 3),
    .init(name: "resnet stem", size: 112, inputs: 3, outputs: 64, kernel: 7, stride: 2),
    .init(name: "resnet18 3x3/2", size: 28, inputs: 64, outputs: 128, kernel: 3, stride: 2),
    .init(name: "resnet18 3x3/2", size: 7, inputs: 256, outputs: 512, kernel: 3, stride: 2),
    .init(name: "resnet50", size: 56, inputs: 64, outputs: 256),
    .init(name: "resnet50", size: 56, inputs: 256, outputs: 64),
    .init(name: "resnet50", size: 28, inputs: 512, outputs: 128),
    .init(name: "resnet50", size: 14, inputs: 256, outputs: 1024),
    .init(name: "resnet50", size: 14, inputs: 1024, outputs: 256),
    .init(name: "resnet50", size: 7, inputs: 512, outputs: 2048),
    .init(name: "resnet50", size: 7, inputs: 2048, outputs: 512),
    .init(name: "classifier", size: 1, inputs: 2048, outputs: 1000),
    .init(name: "mobilenet stem", size: 112, inputs: 3, outputs: 32, kernel: 3, stride: 2),
    .init(name: "mobilenet", size: 112, inputs: 32, outputs: 16),
    .init(name: "mobilenet", size: 112, inputs: 16, outputs: 96),
    .init(name: "mobilenet", size: 56, inputs: 96, outputs: 24),
    .init(name: "mobilenet", size: 56, inputs: 24, outputs: 144),
    .init(name: "mobilenet", size: 28, inputs: 144, outputs: 32),
    .init(name: "mobilenet", size: 14, inputs: 384, outputs: 64),
    .init(name: "mobilenet", size: 14, inputs: 96, outputs: 576),
    .init(name: "mobilenet", size: 7, inputs: 160, outputs: 960),
    .init(name: "mobilenet", size: 7, inputs: 960, outputs: 320),
    .init(name: "mobilenet", size: 7, inputs: 320, outputs: 1280),
    .init(name: "yolov8n stem", size: 160, inputs: 3, outputs: 16, kernel: 3, stride: 2),
    .init(name: "yolov8n", size: 80, inputs: 16, outputs: 32, kernel: 3, stride: 2),
    .init(name: "yolov8n", size: 80, inputs: 16, outputs: 16, kernel: 3),
    .init(name: "yolov8n", size: 40, inputs: 32, outputs: 32, kernel: 3),
    .init(name: "yolov8n", size: 40, inputs: 64, outputs: 64, kernel: 3),
    .init(name: "yolov8n", size: 20, inputs: 64, outputs: 64, kernel: 3),
    .init(name: "yolov8n", size: 20, inputs: 128, outputs: 64, kernel: 3),
    .init(name: "yolov8n", size: 10, inputs: 128, outputs: 128, kernel: 3),
    .init(name: "yolov8n", size: 10, inputs: 256, outputs: 80, kernel: 3),
    .init(name: "yolov8n", size: 40, inputs: 80, outputs: 80, kernel: 3),
    .init(name: "narrow", size: 56, inputs: 3, outputs: 64, kernel: 3),
    .init(name: "narrow", size: 56, inputs: 64, outputs: 3, kernel: 3),
    .init(name: "narrow", size: 80, inputs: 4, outputs: 4, kernel: 3),
    .init(name: "narrow", size: 80, inputs: 8, outputs: 8, kernel: 3),
    .init(name: "narrow", size: 80, inputs: 8, outputs: 16, kernel: 3),
    .init(name: "narrow", size: 80, inputs: 16, outputs: 8, kernel: 3),
    .init(name: "pruned", size: 56, inputs: 37, outputs: 91),
    .init(name: "pruned", size: 28, inputs: 91, outputs: 37),
    .init(name: "pruned", size: 14, inputs: 67, outputs: 411),
    .init(name: "pruned", size: 7, inputs: 367, outputs: 91),
    .init(name: "pruned", size: 56, inputs: 37, outputs: 37, kernel: 3),
    .init(name: "pruned", size: 28, inputs: 91, outputs: 91, kernel: 3),
    .init(name: "pruned", size: 14, inputs: 181, outputs: 181, kernel: 3),
    .init(name: "pruned", size: 7, inputs: 367, outputs: 367, kernel: 3),
    .init(name: "pruned", size: 28, inputs: 67, outputs: 91, kernel: 3, stride: 2),
    .init(name: "resnet50 1x1/2", size: 28, inputs: 256, outputs: 512, stride: 2),
    .init(name: "resnet50 1x1/2", size: 7, inputs: 1024, outputs: 2048, stride: 2),
    .init(name: "classifier", size: 1, inputs: 512, outputs: 1000),
    .init(name: "classifier", size: 1, inputs: 1280, outputs: 1000),
    .init(name: "grouped", size: 28, inputs: 128, outputs: 128, kernel: 3, groups: 32),
  ]

  /// The layer as offset lists over an image with a halo of zeros.
  ///
  /// - Parameter function: What the epilogue applies.
  func gemmCall(function: espalier_function) -> TimedCall<ConvGemmParameters>? {
    let halo = kernel / 2
    let row = (size * stride + 2 * halo) * inputs
    let merging = ConvGemm.groupsToMerge(groups: groups, outputChannelsPerGroup: outputs / groups)
    let channels = inputs / groups * merging
    var taps: [(ky: Int, kx: Int)] = []
    var runs: [Float] = []
    for ky in 0..<kernel {
      for kx in 0..<kernel {
        taps.append((ky, kx))
        if groups == 1 && kx > 0 { continue }
        runs.append(Float(bitPattern: UInt32(ky * row + kx * inputs)))
      }
    }
    var p = ConvGemmParameters()
    (p.batch, p.height, p.width) = (1, Int32(size), Int32(size))
    if kernel == 1 && stride == 1 { (p.height, p.width) = (1, Int32(size * size)) }
    p.input_stride_h = Int32(row * stride)
    p.input_stride_w = Int32(inputs * stride)
    p.output_stride_h = Int32(size * outputs)
    p.output_stride_w = Int32(outputs)
    p.groups = Int32(groups / merging)
    p.input_group = Int32(channels)
    p.output_channels = Int32(outputs / groups * merging)
    p.run_count = Int32(runs.count)
    p.run_length = Int32(groups == 1 ? kernel * channels : channels)
    p.function = Int32(function.rawValue)
    p.alpha = 1
    let inner = ConvGemm.panelsInner(
      pixels: size * size, depth: channels * kernel * kernel, outputChannels: outputs / groups * merging)
    p.panels_inner = inner ? 1 : 0
    let weights = [Float](repeating: 0.01, count: outputs * inputs / groups * kernel * kernel)
    let panels = ConvGemm.packFilters(
      weights, shape: [outputs, inputs / groups, kernel, kernel], groups: groups, merging: merging,
      rows: ConvGemm.rows(taps: taps, channels: channels))
    let bias = ConvGemm.packBias([Float](repeating: 0.5, count: outputs), groups: groups, merging: merging)
    return TimedCall(
      p,
      [
        [Float](repeating: 0.5, count: (size * stride + 2 * halo) * row), runs, panels, bias, nil,
        [Float](repeating: 0, count: size * size * outputs),
      ])
  }

  /// The layer by Winograd's algorithm, or nil where it does not apply.
  ///
  /// - Parameter blocking: How the work is cut; nil takes what the compiler takes.
  func winogradCall(
    tile: Int, function: espalier_function, blocking: ConvWinograd.Blocking?
  ) -> TimedCall<ConvWinogradParameters>? {
    guard kernel == 3, stride == 1, groups == 1 else { return nil }
    let edge = (size + tile - 1) / tile
    let blocks =
      blocking
      ?? ConvWinograd.blocking(tiles: edge * edge, outputChannels: outputs, tile: tile)
    var p = ConvWinogradParameters()
    (p.batch, p.height, p.width) = (1, Int32(size), Int32(size))
    (p.input_height, p.input_width) = (Int32(size + 2), Int32(size + 2))
    (p.input_stride_h, p.input_stride_w) = (Int32((size + 2) * inputs), Int32(inputs))
    (p.output_stride_h, p.output_stride_w) = (Int32(size * outputs), Int32(outputs))
    (p.input_channels, p.output_channels) = (Int32(inputs), Int32(outputs))
    p.function = Int32(function.rawValue)
    p.alpha = 1
    p.tiles_per_item = Int32(blocks.tilesPerItem)
    p.panels_per_item = Int32(blocks.panelsPerItem)
    p.tile = Int32(tile)
    let weights = ConvWinograd.packFilters(
      [Float](repeating: 0.01, count: outputs * inputs * 9), outputChannels: outputs, inputChannels: inputs,
      tile: tile)
    let bias = ConvWinograd.packBias([Float](repeating: 0.5, count: outputs))
    return TimedCall(
      p,
      [
        [Float](repeating: 0.5, count: (size + 2) * (size + 2) * inputs), weights, bias, nil,
        [Float](repeating: 0, count: size * size * outputs),
      ])
  }
}
