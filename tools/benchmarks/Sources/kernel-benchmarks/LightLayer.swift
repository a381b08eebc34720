import CEspalierKernels
import CPeak
import EspalierKernels

/// A layer whose time is that of its memory as much as of its arithmetic: compared with both.
struct LightLayer {
  var title: String
  var multiplyAdds: Double
  /// Bytes that any implementation must read and write at least.
  var read: Int, written: Int
  /// Best seconds of one call, or nil where there is no kernel.
  var seconds: (espalier_isa) -> Double?

  init<Parameters>(
    _ title: String, multiplyAdds: Double = 0, read: Int, written: Int,
    call: @escaping () -> TimedCall<Parameters>?
  ) {
    self.init(
      title, multiplyAdds: multiplyAdds, readBytes: read * 4, writtenBytes: written * 4, call: call)
  }

  init<Parameters>(
    _ title: String, multiplyAdds: Double = 0, readBytes: Int, writtenBytes: Int,
    call: @escaping () -> TimedCall<Parameters>?
  ) {
    self.title = title
    self.multiplyAdds = multiplyAdds
    (read, written) = (readBytes, writtenBytes)
    seconds = { isa in
      guard let kernel = espalier_kernel_exactly(Parameters.family, isa), let call = call() else {
        return nil
      }
      return bestSeconds([call], kernel)
    }
  }

  /// The time that nothing can beat: of its arithmetic or of its memory, whichever is longer.
  func floor(_ isa: espalier_isa, peak: Double) -> Double {
    max(multiplyAdds == 0 ? 0 : multiplyAdds / peak, peak_move_seconds(Int32(isa.rawValue), read, written))
  }

  /// Prints time, multiple of the scalar kernel's speed and share of the floor.
  func report(_ isa: espalier_isa, peak: Double) {
    guard let seconds = seconds(isa), let scalar = self.seconds(espalier_isa_scalar) else { return }
    let speed = KernelBenchmarks.pad(KernelBenchmarks.rounded(scalar / seconds, 1), 6, right: true)
    let share = KernelBenchmarks.rounded(floor(isa, peak: peak) / seconds * 100, 0)
    let time = KernelBenchmarks.pad(KernelBenchmarks.rounded(seconds * 1e6, 1), 9, right: true)
    let rate = multiplyAdds / seconds / KernelBenchmarks.cycles
    let perCycle = rate > 0 ? " \(KernelBenchmarks.rounded(rate, 1)) MAC a cycle," : ""
    print(
      "\(KernelBenchmarks.pad(title, 44)) \(time) µs \(speed) x scalar,\(perCycle)"
        + "\(KernelBenchmarks.pad(share, 5, right: true)) % of memory's and arithmetic's speed")
  }
}

extension LightLayer {
  /// A depthwise convolution over an image with a halo of zeros.
  static func depthwise(_ size: Int, _ channels: Int, kernel: Int = 3, stride: Int = 1) -> LightLayer {
    let side = size * stride + 2 * (kernel / 2)
    let (read, written, taps) = (side * side * channels, size * size * channels, kernel * kernel)
    return LightLayer(
      "depthwise \(size)x\(size)x\(channels) k\(kernel)s\(stride)", multiplyAdds: Double(written * taps),
      read: read, written: written
    ) {
      var p = ConvDepthwiseParameters()
      (p.batch, p.height, p.width, p.channels) = (1, Int32(size), Int32(size), Int32(channels))
      (p.input_stride_h, p.input_stride_w) = (Int32(stride * side * channels), Int32(stride * channels))
      (p.tap_stride_h, p.tap_stride_w) = (Int32(side * channels), Int32(channels))
      (p.kernel_h, p.kernel_w) = (Int32(kernel), Int32(kernel))
      (p.output_stride_h, p.output_stride_w) = (Int32(size * channels), Int32(channels))
      (p.function, p.beta) = (Int32(espalier_function_clip.rawValue), 6)
      let filters = ConvDepthwise.packFilters(
        [Float](repeating: 0.1, count: channels * taps), channels: channels, kernelHeight: kernel,
        kernelWidth: kernel)
      return TimedCall(
        p,
        [
          [Float](repeating: 0.5, count: read), filters,
          ConvDepthwise.packBias([Float](repeating: 1, count: channels)), nil,
          [Float](repeating: 0, count: written),
        ])
    }
  }

  /// Pooling with "same" padding for odd kernels and none for even ones.
  static func pool(
    _ name: String, _ mode: espalier_pool_mode, _ size: Int, _ channels: Int, kernel: Int, stride: Int
  ) -> LightLayer {
    let pad = kernel % 2 == 1 && kernel < size ? kernel / 2 : 0
    let side = (size + 2 * pad - kernel) / stride + 1
    let (read, written) = (size * size * channels, side * side * channels)
    return LightLayer(
      "\(name) pool \(size)x\(size)x\(channels) k\(kernel)s\(stride)", read: read, written: written
    ) {
      var p = PoolParameters()
      p.mode = Int32(mode.rawValue)
      (p.batch, p.channels) = (1, Int32(channels))
      (p.input_height, p.input_width) = (Int32(size), Int32(size))
      (p.output_height, p.output_width) = (Int32(side), Int32(side))
      (p.kernel_h, p.kernel_w) = (Int32(kernel), Int32(kernel))
      (p.stride_h, p.stride_w, p.dilation_h, p.dilation_w) = (Int32(stride), Int32(stride), 1, 1)
      (p.pad_top, p.pad_left) = (Int32(pad), Int32(pad))
      (p.pad_bottom, p.pad_right) = (Int32(pad), Int32(pad))
      (p.input_stride_h, p.input_stride_w) = (Int32(size * channels), Int32(channels))
      (p.output_stride_h, p.output_stride_w) = (Int32(side * channels), Int32(channels))
      return TimedCall(
        p, [[Float](repeating: 0.5, count: read), [Float](repeating: 0, count: written)])
    }
  }

  static var all: [LightLayer] {
    [(112, 32, 1), (56, 96, 2), (56, 144, 1), (28, 144, 2), (28, 192, 1), (14, 192, 2), (14, 384, 1)].map {
      depthwise($0, $1, stride: $2)
    }
      + [(14, 576, 1), (7, 576, 2), (7, 960, 1), (28, 37, 1), (28, 67, 1), (28, 91, 2)].map {
        depthwise($0, $1, stride: $2)
      } + [(28, 120, 1), (14, 240, 2), (14, 67, 1)].map { depthwise($0, $1, kernel: 5, stride: $2) } + [
        pool("max", espalier_pool_max, 112, 64, kernel: 3, stride: 2),
        pool("max", espalier_pool_max, 56, 64, kernel: 2, stride: 2),
        pool("max", espalier_pool_max, 20, 128, kernel: 5, stride: 1),
        pool("average", espalier_pool_average, 28, 67, kernel: 3, stride: 1),
        pool("average", espalier_pool_average, 7, 1280, kernel: 7, stride: 1),
      ]
  }
}
