public import CEspalierKernels

/// A parameter block that a packed file can hold: plain 4-byte fields without padding.
public protocol KernelParameters {
  /// The family's number in kernels.def.
  static var family: UInt16 { get }
}

extension KernelParameters {
  /// The block word by word, as a packed file stores it.
  public var words: [UInt32] {
    withUnsafeBytes(of: self) { bytes in
      (0..<bytes.count / 4).map { bytes.loadUnaligned(fromByteOffset: $0 * 4, as: UInt32.self) }
    }
  }
}

/// Six extents or strides as C holds them.
public typealias SixAxes = (Int32, Int32, Int32, Int32, Int32, Int32)
/// Three extents or strides as C holds them.
public typealias ThreeAxes = (Int32, Int32, Int32)

/// The last six axes of a list, `fill` before them.
///
/// - Precondition: At most six axes.
public func sixAxes(_ axes: [Int], fill: Int) -> SixAxes {
  precondition(axes.count <= 6)
  let a = [Int32](repeating: Int32(fill), count: 6 - axes.count) + axes.map(Int32.init)
  return (a[0], a[1], a[2], a[3], a[4], a[5])
}

/// The last three axes of a list, `fill` before them.
///
/// - Precondition: At most three axes.
public func threeAxes(_ axes: [Int], fill: Int) -> ThreeAxes {
  precondition(axes.count <= 3)
  let a = [Int32](repeating: Int32(fill), count: 3 - axes.count) + axes.map(Int32.init)
  return (a[0], a[1], a[2])
}

public typealias KernelFunction = espalier_function

public typealias ConvGemmParameters = espalier_conv_gemm_f32_parameters
public typealias ConvWinogradParameters = espalier_conv_winograd_f32_parameters
public typealias ConvDepthwiseParameters = espalier_conv_depthwise_f32_parameters
public typealias PoolParameters = espalier_pool_f32_parameters
public typealias ResizeParameters = espalier_resize_f32_parameters
public typealias FillParameters = espalier_fill_f32_parameters
public typealias CopyParameters = espalier_copy_f32_parameters
public typealias UnaryParameters = espalier_unary_f32_parameters
public typealias BinaryParameters = espalier_binary_f32_parameters
public typealias SelectParameters = espalier_select_f32_parameters
public typealias ReduceParameters = espalier_reduce_f32_parameters
public typealias SoftmaxParameters = espalier_softmax_f32_parameters
public typealias MatMulParameters = espalier_matmul_f32_parameters
public typealias NormalizeParameters = espalier_normalize_f32_parameters
public typealias LRNParameters = espalier_lrn_f32_parameters
public typealias GatherParameters = espalier_gather_f32_parameters
public typealias ByteConvGemmParameters = espalier_conv_gemm_u8_parameters
public typealias ByteConvWinogradParameters = espalier_conv_winograd_u8_parameters
public typealias ByteConvDepthwiseParameters = espalier_conv_depthwise_u8_parameters
public typealias BytePoolParameters = espalier_pool_u8_parameters
public typealias ByteResizeParameters = espalier_resize_u8_parameters
public typealias ByteFillParameters = espalier_fill_u8_parameters
public typealias ByteCopyParameters = espalier_copy_u8_parameters
public typealias ByteTableParameters = espalier_table_u8_parameters
public typealias QuantizeParameters = espalier_quantize_u8_parameters
public typealias DequantizeParameters = espalier_dequantize_u8_parameters
public typealias ByteBinaryParameters = espalier_binary_u8_parameters
public typealias ByteAffineParameters = espalier_affine_u8_parameters
public typealias ByteStatisticsParameters = espalier_statistics_u8_parameters
public typealias StatisticsParameters = espalier_statistics_f32_parameters
public typealias FrameParameters = espalier_frame_u8_parameters
public typealias TopKParameters = espalier_topk_f32_parameters
public typealias SampleParameters = espalier_sample_f32_parameters
public typealias RoiAlignParameters = espalier_roi_align_f32_parameters
public typealias NonMaxSuppressionParameters = espalier_nms_f32_parameters
public typealias TakeParameters = espalier_take_f32_parameters
/// What a call of `ByteStatisticsParameters` or `StatisticsParameters` writes.
public typealias KernelStatistics = espalier_statistics

extension ConvGemmParameters: KernelParameters {
  public static var family: UInt16 { 1 }
}
extension ConvWinogradParameters: KernelParameters { public static var family: UInt16 { 2 } }
extension ConvDepthwiseParameters: KernelParameters { public static var family: UInt16 { 3 } }
extension PoolParameters: KernelParameters { public static var family: UInt16 { 4 } }
extension ResizeParameters: KernelParameters { public static var family: UInt16 { 5 } }
extension FillParameters: KernelParameters { public static var family: UInt16 { 6 } }
extension CopyParameters: KernelParameters { public static var family: UInt16 { 7 } }
extension UnaryParameters: KernelParameters { public static var family: UInt16 { 8 } }
extension BinaryParameters: KernelParameters { public static var family: UInt16 { 9 } }
extension SelectParameters: KernelParameters { public static var family: UInt16 { 10 } }
extension ReduceParameters: KernelParameters { public static var family: UInt16 { 11 } }
extension SoftmaxParameters: KernelParameters { public static var family: UInt16 { 12 } }
extension MatMulParameters: KernelParameters { public static var family: UInt16 { 13 } }
extension NormalizeParameters: KernelParameters { public static var family: UInt16 { 14 } }
extension LRNParameters: KernelParameters { public static var family: UInt16 { 15 } }
extension GatherParameters: KernelParameters { public static var family: UInt16 { 16 } }
extension ByteConvGemmParameters: KernelParameters { public static var family: UInt16 { 17 } }
extension ByteConvDepthwiseParameters: KernelParameters { public static var family: UInt16 { 18 } }
extension BytePoolParameters: KernelParameters { public static var family: UInt16 { 19 } }
extension ByteResizeParameters: KernelParameters { public static var family: UInt16 { 20 } }
extension ByteFillParameters: KernelParameters { public static var family: UInt16 { 21 } }
extension ByteCopyParameters: KernelParameters { public static var family: UInt16 { 22 } }
extension ByteTableParameters: KernelParameters { public static var family: UInt16 { 23 } }
extension QuantizeParameters: KernelParameters { public static var family: UInt16 { 24 } }
extension DequantizeParameters: KernelParameters { public static var family: UInt16 { 25 } }
extension ByteBinaryParameters: KernelParameters { public static var family: UInt16 { 26 } }
extension ByteConvWinogradParameters: KernelParameters { public static var family: UInt16 { 27 } }
extension ByteAffineParameters: KernelParameters { public static var family: UInt16 { 28 } }
extension ByteStatisticsParameters: KernelParameters { public static var family: UInt16 { 29 } }
extension StatisticsParameters: KernelParameters { public static var family: UInt16 { 30 } }
extension FrameParameters: KernelParameters { public static var family: UInt16 { 31 } }
extension TopKParameters: KernelParameters { public static var family: UInt16 { 32 } }
extension SampleParameters: KernelParameters { public static var family: UInt16 { 33 } }
extension RoiAlignParameters: KernelParameters { public static var family: UInt16 { 34 } }
extension NonMaxSuppressionParameters: KernelParameters { public static var family: UInt16 { 35 } }
extension TakeParameters: KernelParameters { public static var family: UInt16 { 36 } }

/// A parameter block of a kernel that makes each element of one view from the same element of another.
public protocol ElementwiseParameters: KernelParameters {
  init()
  var extent: SixAxes { get set }
  var input_stride: SixAxes { get set }
  var output_stride: SixAxes { get set }
  var input_base: Int32 { get set }
  var output_base: Int32 { get set }
}

extension CopyParameters: ElementwiseParameters {}
extension UnaryParameters: ElementwiseParameters {}
extension ByteCopyParameters: ElementwiseParameters {}
extension ByteTableParameters: ElementwiseParameters {}
extension QuantizeParameters: ElementwiseParameters {}
extension DequantizeParameters: ElementwiseParameters {}

/// A parameter block that slides a window over an image, of float32 or of bytes.
public protocol PoolingParameters: KernelParameters {
  var mode: Int32 { get set }
  var batch: Int32 { get set }
  var channels: Int32 { get set }
  var input_height: Int32 { get set }
  var input_width: Int32 { get set }
  var output_height: Int32 { get set }
  var output_width: Int32 { get set }
  var kernel_h: Int32 { get set }
  var kernel_w: Int32 { get set }
  var stride_h: Int32 { get set }
  var stride_w: Int32 { get set }
  var dilation_h: Int32 { get set }
  var dilation_w: Int32 { get set }
  var pad_top: Int32 { get set }
  var pad_left: Int32 { get set }
  var pad_bottom: Int32 { get set }
  var pad_right: Int32 { get set }
  var input_stride_n: Int32 { get set }
  var input_stride_h: Int32 { get set }
  var input_stride_w: Int32 { get set }
  var output_stride_n: Int32 { get set }
  var output_stride_h: Int32 { get set }
  var output_stride_w: Int32 { get set }
}

extension PoolParameters: PoolingParameters {}
extension BytePoolParameters: PoolingParameters {}
