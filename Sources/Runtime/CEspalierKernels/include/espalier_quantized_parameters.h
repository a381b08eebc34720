// The parameter blocks of the kernel families that work on quantized bytes; espalier_parameters.h has the rules.
//
// A quantized element q stands for (q - zero) * scale. Sums of products are exact in int32 and every result is
// made from them in one way, so that all instruction sets give the same bits:
//
//   quantized(t) = clamp(round half to even (t), low, high)     t in float32
//
// with each multiplication and addition below that is written fma() rounded once, as C's fmaf.
#ifndef ESPALIER_QUANTIZED_PARAMETERS_H
#define ESPALIER_QUANTIZED_PARAMETERS_H

#include <stdint.h>

// What is proved of a panel's weights, so that instruction sets without exact sums of four products may add some
// of them in 16 bits. A lane is the weights of one output channel at taps 0 and 1, or at 2 and 3, of a quad.
typedef enum espalier_byte_sums {
  espalier_byte_sums_words = 0,  // nothing: products are added in 32 bits
  espalier_byte_sums_pairs = 1,  // of each lane, positive weights add up to 128 at most, and negative ones to -128
  espalier_byte_sums_fours = 2,  // and so do a lane of quad 2i and that of quad 2i + 1 of a run together
} espalier_byte_sums;

// Convolution by offset lists, as conv_gemm_f32, of unsigned bytes with signed bytes.
//
//   t = fma(sum_k x[k] w[k][c], scale[c], offset[c])     with a residual: fma(residual, residual_scale, t)
//   y = quantized(t), then table[y] where there is a table; as float32: t itself, clamped to low … high
//
// Zero points are part of the offsets. Strides and runs count bytes (the output's: elements); run_length is a
// multiple of 4, and what a run reads beyond its channels meets weights of 0. A panel holds 16 output channels as
// [run_count * run_length / 4][16][4] signed bytes, the last one of a group padded with zeros; scales_offsets
// holds 16 scales, then 16 offsets per panel, in the same order.
// Operands: 0 input, 1 runs (int32), 2 panels, 3 scales_offsets, 4 table (256 bytes, optional), 5 residual
// (optional), 6 output, 7 sums (a byte per panel, espalier_byte_sums; where absent, words).
typedef struct espalier_conv_gemm_u8_parameters {
  int32_t batch, height, width;
  int32_t input_stride_n, input_stride_h, input_stride_w;
  int32_t output_stride_n, output_stride_h, output_stride_w;
  int32_t residual_stride_n, residual_stride_h, residual_stride_w;
  int32_t groups, input_group, output_channels;
  int32_t run_count, run_length;
  float residual_scale;
  float low, high;           // 0 … 255 at most for bytes
  int32_t output_is_float;   // 1: writes float32
  int32_t panels_inner;
} espalier_conv_gemm_u8_parameters;

// Convolution 3x3 of bytes, stride 1, by Winograd's algorithm in exact integers: the same numbers as conv_gemm_u8.
//
// The input begins at the corner of its padding, height + 2 by width + 2 pixels. Weights are those of conv_gemm_u8,
// [panels][9 taps][input channels / 4 rounded up][16][4] with zeros behind the last channel, and so are
// scales_offsets; items are cut as those of conv_winograd_f32. For every output channel 255 times the sum of its
// positive weights is less than 2^25 (tiles of 4) or 2^29 (tiles of 2), and 255 times the sum of its negative ones at
// least minus that.
// Operands: 0 input, 1 panels, 2 scales_offsets, 3 table (optional), 4 residual (optional), 5 output.
typedef struct espalier_conv_winograd_u8_parameters {
  int32_t batch, height, width;       // output pixels
  int32_t input_stride_n, input_stride_h, input_stride_w;
  int32_t output_stride_n, output_stride_h, output_stride_w;
  int32_t residual_stride_n, residual_stride_h, residual_stride_w;
  int32_t input_channels, output_channels;
  float residual_scale;
  float low, high;           // 0 … 255 at most for bytes
  int32_t output_is_float;   // 1: writes float32
  int32_t tile;              // output pixels along a tile's edge: 4 or 2
  int32_t tiles_per_item;    // tiles that one work item transforms together
  int32_t panels_per_item;   // output panels of 16 that one work item computes
} espalier_conv_winograd_u8_parameters;

// Depthwise convolution of bytes: t = fma(sum_taps x w, scale[c], offset[c]), then as conv_gemm_u8.
// Weights: [kernel_w][(kernel_h + 3) / 4][channels rounded up to 16][4] signed bytes: the four taps of a column
// that lie below each other, zeros behind the last. scales_offsets: all scales, then all offsets, each rounded
// up to 16 channels.
// Operands: 0 input, 1 weights, 2 scales_offsets, 3 table (optional), 4 residual (optional), 5 output.
typedef struct espalier_conv_depthwise_u8_parameters {
  int32_t batch, height, width, channels;
  int32_t input_stride_n, input_stride_h, input_stride_w;
  int32_t tap_stride_h, tap_stride_w;
  int32_t kernel_h, kernel_w;
  int32_t output_stride_n, output_stride_h, output_stride_w;
  int32_t residual_stride_n, residual_stride_h, residual_stride_w;
  float residual_scale;
  float low, high;
  int32_t pairs_fit;         // 1: espalier_byte_sums_pairs holds of all weights
} espalier_conv_depthwise_u8_parameters;

// Pooling of NHWC images of bytes, windows clipped to the image. Maximum: y = x's largest. Average:
// t = fma(sum, scale / taps, offset) with the division rounded to float32; taps counts those inside the input,
// or with average_padded also those in the padding, which hold `zero`.
// Operands: 0 input, 1 output.
typedef struct espalier_pool_u8_parameters {
  int32_t mode;              // espalier_pool_max, _average or _average_padded
  int32_t batch, input_height, input_width, channels;
  int32_t output_height, output_width;
  int32_t kernel_h, kernel_w, stride_h, stride_w, dilation_h, dilation_w;
  int32_t pad_top, pad_left, pad_bottom, pad_right;
  int32_t input_stride_n, input_stride_h, input_stride_w;
  int32_t output_stride_n, output_stride_h, output_stride_w;
  int32_t zero;
  float scale, offset, low, high;
} espalier_pool_u8_parameters;

// Resampling of an NHWC image of bytes, as resize_f32, with tap weights of 7 bits that add up to 128 per output
// row and column: t = sum of row_weight * column_weight * x, y = (t + 8192) >> 14. Scale and zero point stay.
// Operands: 0 input, 1 row indices (int32), 2 row weights (int32), 3 column indices, 4 column weights, 5 output.
typedef struct espalier_resize_u8_parameters {
  int32_t batch, input_height, input_width, output_height, output_width, channels;
  int32_t row_taps, column_taps;
  int32_t input_stride_n, input_stride_h, input_stride_w;
  int32_t output_stride_n, output_stride_h, output_stride_w;
} espalier_resize_u8_parameters;

// The families below work on strided views, as those of float32 do; strides and bases count elements.

// Sets every byte of a view to `value`, 0 … 255. Operand: 0 output.
typedef struct espalier_fill_u8_parameters {
  int32_t extent[6], stride[6], base;
  int32_t value;
} espalier_fill_u8_parameters;

// Copies bytes. Operands: 0 input, 1 output.
typedef struct espalier_copy_u8_parameters {
  int32_t extent[6], input_stride[6], output_stride[6], input_base, output_base;
} espalier_copy_u8_parameters;

// y = table[x]. Operands: 0 input, 1 table (256 bytes), 2 output.
typedef struct espalier_table_u8_parameters {
  int32_t extent[6], input_stride[6], output_stride[6], input_base, output_base;
} espalier_table_u8_parameters;

// From float32 to bytes: y = quantized(rint(x / scale) + zero), as ONNX has it: the quotient is rounded half to
// even before the zero point, which may be odd, joins it. A NaN gives `low`. Operands: 0 input, 1 output.
typedef struct espalier_quantize_u8_parameters {
  int32_t extent[6], input_stride[6], output_stride[6], input_base, output_base;
  float scale, zero, low, high;
} espalier_quantize_u8_parameters;

// From bytes to float32: y = table[x]. Operands: 0 input, 1 table (256 float32), 2 output.
typedef struct espalier_dequantize_u8_parameters {
  int32_t extent[6], input_stride[6], output_stride[6], input_base, output_base;
} espalier_dequantize_u8_parameters;

typedef enum espalier_binary_u8 {
  espalier_binary_u8_add = 0,       // t = fma(b, b_scale, fma(a, a_scale, offset))
  espalier_binary_u8_multiply = 1,  // t = fma((a - a_zero) (b - b_zero), a_scale, offset), the product exact
} espalier_binary_u8;

// y = quantized(t), then table[y] where there is a table; stride 0 broadcasts.
// Operands: 0 a, 1 b, 2 table (256 bytes, optional), 3 output.
typedef struct espalier_binary_u8_parameters {
  int32_t extent[6], a_stride[6], b_stride[6], output_stride[6], a_base, b_base, output_base;
  int32_t operation;         // espalier_binary_u8
  int32_t a_zero, b_zero;    // of multiply
  float a_scale, b_scale, offset, low, high;
} espalier_binary_u8_parameters;

// Every channel scaled and shifted on its own, negative results once more (batch normalization, PRelu):
// t = fma(x, scale, offset), y = quantized(fma(t, t < 0 ? slope : 1, zero)). A NaN gives `low`.
// Operands: 0 input, 1 numbers: `count` scales, offsets and slopes, each from the view's first element on, 2 output.
typedef struct espalier_affine_u8_parameters {
  int32_t extent[6], input_stride[6], number_stride[6], output_stride[6], input_base, output_base;
  int32_t count;             // numbers from one plane to the next
  float zero, low, high;
} espalier_affine_u8_parameters;

// Statistics of a view of bytes, as statistics_f32 of espalier_parameters.h; `below` counts bytes of 0, `above` those
// of 255. Operands: 0 input, 1 output (espalier_statistics, at any multiple of 4 bytes).
typedef struct espalier_statistics_u8_parameters {
  int32_t extent[6], input_stride[6], input_base;
} espalier_statistics_u8_parameters;

#endif
