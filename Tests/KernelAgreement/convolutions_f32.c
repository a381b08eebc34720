// Random convolutions of float32. Sums of other orders: some hundred roundings of half a unit in 2^24.
#include "agreement.h"

static const float tolerance = 3e-5f;

static size_t span(const int32_t *extent, const int32_t *stride, size_t last) {
  size_t count = last;
  for (int i = 0; i < 3; i++) count += (size_t)(extent[i] - 1) * (size_t)stride[i];
  return count;
}

void try_conv_gemm_f32(void) {
  espalier_conv_gemm_f32_parameters p = {
      .batch = pick(1, 2), .height = pick(1, 4), .width = pick(1, 14), .groups = one_in(3) ? pick(2, 3) : 1,
      .input_group = pick(0, 20), .output_channels = one_in(3) ? pick(40, 130) : pick(1, 33),
      .run_count = pick(1, 5), .run_length = one_in(3) ? pick(30, 60) : pick(1, 20),
      .function = pick(0, espalier_function_tanh), .alpha = pick_float(-0.5f, 0.5f),
      .beta = pick_float(0.5f, 2), .panels_inner = one_in(2)};
  example e = {.family = "conv_gemm_f32", .parameters = &p, .tolerance = tolerance};
  p.input_stride_w = pick(1, 40);
  p.input_stride_h = p.input_stride_w * p.width;
  p.input_stride_n = p.input_stride_h * p.height;
  p.output_stride_w = p.groups * p.output_channels + pick(0, 2);
  p.output_stride_h = p.output_stride_w * p.width + pick(0, 3);
  p.output_stride_n = p.output_stride_h * p.height;
  p.residual_stride_w = p.groups * p.output_channels + pick(0, 2);
  p.residual_stride_h = p.residual_stride_w * p.width;
  p.residual_stride_n = p.residual_stride_h * p.height;
  const int32_t extent[] = {p.batch, p.height, p.width};
  const size_t channels = (size_t)(p.groups * p.output_channels), largest = 60;
  const size_t panels = (size_t)p.groups * (size_t)((p.output_channels + 15) / 16);
  const size_t read = (size_t)((p.groups - 1) * p.input_group + p.run_length) + largest;
  float_operand(&e, 0, span(extent, &p.input_stride_n, read));
  int32_t *runs = (int32_t *)(void *)random_operand(&e, 1, (size_t)p.run_count * 4);
  for (int32_t i = 0; i < p.run_count; i++) runs[i] = pick(0, (int32_t)largest);
  float_operand(&e, 2, panels * 16 * (size_t)p.run_count * (size_t)p.run_length);
  if (one_in(2)) float_operand(&e, 3, panels * 16);
  if (one_in(3)) float_operand(&e, 4, span(extent, &p.residual_stride_n, channels));
  float_operand(&e, 5, span(extent, &p.output_stride_n, channels));
  check_example(&e);
}

void try_conv_depthwise_f32(void) {
  const int32_t stride = one_in(3) ? 2 : 1, dilation = one_in(4) ? 2 : 1;
  espalier_conv_depthwise_f32_parameters p = {
      .batch = pick(1, 2), .height = pick(1, 7), .width = pick(1, 13), .channels = pick(1, 50),
      .kernel_h = pick(1, 3), .kernel_w = pick(1, 3), .function = pick(0, espalier_function_tanh),
      .alpha = pick_float(-0.5f, 0.5f), .beta = pick_float(0.5f, 2)};
  example e = {.family = "conv_depthwise_f32", .parameters = &p, .tolerance = tolerance};
  if (one_in(2)) p.kernel_h = p.kernel_w = one_in(3) ? 5 : 3;
  const int32_t pixel = p.channels + pick(0, 2);
  const int32_t columns = (p.width - 1) * stride + (p.kernel_w - 1) * dilation + 1;
  const int32_t lines = (p.height - 1) * stride + (p.kernel_h - 1) * dilation + 1;
  p.tap_stride_w = pixel * dilation, p.tap_stride_h = pixel * columns * dilation;
  p.input_stride_w = pixel * stride, p.input_stride_h = pixel * columns * stride;
  p.input_stride_n = pixel * columns * lines;
  p.output_stride_w = p.channels + pick(0, 2), p.output_stride_h = p.output_stride_w * p.width;
  p.output_stride_n = p.output_stride_h * p.height;
  p.residual_stride_w = p.channels, p.residual_stride_h = p.channels * p.width;
  p.residual_stride_n = p.residual_stride_h * p.height;
  const int32_t extent[] = {p.batch, p.height, p.width};
  const size_t channels = (size_t)(p.channels + 15) / 16 * 16;
  float_operand(&e, 0, (size_t)(p.batch * p.input_stride_n));
  float_operand(&e, 1, channels * (size_t)(p.kernel_h * p.kernel_w));
  if (one_in(2)) float_operand(&e, 2, channels);
  if (one_in(3)) float_operand(&e, 3, span(extent, &p.residual_stride_n, (size_t)p.channels));
  float_operand(&e, 4, span(extent, &p.output_stride_n, (size_t)p.channels));
  check_example(&e);
}

void try_conv_winograd_f32(void) {
  espalier_conv_winograd_f32_parameters p = {
      .batch = pick(1, 2), .height = pick(1, 11), .width = pick(1, 11), .input_channels = pick(1, 40),
      .output_channels = pick(1, 50), .function = pick(0, espalier_function_tanh),
      .alpha = pick_float(-0.5f, 0.5f), .beta = pick_float(0.5f, 2), .tiles_per_item = pick(1, 16),
      .panels_per_item = pick(1, 4), .tile = one_in(2) ? 4 : 2};
  // The transforms magnify roundings a few times.
  example e = {.family = "conv_winograd_f32", .parameters = &p, .tolerance = 4 * tolerance};
  p.input_height = p.height + pick(0, 2), p.input_width = p.width + pick(0, 2);
  p.input_stride_w = p.input_channels + pick(0, 2), p.input_stride_h = p.input_stride_w * p.input_width;
  p.input_stride_n = p.input_stride_h * p.input_height;
  p.output_stride_w = p.output_channels + pick(0, 2), p.output_stride_h = p.output_stride_w * p.width;
  p.output_stride_n = p.output_stride_h * p.height;
  p.residual_stride_w = p.output_channels, p.residual_stride_h = p.output_channels * p.width;
  p.residual_stride_n = p.residual_stride_h * p.height;
  const size_t panels = (size_t)(p.output_channels + 15) / 16, points = (size_t)((p.tile + 2) * (p.tile + 2));
  float_operand(&e, 0, (size_t)(p.batch * p.input_stride_n));
  float_operand(&e, 1, points * panels * (size_t)p.input_channels * 16);
  if (one_in(2)) float_operand(&e, 2, panels * 16);
  if (one_in(3)) float_operand(&e, 3, (size_t)(p.batch * p.residual_stride_n));
  float_operand(&e, 4, (size_t)(p.batch * p.output_stride_n));
  check_example(&e);
}
