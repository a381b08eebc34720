// Random convolutions of bytes: shapes around the registers' sizes, values at the edges of the definition.
#include <math.h>

#include "agreement.h"

enum { padded = 16 };

// What bytes and weights an example holds.
typedef enum values {
  any_values,
  largest_values,    // 0 and 255 with 127 and -128
  outermost_values,  // 255 with -128: the largest sums there are
  halfway_values,    // small numbers whose scaled sums lie halfway between two bytes
  value_kinds,
} values;

static void fill_bytes(values kind, uint8_t *x, size_t count) {
  for (size_t i = 0; i < count; i++)
    if (kind == largest_values) x[i] = one_in(2) ? 0 : 255;
    else if (kind == outermost_values) x[i] = 255;
    else if (kind == halfway_values) x[i] &= 3;
}

static void fill_weights(values kind, uint8_t *w, size_t count) {
  for (size_t i = 0; i < count; i++)
    if (kind == largest_values) w[i] = (uint8_t)(one_in(3) ? 127 : -128);
    else if (kind == outermost_values) w[i] = 0x80;
    else if (kind == halfway_values) w[i] = (uint8_t)pick(-1, 1);
}

// Scales that spread the sums of `terms` products over the bytes; now and then no numbers at all.
static void fill_numbers(values kind, float *scales, float *offsets, size_t count, size_t terms) {
  const bool is_large = kind == largest_values || kind == outermost_values;
  const float size = is_large ? (float)terms * 255 * 127 : sqrtf((float)terms) * 10000;
  for (size_t i = 0; i < count; i++) {
    scales[i] = kind == halfway_values ? 0.5f : 60 / size * pick_float(-1.5f, 1.5f);
    offsets[i] = kind == halfway_values ? 20 : pick_float(-20, 270);
    if (one_in(40)) offsets[i] = (float[]){NAN, INFINITY, -INFINITY, 3e38f, -0.0f}[pick(0, 4)];
    if (one_in(100)) scales[i] = (float[]){NAN, INFINITY, 0, 3e38f, -0.0f}[pick(0, 4)];
  }
}

static void pick_range(bool is_float, float *low, float *high) {
  *low = 0, *high = 255;
  if (one_in(3)) {
    *low = (float)pick(0, 120);
    *high = *low + (float)pick(0, 130);
  }
  if (is_float && one_in(2)) {
    *low = -INFINITY, *high = INFINITY;
  } else if (is_float && one_in(2)) {
    *low = one_in(2) ? -0.0f : 0.0f, *high = pick_float(0, 30);
  }
}

static void set_input(espalier_conv_gemm_u8_parameters *p, int32_t pixel) {
  const int32_t step = pick(1, 2);
  p->input_stride_w = pixel * step;
  p->input_stride_h = pixel * (p->width * step + pick(0, 2)) * pick(1, 2);
  p->input_stride_n = p->input_stride_h * p->height + pick(0, 7);
}

// Channels of all groups, a gap behind every pixel and every row.
static void set_output(espalier_conv_gemm_u8_parameters *p) {
  const int32_t channels = p->groups * p->output_channels;
  p->output_stride_w = channels + pick(0, 2);
  p->output_stride_h = p->output_stride_w * p->width + pick(0, 3);
  p->output_stride_n = p->output_stride_h * p->height;
  p->residual_stride_w = channels + pick(0, 2);
  p->residual_stride_h = p->residual_stride_w * p->width;
  p->residual_stride_n = p->residual_stride_h * p->height;
}

static size_t span(const int32_t *extent, const int32_t *stride, size_t last) {
  size_t bytes = last;
  for (int i = 0; i < 3; i++) bytes += (size_t)(extent[i] - 1) * (size_t)stride[i];
  return bytes;
}

void try_conv_gemm_u8(void) {
  espalier_conv_gemm_u8_parameters p = {
      .batch = pick(1, 2), .height = pick(1, 4), .width = pick(1, 14), .groups = one_in(3) ? pick(2, 3) : 1,
      .output_channels = one_in(3) ? pick(40, 130) : pick(1, 33), .run_count = pick(1, 5),
      .run_length = 4 * (one_in(3) ? pick(9, 40) : pick(1, 9)), .residual_scale = pick_float(-1, 1),
      .output_is_float = one_in(4), .panels_inner = one_in(2)};
  const values kind = (values)pick(0, value_kinds - 1);
  example e = {.family = "conv_gemm_u8", .parameters = &p};
  p.input_group = pick(0, 40);
  set_input(&p, pick(1, 40));
  set_output(&p);
  pick_range(p.output_is_float, &p.low, &p.high);
  const int32_t extent[] = {p.batch, p.height, p.width};
  const size_t channels = (size_t)(p.groups * p.output_channels), largest = 100;
  const size_t panels = (size_t)p.groups * (size_t)((p.output_channels + 15) / 16);
  const size_t terms = (size_t)p.run_count * (size_t)p.run_length;
  const size_t read = (size_t)((p.groups - 1) * p.input_group + p.run_length) + largest;
  const size_t input = span(extent, &p.input_stride_n, read), weights = panels * terms * 16;
  fill_bytes(kind, random_operand(&e, 0, input), input);
  int32_t *runs = (int32_t *)(void *)random_operand(&e, 1, (size_t)p.run_count * 4);
  for (int32_t i = 0; i < p.run_count; i++) runs[i] = pick(0, (int32_t)largest);
  fill_weights(kind, random_operand(&e, 2, weights), weights);
  float *numbers = float_operand(&e, 3, panels * 32);
  for (size_t i = 0; i < panels; i++) fill_numbers(kind, numbers + 32 * i, numbers + 32 * i + 16, 16, terms);
  if (!p.output_is_float && one_in(3)) random_operand(&e, 4, 256);
  if (one_in(3)) random_operand(&e, 5, span(extent, &p.residual_stride_n, channels));
  random_operand(&e, 6, span(extent, &p.output_stride_n, channels) * (p.output_is_float ? 4 : 1));
  check_example(&e);
}

void try_conv_winograd_u8(void) {
  espalier_conv_winograd_u8_parameters p = {
      .batch = pick(1, 2), .height = pick(1, 9), .width = pick(1, 14), .input_channels = pick(1, 40),
      .output_channels = one_in(3) ? pick(40, 130) : pick(1, 33), .residual_scale = pick_float(-1, 1),
      .output_is_float = one_in(4), .tile = one_in(3) ? 2 : 4, .tiles_per_item = pick(1, 20),
      .panels_per_item = pick(1, 9)};
  const values kind = (values)pick(0, value_kinds - 1);
  example e = {.family = "conv_winograd_u8", .parameters = &p};
  p.input_stride_w = p.input_channels + pick(0, 3);
  p.input_stride_h = p.input_stride_w * (p.width + 2) + pick(0, 3);
  p.input_stride_n = p.input_stride_h * (p.height + 2);
  p.output_stride_w = p.output_channels + pick(0, 2), p.output_stride_h = p.output_stride_w * p.width;
  p.output_stride_n = p.output_stride_h * p.height;
  p.residual_stride_w = p.output_channels, p.residual_stride_h = p.residual_stride_w * p.width;
  p.residual_stride_n = p.residual_stride_h * p.height;
  pick_range(p.output_is_float, &p.low, &p.high);
  const int32_t inputs[] = {p.batch, p.height + 2, p.width + 2}, outputs[] = {p.batch, p.height, p.width};
  const size_t channels = (size_t)(p.input_channels + 3) / 4 * 4, panels = (size_t)(p.output_channels + 15) / 16;
  const size_t input = span(inputs, &p.input_stride_n, channels), weights = panels * 9 * channels * 16;
  fill_bytes(kind, random_operand(&e, 0, input), input);
  fill_weights(kind, random_operand(&e, 1, weights), weights);
  float *numbers = float_operand(&e, 2, panels * 32);
  for (size_t i = 0; i < panels; i++)
    fill_numbers(kind, numbers + 32 * i, numbers + 32 * i + 16, 16, channels * 9);
  const size_t last = (size_t)p.output_channels;
  if (!p.output_is_float && one_in(3)) random_operand(&e, 3, 256);
  if (one_in(3)) random_operand(&e, 4, span(outputs, &p.residual_stride_n, last));
  random_operand(&e, 5, span(outputs, &p.output_stride_n, last) * (p.output_is_float ? 4 : 1));
  check_example(&e);
}

void try_conv_depthwise_u8(void) {
  espalier_conv_depthwise_u8_parameters p = {
      .batch = pick(1, 2), .height = pick(1, 7), .width = pick(1, 9), .channels = pick(1, 50),
      .kernel_h = pick(1, 3), .kernel_w = pick(1, 3), .residual_scale = pick_float(-1, 1)};
  const values kind = (values)pick(0, value_kinds - 1);
  example e = {.family = "conv_depthwise_u8", .parameters = &p};
  if (one_in(2)) p.kernel_h = p.kernel_w = one_in(3) ? 5 : 3;
  else if (one_in(4)) p.kernel_h = pick(4, 9);
  const int32_t pixel = p.channels + pick(0, 2), stride = one_in(3) ? 2 : 1, dilation = one_in(4) ? 2 : 1;
  const int32_t columns = (p.width - 1) * stride + (p.kernel_w - 1) * dilation + 1;
  const int32_t lines = (p.height - 1) * stride + (p.kernel_h - 1) * dilation + 1;
  p.tap_stride_w = pixel * dilation, p.tap_stride_h = pixel * columns * dilation;
  p.input_stride_w = pixel * stride, p.input_stride_h = pixel * columns * stride;
  p.input_stride_n = pixel * columns * lines;
  p.output_stride_w = p.channels + pick(0, 2), p.output_stride_h = p.output_stride_w * p.width;
  p.output_stride_n = p.output_stride_h * p.height;
  p.residual_stride_w = p.channels, p.residual_stride_h = p.channels * p.width;
  p.residual_stride_n = p.residual_stride_h * p.height;
  pick_range(false, &p.low, &p.high);
  const int32_t extent[] = {p.batch, p.height, p.width};
  const size_t channels = (size_t)(p.channels + padded - 1) / padded * padded;
  const size_t quads = (size_t)p.kernel_w * (size_t)((p.kernel_h + 3) / 4);
  const size_t input = (size_t)(p.batch * p.input_stride_n), weights = quads * channels * 4;
  fill_bytes(kind, random_operand(&e, 0, input), input);
  uint8_t *w = random_operand(&e, 1, weights);
  fill_weights(kind, w, weights);
  for (size_t i = 0; i < weights; i++)  // zeros behind the last tap of a column
    if ((int32_t)(i / 4 / channels % (size_t)((p.kernel_h + 3) / 4) * 4 + i % 4) >= p.kernel_h) w[i] = 0;
  float *numbers = float_operand(&e, 2, channels * 2);
  fill_numbers(kind, numbers, numbers + channels, channels, (size_t)(p.kernel_h * p.kernel_w));
  if (one_in(3)) random_operand(&e, 3, 256);
  if (one_in(3)) random_operand(&e, 4, span(extent, &p.residual_stride_n, (size_t)p.channels));
  random_operand(&e, 5, span(extent, &p.output_stride_n, (size_t)p.channels));
  check_example(&e);
}
