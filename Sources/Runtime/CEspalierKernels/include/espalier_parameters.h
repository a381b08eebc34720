// The parameter block of every kernel family: what a packed file stores and a kernel reads.
//
// All fields are 4 bytes, little-endian, without padding. Strides count elements. "Image" operands are
// NHWC with channel stride 1; their address is that of the first element that may be read or written
// (of a padded image the corner of the halo), so that no stride or offset of an image is negative.
#ifndef ESPALIER_PARAMETERS_H
#define ESPALIER_PARAMETERS_H

#include <stdint.h>

#include "espalier_detection_parameters.h"
#include "espalier_frame_parameters.h"
#include "espalier_quantized_parameters.h"

// Functions of one element; `alpha` and `beta` are the block's fields of these names.
typedef enum espalier_function {
  espalier_function_identity = 0,
  espalier_function_relu = 1,           // max(x, 0)
  espalier_function_clip = 2,           // min(max(x, alpha), beta)
  espalier_function_leaky_relu = 3,     // x < 0 ? alpha x : x
  espalier_function_hard_sigmoid = 4,   // max(0, min(1, alpha x + beta))
  espalier_function_hard_swish = 5,     // x max(0, min(1, x/6 + 1/2))
  espalier_function_sigmoid = 6,
  espalier_function_silu = 7,           // x sigmoid(alpha x)
  espalier_function_tanh = 8,
  // The following are for unary_f32 alone, not for epilogues.
  espalier_function_exp = 9,
  espalier_function_log = 10,
  espalier_function_sqrt = 11,
  espalier_function_reciprocal = 12,
  espalier_function_abs = 13,
  espalier_function_neg = 14,
  espalier_function_floor = 15,
  espalier_function_ceil = 16,
  espalier_function_round = 17,         // half to even
  espalier_function_sign = 18,
  espalier_function_elu = 19,           // x < 0 ? alpha (exp(x) - 1) : x
  espalier_function_selu = 20,          // beta (x < 0 ? alpha (exp(x) - 1) : x)
  espalier_function_celu = 21,          // max(0, x) + min(0, alpha (exp(x / alpha) - 1))
  espalier_function_softplus = 22,
  espalier_function_softsign = 23,
  espalier_function_thresholded_relu = 24,  // x > alpha ? x : 0
  espalier_function_erf = 25,
  espalier_function_gelu_erf = 26,
  espalier_function_gelu_tanh = 27,
  espalier_function_mish = 28,
  espalier_function_sin = 29,
  espalier_function_cos = 30,
  espalier_function_tan = 31,
  espalier_function_asin = 32,
  espalier_function_acos = 33,
  espalier_function_atan = 34,
  espalier_function_sinh = 35,
  espalier_function_cosh = 36,
  espalier_function_asinh = 37,
  espalier_function_acosh = 38,
  espalier_function_atanh = 39,
  espalier_function_not = 40,           // x == 0 ? 1 : 0
  espalier_function_is_nan = 41,
  espalier_function_is_inf = 42,        // alpha != 0: negative counts, beta != 0: positive counts
  espalier_function_shrink = 43,        // x < -alpha ? x + beta : x > alpha ? x - beta : 0
  espalier_function_truncate = 44,      // toward zero, as Cast to an integer does
  espalier_function_affine = 45,        // alpha x + beta, one rounding (FMA)
  espalier_function_bool = 46,          // x != 0 ? 1 : 0
  espalier_function_count
} espalier_function;

// y = f(conv(x, w) + bias + residual) over pixels x output channels by offset lists: 1x1, KxK, strided,
// dilated, grouped, first-layer and phases of transposed convolution, and any x·W with constant W.
//
// Output pixel p = (n, oy, ox) of group g reads, for every run r, run_length floats at
//   input + n input_stride_n + oy input_stride_h + ox input_stride_w + g input_group + runs[r]
// (strides already contain the convolution's stride) and multiplies them with rows r run_length … of
// the group's panels. A panel holds 16 output channels as [run_count * run_length][16], the last one of a
// group padded with zeros; panels of a group are adjacent, groups follow one another. The bias has
// 16 floats per panel in the same order. Output and residual of channel c of group g lie at
// ... + g output_channels + c.
// Operands: 0 input, 1 runs (int32), 2 panels, 3 bias (optional), 4 residual (optional), 5 output.
typedef struct espalier_conv_gemm_f32_parameters {
  int32_t batch, height, width;  // output pixels; the compiler merges axes that are contiguous
  int32_t input_stride_n, input_stride_h, input_stride_w;
  int32_t output_stride_n, output_stride_h, output_stride_w;
  int32_t residual_stride_n, residual_stride_h, residual_stride_w;
  int32_t groups, input_group;   // input_group: floats between the first channels of two groups
  int32_t output_channels;       // of one group
  int32_t run_count, run_length;
  int32_t function;              // espalier_function, up to tanh
  float alpha, beta;
  int32_t panels_inner;          // 1: all panels for a block of pixels before the next block (small weights)
  int32_t reserved;
} espalier_conv_gemm_f32_parameters;

// y = f(conv3x3(x, w) + bias + residual), stride 1, dilation 1, one group, by Winograd's F(4x4, 3x3) or
// F(2x2, 3x3) (Lavin and Gray 2015). The input operand points at the corner of the halo: output pixel
// (oy, ox) reads input rows oy … oy+2 and columns ox … ox+2 from there; what lies outside of
// input_height x input_width is never read and counts as zero. Weights:
// [(tile + 2)^2][panels][input_channels][16], the last panel padded with zeros. Tiles are numbered in
// the order (n, tile row, tile column).
// Operands: 0 input, 1 weights, 2 bias (16 per panel, optional), 3 residual (optional), 4 output.
typedef struct espalier_conv_winograd_f32_parameters {
  int32_t batch, height, width;  // output pixels
  int32_t input_height, input_width;  // at most height + 2, width + 2
  int32_t input_stride_n, input_stride_h, input_stride_w;
  int32_t output_stride_n, output_stride_h, output_stride_w;
  int32_t residual_stride_n, residual_stride_h, residual_stride_w;
  int32_t input_channels, output_channels;
  int32_t function;
  float alpha, beta;
  int32_t tiles_per_item;        // tiles that one work item transforms together
  int32_t panels_per_item;       // output panels of 16 that one work item computes
  int32_t tile;                  // output pixels along a tile's edge: 4 or 2
} espalier_conv_winograd_f32_parameters;

// y = f(depthwise(x, w) + bias + residual): one filter per channel. Output pixel (n, oy, ox) reads
// input + n input_stride_n + oy input_stride_h + ox input_stride_w + ky tap_stride_h + kx tap_stride_w.
// Weights: [kernel_h][kernel_w][channels rounded up to 16], zero-filled; bias: channels rounded up to 16.
// Operands: 0 input, 1 weights, 2 bias (optional), 3 residual (optional), 4 output.
typedef struct espalier_conv_depthwise_f32_parameters {
  int32_t batch, height, width, channels;
  int32_t input_stride_n, input_stride_h, input_stride_w;  // contain the convolution's stride
  int32_t tap_stride_h, tap_stride_w;                      // contain the dilation
  int32_t kernel_h, kernel_w;
  int32_t output_stride_n, output_stride_h, output_stride_w;
  int32_t residual_stride_n, residual_stride_h, residual_stride_w;
  int32_t function;
  float alpha, beta;
} espalier_conv_depthwise_f32_parameters;

typedef enum espalier_pool_mode {
  espalier_pool_max = 0,
  espalier_pool_average = 1,          // divides by the taps inside the input
  espalier_pool_average_padded = 2,   // divides by the taps inside input and padding (count_include_pad)
  espalier_pool_lp = 3,               // (sum |x|^p)^(1/p)
} espalier_pool_mode;

// Pooling of an NHWC image; windows are clipped to the image, padding is never read.
// Operands: 0 input (pixel (0, 0)), 1 output.
typedef struct espalier_pool_f32_parameters {
  int32_t mode;
  int32_t batch, input_height, input_width, channels;
  int32_t output_height, output_width;
  int32_t kernel_h, kernel_w, stride_h, stride_w, dilation_h, dilation_w;
  int32_t pad_top, pad_left, pad_bottom, pad_right;
  int32_t input_stride_n, input_stride_h, input_stride_w;
  int32_t output_stride_n, output_stride_h, output_stride_w;
  float p;
} espalier_pool_f32_parameters;

// Separable resampling of an NHWC image: output row oy is the sum over t of
// row_weights[oy][t] * input row row_indices[oy][t]; columns likewise. Nearest has 1 tap, linear 2, cubic 4.
// Operands: 0 input, 1 row indices (int32), 2 row weights, 3 column indices (int32), 4 column weights, 5 output.
typedef struct espalier_resize_f32_parameters {
  int32_t batch, input_height, input_width, output_height, output_width, channels;
  int32_t row_taps, column_taps;
  int32_t input_stride_n, input_stride_h, input_stride_w;
  int32_t output_stride_n, output_stride_h, output_stride_w;
} espalier_resize_f32_parameters;

// The families below work on strided views of up to 6 axes, outermost first; unused leading axes have
// extent 1. Offsets may be negative where a view runs backwards: `base` is the element that index
// (0, …, 0) stands for, counted from the operand's address.

// Sets every element of a view. Operand: 0 output.
typedef struct espalier_fill_f32_parameters {
  int32_t extent[6], stride[6], base;
  float value;
} espalier_fill_f32_parameters;

// Copies a view: transposes, slices, pads, layout changes. Operands: 0 input, 1 output.
typedef struct espalier_copy_f32_parameters {
  int32_t extent[6], input_stride[6], output_stride[6], input_base, output_base;
} espalier_copy_f32_parameters;

// y = function(x). Operands: 0 input, 1 output.
typedef struct espalier_unary_f32_parameters {
  int32_t extent[6], input_stride[6], output_stride[6], input_base, output_base;
  int32_t function;
  float alpha, beta;
  int32_t reserved;
} espalier_unary_f32_parameters;

typedef enum espalier_binary {
  espalier_binary_add = 0,
  espalier_binary_subtract = 1,
  espalier_binary_multiply = 2,
  espalier_binary_divide = 3,
  espalier_binary_maximum = 4,
  espalier_binary_minimum = 5,
  espalier_binary_power = 6,
  espalier_binary_modulo = 7,          // C fmod: the sign of a
  espalier_binary_floor_modulo = 8,    // Python: the sign of b
  espalier_binary_equal = 9,           // comparisons give 1 and 0
  espalier_binary_less = 10,
  espalier_binary_less_or_equal = 11,
  espalier_binary_greater = 12,
  espalier_binary_greater_or_equal = 13,
  espalier_binary_and = 14,
  espalier_binary_or = 15,
  espalier_binary_xor = 16,
  espalier_binary_prelu = 17,          // a < 0 ? a b : a
  espalier_binary_count
} espalier_binary;

// y = function(binary(a, b)); stride 0 broadcasts. Operands: 0 a, 1 b, 2 output.
typedef struct espalier_binary_f32_parameters {
  int32_t extent[6], a_stride[6], b_stride[6], output_stride[6], a_base, b_base, output_base;
  int32_t operation;             // espalier_binary
  int32_t function;              // espalier_function up to tanh, applied to the result
  float alpha, beta;
  int32_t reserved;
} espalier_binary_f32_parameters;

// y = c != 0 ? a : b. Operands: 0 c, 1 a, 2 b, 3 output.
typedef struct espalier_select_f32_parameters {
  int32_t extent[6], c_stride[6], a_stride[6], b_stride[6], output_stride[6];
  int32_t c_base, a_base, b_base, output_base;
} espalier_select_f32_parameters;

typedef enum espalier_reduction {
  espalier_reduction_sum = 0,
  espalier_reduction_mean = 1,
  espalier_reduction_max = 2,
  espalier_reduction_min = 3,
  espalier_reduction_product = 4,
  espalier_reduction_l1 = 5,
  espalier_reduction_l2 = 6,
  espalier_reduction_log_sum = 7,
  espalier_reduction_log_sum_exp = 8,
  espalier_reduction_sum_square = 9,
  espalier_reduction_arg_max = 10,        // position along the reduced axes, row by row, as a float
  espalier_reduction_arg_min = 11,
  espalier_reduction_arg_max_last = 12,   // the last of equals
  espalier_reduction_arg_min_last = 13,
  espalier_reduction_count
} espalier_reduction;

// y[kept] = reduction over `reduced` of x[kept, reduced]. Operands: 0 input, 1 output.
typedef struct espalier_reduce_f32_parameters {
  int32_t kept[6], kept_input_stride[6], kept_output_stride[6];
  int32_t reduced[6], reduced_stride[6];
  int32_t input_base, output_base;
  int32_t reduction;
  int32_t reserved;
} espalier_reduce_f32_parameters;

typedef enum espalier_softmax_mode {
  espalier_softmax_plain = 0,
  espalier_softmax_log = 1,
  espalier_softmax_hard = 2,   // 1 at the first maximum, 0 elsewhere
} espalier_softmax_mode;

// Softmax along one axis (`length`, with its strides) for every index of `extent`. Operands: 0 input, 1 output.
typedef struct espalier_softmax_f32_parameters {
  int32_t extent[6], input_stride[6], output_stride[6];
  int32_t length, input_length_stride, output_length_stride;
  int32_t input_base, output_base;
  int32_t mode;
} espalier_softmax_f32_parameters;

// y[b, i, j] = alpha sum_k a[b, i, k] b[b, k, j] for every batch index; all strides free.
// Operands: 0 a, 1 b, 2 output.
typedef struct espalier_matmul_f32_parameters {
  int32_t batch[4], a_batch_stride[4], b_batch_stride[4], output_batch_stride[4];
  int32_t m, n, k;
  int32_t a_stride_m, a_stride_k, b_stride_k, b_stride_n, output_stride_m, output_stride_n;
  int32_t a_base, b_base, output_base;
  float alpha;
  int32_t reserved;
} espalier_matmul_f32_parameters;

typedef enum espalier_normalization {
  espalier_normalization_mean_variance = 0,  // (x - mean) / sqrt(variance + epsilon)
  espalier_normalization_rms = 1,            // x / sqrt(mean(x^2) + epsilon)
  espalier_normalization_l1 = 2,             // x / sum |x|, 0 where the sum is 0
  espalier_normalization_l2 = 3,             // x / sqrt(sum x^2), 0 where the sum is 0
} espalier_normalization;

// y = normalized(x) * scale + bias; statistics over `reduced` for every index of `kept`. Stride 0
// broadcasts scale and bias. Operands: 0 input, 1 scale (optional), 2 bias (optional), 3 output.
typedef struct espalier_normalize_f32_parameters {
  int32_t kept[6], kept_input_stride[6], kept_output_stride[6], kept_scale_stride[6], kept_bias_stride[6];
  int32_t reduced[6], reduced_input_stride[6], reduced_output_stride[6];
  int32_t reduced_scale_stride[6], reduced_bias_stride[6];
  int32_t input_base, scale_base, bias_base, output_base;
  int32_t normalization;
  float epsilon;
} espalier_normalize_f32_parameters;

// y[n,h,w,c] = x / (k + alpha / size * sum of x^2 over channels c - (size-1)/2 … c + size/2) ^ beta
// for NHWC images. Operands: 0 input, 1 output.
typedef struct espalier_lrn_f32_parameters {
  int32_t batch, height, width, channels, size;
  int32_t input_stride_n, input_stride_h, input_stride_w;
  int32_t output_stride_n, output_stride_h, output_stride_w;
  float k, alpha, beta;
} espalier_lrn_f32_parameters;

// y[outer, i, inner] = x[outer, table[i], inner] with a table known at compile time.
// Operands: 0 input, 1 table (int32, `count` entries in 0 ..< axis), 2 output.
typedef struct espalier_gather_f32_parameters {
  int32_t outer[3], outer_input_stride[3], outer_output_stride[3];
  int32_t inner[3], inner_input_stride[3], inner_output_stride[3];
  int32_t axis, axis_input_stride, count, count_output_stride;
  int32_t input_base, output_base;
} espalier_gather_f32_parameters;

// What one look at a tensor finds: the content of the output of statistics_f32 and statistics_u8, 64 bytes. Only
// finite elements count in `sum`, `square_sum`, `least` and `largest`; without any, these are 0, 0, infinity and
// minus infinity. Numbers are those of the memory: of bytes the bytes themselves.
typedef struct espalier_statistics {
  uint64_t count;
  double sum, square_sum;    // of bytes exact
  float least, largest;      // never -0
  uint64_t below, above;     // elements at a limit or beyond it, as the family says
  uint64_t nan_count, infinity_count;
} espalier_statistics;

// Statistics of a view of float32; `below` counts x < low, `above` counts x > high.
//
// Sums are in float64, in 16 of them: rows follow one another as espalier_loop_make sorts and merges the view's
// axes, element i of a row belongs to sum i mod 16, and in the end sum i + 8 joins sum i, then i + 4, i + 2 and
// i + 1. Squares are exact, so that every instruction set gives the same bits. The call is one work item.
// Operands: 0 input, 1 output (espalier_statistics, at any multiple of 4 bytes).
typedef struct espalier_statistics_f32_parameters {
  int32_t extent[6], input_stride[6], input_base;
  float low, high;
} espalier_statistics_f32_parameters;

#endif
