internal import EspalierGraph
internal import EspalierKernels

extension SampleParameters {
  typealias ThreeFloats = (Float, Float, Float)

  static func three(_ numbers: [Float]) -> ThreeFloats { (numbers[0], numbers[1], numbers[2]) }

  /// A call between images `[N, C, H, W]` or volumes `[N, C, D, H, W]` with channels next to each other.
  init(from input: View, to output: View) {
    self.init()
    axes = Int32(input.rank - 2)
    (batch, channels) = (Int32(output.shape[0]), Int32(output.shape[1]))
    self.input = threeAxes(Array(input.shape[2...]), fill: 1)
    self.output = threeAxes(Array(output.shape[2...]), fill: 1)
    input_stride_n = Int32(input.strides[0])
    input_stride = threeAxes(Array(input.strides[2...]), fill: 0)
    output_stride_n = Int32(output.strides[0])
    // The depth of an image has one index, which any stride serves.
    output_stride = threeAxes(Array(output.strides[2...]), fill: 0)
  }

  /// - Parameters:
  ///   - grid: `[N, outputs…]`: the coordinates of one axis.
  ///   - bases: For each axis, outermost first, where its coordinates begin, counted from the operand's address.
  mutating func setGrid(_ grid: View, bases: [Int]) {
    grid_stride_n = Int32(grid.strides[0])
    grid_stride = threeAxes(Array(grid.strides[1...]), fill: 0)
    grid_base = threeAxes(bases, fill: 0)
  }

  /// - Parameters:
  ///   - mask: `[N, outputs…]`: what each sample is multiplied with.
  ///   - base: Where it begins, counted from the operand's address.
  mutating func setMask(_ mask: View, base: Int) {
    mask_stride_n = Int32(mask.strides[0])
    mask_stride = threeAxes(Array(mask.strides[1...]), fill: 0)
    mask_base = Int32(base)
  }
}
