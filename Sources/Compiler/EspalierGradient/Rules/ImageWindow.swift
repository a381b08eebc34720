internal import CGradient
internal import EspalierGraph
internal import EspalierOperators

extension RuleContext {
  /// A window over one or two spatial axes; one axis is the width of images one pixel high.
  ///
  /// - Parameters:
  ///   - image: `[N, C, spatial…]`, what the window slides over.
  ///   - result: `[N, M, spatial…]`, one element for each place of the window.
  ///   - channels: Planes that are looked at together.
  func imageWindow(
    _ window: Window, image: Shape, result: Shape, channels: Int
  ) throws(GradientError) -> gradient_window {
    let rank = window.rank
    guard rank == 1 || rank == 2 else { throw unsupported("it has \(rank) spatial axes, not 1 or 2") }
    func pair(_ list: [Int], _ fill: Int) -> (Int, Int) { rank == 2 ? (list[0], list[1]) : (fill, list[0]) }
    let (height, width) = pair(Array(image.dropFirst(2)), 1)
    let (outputHeight, outputWidth) = pair(Array(result.dropFirst(2)), 1)
    let (kernelHeight, kernelWidth) = pair(window.kernel, 1)
    let (strideHeight, strideWidth) = pair(window.strides, 1)
    let (dilationHeight, dilationWidth) = pair(window.dilations, 1)
    let (top, left) = pair(window.pads, 0)
    return gradient_window(
      channels: channels, height: height, width: width, output_height: outputHeight,
      output_width: outputWidth, kernel_h: kernelHeight, kernel_w: kernelWidth, stride_h: strideHeight,
      stride_w: strideWidth, dilation_h: dilationHeight, dilation_w: dilationWidth, pad_top: top,
      pad_left: left)
  }
}

extension gradient_window {
  var taps: Int { kernel_h * kernel_w }
  var inputPlane: Int { height * width }
  var outputPlane: Int { output_height * output_width }

  /// Whether every output sees the element in its own place alone, so that the image is its own matrix.
  var isPointwise: Bool {
    taps == 1 && stride_h == 1 && stride_w == 1 && pad_top == 0 && pad_left == 0 && inputPlane == outputPlane
  }
}
