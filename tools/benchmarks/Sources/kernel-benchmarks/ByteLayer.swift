import CEspalierKernels
import CPeak
import EspalierKernels

extension ConvolutionShape {
  /// The layer on bytes as offset lists over an image with a halo, channels rounded up as the compiler does.
  ///
  /// - Parameter claim: What is claimed of all panels; more would hold.
  func byteGemmCall(_ claim: ByteSums = .fours) -> TimedCall<ByteConvGemmParameters>? {
    let halo = kernel / 2
    let pixel = (inputs + 3) / 4 * 4
    let row = (size * stride + 2 * halo) * pixel
    let merging = ConvGemm.groupsToMerge(groups: groups, outputChannelsPerGroup: outputs / groups)
    let packing = ByteConvGemm.Packing(
      shape: [outputs, inputs / groups, kernel, kernel], groups: groups, merging: merging,
      tapSteps: (row: row, column: pixel))
    var p = ByteConvGemmParameters()
    (p.batch, p.height, p.width) = (1, Int32(size), Int32(size))
    if kernel == 1 && stride == 1 { (p.height, p.width) = (1, Int32(size * size)) }
    (p.input_stride_h, p.input_stride_w) = (Int32(row * stride), Int32(pixel * stride))
    (p.output_stride_h, p.output_stride_w) = (Int32(size * outputs), Int32(outputs))
    p.groups = Int32(groups / merging)
    p.input_group = Int32(packing.channels)
    p.output_channels = Int32(packing.outputs)
    p.run_count = Int32(packing.runs.count)
    p.run_length = Int32(packing.runLength)
    p.high = 255
    let inner = ConvGemm.panelsInner(
      pixels: size * size, depth: packing.runs.count * packing.runLength / 4, outputChannels: packing.outputs)
    p.panels_inner = inner ? 1 : 0
    let weights = [Int8](repeating: 3, count: outputs * inputs / groups * kernel * kernel)
    let numbers = packing.scalesAndOffsets(
      [Float](repeating: 0.001, count: outputs), [Float](repeating: 9, count: outputs))
    let panels = packing.panels(of: weights)
    let sums = packing.sums(of: panels).map { _ in claim }
    return TimedCall(
      p,
      bytes: [
        [UInt8](repeating: 7, count: (size * stride + 2 * halo) * row + 64),
        packing.runs.map(Int32.init).withUnsafeBytes { Array($0) },
        panels.map { UInt8(bitPattern: $0) }, numbers.withUnsafeBytes { Array($0) }, nil,
        nil, [UInt8](repeating: 0, count: size * size * outputs), sums.map(\.rawValue),
      ])
  }

  /// The same layer by Winograd's algorithm, or nil where it does not apply.
  ///
  /// - Parameter blocking: How the work is cut; nil takes what the compiler takes.
  func byteWinogradCall(
    tile: Int, blocking: ConvWinograd.Blocking?
  ) -> TimedCall<ByteConvWinogradParameters>? {
    guard kernel == 3, stride == 1, groups == 1 else { return nil }
    let pixel = (inputs + 3) / 4 * 4
    let (row, edge) = ((size + 2) * pixel, (size + tile - 1) / tile)
    let blocks = blocking ?? ByteConvWinograd.blocking(tiles: edge * edge, outputChannels: outputs)
    let packing = ByteConvGemm.Packing(
      shape: [outputs, inputs, 3, 3], groups: 1, merging: 1, tapSteps: (row: row, column: pixel))
    var p = ByteConvWinogradParameters()
    (p.batch, p.height, p.width) = (1, Int32(size), Int32(size))
    (p.input_stride_h, p.input_stride_w) = (Int32(row), Int32(pixel))
    (p.output_stride_h, p.output_stride_w) = (Int32(size * outputs), Int32(outputs))
    (p.input_channels, p.output_channels) = (Int32(inputs), Int32(outputs))
    p.high = 255
    p.tile = Int32(tile)
    p.tiles_per_item = Int32(blocks.tilesPerItem)
    p.panels_per_item = Int32(blocks.panelsPerItem)
    let panels = packing.panels(of: [Int8](repeating: 3, count: outputs * inputs * 9))
    let numbers = packing.scalesAndOffsets(
      [Float](repeating: 0.001, count: outputs), [Float](repeating: 9, count: outputs))
    return TimedCall(
      p,
      bytes: [
        [UInt8](repeating: 7, count: (size + 2) * row), panels.map { UInt8(bitPattern: $0) },
        numbers.withUnsafeBytes { Array($0) }, nil, nil, [UInt8](repeating: 0, count: size * size * outputs),
      ])
  }

  /// The tile of the kernel that the compiler chooses for the layer on bytes; nil for that of products.
  var chosenByteTile: Int? {
    guard kernel == 3, stride == 1, groups == 1 else { return nil }
    let best = ByteConvolutionChoice.best(
      batch: 1, outputHeight: size, outputWidth: size, inputChannels: inputs, outputChannels: outputs)
    if case .winograd(let tile, _) = best { return tile }
    return nil
  }
}

extension LightLayer {
  /// A depthwise convolution of bytes over an image with a halo.
  ///
  /// - Parameter pairs: Whether it is claimed that pairs fit, as they do.
  static func byteDepthwise(
    _ size: Int, _ channels: Int, kernel: Int = 3, stride: Int = 1, pairs: Bool = true
  ) -> LightLayer {
    let side = size * stride + 2 * (kernel / 2)
    let (read, written, taps) = (side * side * channels, size * size * channels, kernel * kernel)
    return LightLayer(
      "bytes depthwise \(size)x\(size)x\(channels) k\(kernel)s\(stride)\(pairs ? "" : " words")",
      multiplyAdds: Double(written * taps), readBytes: read, writtenBytes: written
    ) {
      var p = ByteConvDepthwiseParameters()
      (p.batch, p.height, p.width, p.channels) = (1, Int32(size), Int32(size), Int32(channels))
      (p.input_stride_h, p.input_stride_w) = (Int32(stride * side * channels), Int32(stride * channels))
      (p.tap_stride_h, p.tap_stride_w) = (Int32(side * channels), Int32(channels))
      (p.kernel_h, p.kernel_w) = (Int32(kernel), Int32(kernel))
      (p.output_stride_h, p.output_stride_w) = (Int32(size * channels), Int32(channels))
      (p.high, p.pairs_fit) = (255, pairs ? 1 : 0)
      let filters = ByteConvDepthwise.packFilters(
        [Int8](repeating: 3, count: channels * taps), channels: channels, kernelHeight: kernel,
        kernelWidth: kernel)
      let numbers = ByteConvDepthwise.padded([Float](repeating: 0.5, count: channels))
      return TimedCall(
        p,
        bytes: [
          [UInt8](repeating: 7, count: read), filters.map { UInt8(bitPattern: $0) },
          (numbers + numbers).withUnsafeBytes { Array($0) }, nil, nil, [UInt8](repeating: 0, count: written),
        ])
    }
  }

  static func bytePool(
    _ name: String, _ mode: espalier_pool_mode, _ size: Int, _ channels: Int, kernel: Int, stride: Int
  ) -> LightLayer {
    let pad = kernel % 2 == 1 && kernel < size ? kernel / 2 : 0
    let side = (size + 2 * pad - kernel) / stride + 1
    let (read, written) = (size * size * channels, side * side * channels)
    return LightLayer(
      "bytes \(name) pool \(size)x\(size)x\(channels) k\(kernel)s\(stride)", readBytes: read,
      writtenBytes: written
    ) {
      var p = BytePoolParameters()
      p.mode = Int32(mode.rawValue)
      (p.batch, p.channels) = (1, Int32(channels))
      (p.input_height, p.input_width) = (Int32(size), Int32(size))
      (p.output_height, p.output_width) = (Int32(side), Int32(side))
      (p.kernel_h, p.kernel_w) = (Int32(kernel), Int32(kernel))
      (p.stride_h, p.stride_w, p.dilation_h, p.dilation_w) = (Int32(stride), Int32(stride), 1, 1)
      (p.pad_top, p.pad_left, p.pad_bottom, p.pad_right) = (Int32(pad), Int32(pad), Int32(pad), Int32(pad))
      (p.input_stride_h, p.input_stride_w) = (Int32(size * channels), Int32(channels))
      (p.output_stride_h, p.output_stride_w) = (Int32(side * channels), Int32(channels))
      (p.scale, p.high) = (1, 255)
      return TimedCall(
        p, bytes: [[UInt8](repeating: 7, count: read), [UInt8](repeating: 0, count: written)])
    }
  }

  /// Twice as large by two taps each way.
  static func byteResize(_ size: Int, _ channels: Int, taps: Int) -> LightLayer {
    let (read, written) = (size * size * channels, 4 * size * size * channels)
    return LightLayer(
      "bytes resize \(size)x\(size)x\(channels) taps \(taps)", readBytes: read, writtenBytes: written
    ) {
      var p = ByteResizeParameters()
      (p.batch, p.channels) = (1, Int32(channels))
      (p.input_height, p.input_width) = (Int32(size), Int32(size))
      (p.output_height, p.output_width) = (Int32(2 * size), Int32(2 * size))
      (p.row_taps, p.column_taps) = (Int32(taps), Int32(taps))
      (p.input_stride_h, p.input_stride_w) = (Int32(size * channels), Int32(channels))
      (p.output_stride_h, p.output_stride_w) = (Int32(2 * size * channels), Int32(channels))
      let indices = (0..<2 * size * taps).map { Int32(min($0 / taps / 2 + $0 % taps, size - 1)) }
      let weights = [Int32](repeating: Int32(128 / taps), count: indices.count)
      let tables = [indices, weights].map { $0.withUnsafeBytes { Array($0) } }
      return TimedCall(
        p,
        bytes: [
          [UInt8](repeating: 7, count: read), tables[0], tables[1], tables[0], tables[1],
          [UInt8](repeating: 0, count: written),
        ])
    }
  }

  private static let one = sixAxes([1], fill: 0)

  static func byteTable(_ count: Int) -> LightLayer {
    LightLayer("bytes table \(count)", readBytes: count, writtenBytes: count) {
      let p = ByteTableParameters(
        extent: sixAxes([count], fill: 1), input_stride: one, output_stride: one, input_base: 0,
        output_base: 0)
      let x = (0..<count).map { UInt8(truncatingIfNeeded: $0) }
      return TimedCall(p, bytes: [x, Array(x.prefix(256)), x])
    }
  }

  static func byteAdd(_ count: Int) -> LightLayer {
    LightLayer("bytes add \(count)", readBytes: 2 * count, writtenBytes: count) {
      var p = ByteBinaryParameters()
      p.extent = sixAxes([count], fill: 1)
      (p.a_stride, p.b_stride, p.output_stride) = (one, one, one)
      (p.a_scale, p.b_scale, p.high) = (0.7, 0.3, 255)
      let x = (0..<count).map { UInt8(truncatingIfNeeded: $0) }
      return TimedCall(p, bytes: [x, x, nil, x])
    }
  }

  /// A picture, planes of float32 to pixels of `pixel` bytes.
  static func quantize(_ size: Int, _ channels: Int, pixel: Int) -> LightLayer {
    let count = size * size
    return LightLayer(
      "quantize \(size)x\(size)x\(channels) to NHWC", readBytes: 4 * count * channels,
      writtenBytes: count * pixel
    ) {
      let p = QuantizeParameters(
        extent: sixAxes([channels, size, size], fill: 1), input_stride: sixAxes([count, size, 1], fill: 0),
        output_stride: sixAxes([1, size * pixel, pixel], fill: 0), input_base: 0, output_base: 0, scale: 0.01,
        zero: 3, low: 0, high: 255)
      let x = [Float](repeating: 0.5, count: count * channels)
      return TimedCall(
        p, bytes: [x.withUnsafeBytes { Array($0) }, [UInt8](repeating: 0, count: count * pixel)])
    }
  }

  static func dequantize(_ count: Int) -> LightLayer {
    LightLayer("dequantize \(count)", readBytes: count, writtenBytes: 4 * count) {
      let p = DequantizeParameters(
        extent: sixAxes([count], fill: 1), input_stride: one, output_stride: one, input_base: 0,
        output_base: 0)
      let x = (0..<count).map { UInt8(truncatingIfNeeded: $0) }
      let floats = [Float](repeating: 0.5, count: max(count, 256)).withUnsafeBytes { Array($0) }
      return TimedCall(p, bytes: [x, Array(floats.prefix(1024)), floats])
    }
  }

  static var ofBytes: [LightLayer] {
    [
      byteDepthwise(56, 96), byteDepthwise(56, 96, pairs: false), byteDepthwise(56, 99),
      byteDepthwise(56, 99, pairs: false),
    ]
      + [(112, 32, 1), (56, 96, 2), (56, 144, 1), (28, 144, 2), (28, 192, 1), (14, 192, 2), (14, 384, 1)].map
    {
      byteDepthwise($0, $1, stride: $2)
    }
      + [(14, 576, 1), (7, 576, 2), (7, 960, 1), (28, 37, 1), (28, 67, 1), (28, 91, 2)].map {
        byteDepthwise($0, $1, stride: $2)
      } + [(28, 120, 1), (14, 240, 2), (14, 67, 1)].map { byteDepthwise($0, $1, kernel: 5, stride: $2) } + [
        bytePool("max", espalier_pool_max, 112, 64, kernel: 3, stride: 2),
        bytePool("max", espalier_pool_max, 56, 64, kernel: 2, stride: 2),
        bytePool("max", espalier_pool_max, 20, 128, kernel: 5, stride: 1),
        bytePool("average", espalier_pool_average, 28, 67, kernel: 3, stride: 1),
        bytePool("average", espalier_pool_average, 7, 1280, kernel: 7, stride: 1),
        byteResize(26, 128, taps: 2), byteResize(26, 128, taps: 1), byteResize(40, 37, taps: 2),
        byteTable(100_352), byteAdd(100_352), quantize(224, 3, pixel: 4), dequantize(100_352),
      ]
  }
}
