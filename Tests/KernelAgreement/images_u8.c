// Random pooling and resampling of bytes.
#include "agreement.h"

static int32_t channels_and_gap(int32_t channels) { return channels + pick(0, 2); }

void try_pool_u8(void) {
  espalier_pool_u8_parameters p = {
      .mode = pick(espalier_pool_max, espalier_pool_average_padded), .batch = pick(1, 2),
      .input_height = pick(1, 12), .input_width = pick(1, 12), .channels = pick(1, 70),
      .output_height = pick(1, 7), .output_width = pick(1, 7), .kernel_h = pick(1, 4),
      .kernel_w = pick(1, 4), .stride_h = pick(1, 2),
      .stride_w = pick(1, 2), .dilation_h = pick(1, 2), .dilation_w = pick(1, 2), .pad_top = pick(0, 2),
      .pad_left = pick(0, 2), .pad_bottom = pick(0, 2), .pad_right = pick(0, 2), .zero = pick(0, 255),
      .scale = pick_float(0.1f, 2), .offset = pick_float(-30, 30), .low = 0, .high = 255};
  if (one_in(8)) {  // a whole image, of more taps than 16 bits hold the sum of
    p.input_height = p.input_width = p.kernel_h = p.kernel_w = pick(17, 20);
    p.output_height = p.output_width = p.stride_h = p.dilation_h = p.dilation_w = 1;
    p.pad_top = p.pad_left = 0;
  }
  if (one_in(3)) p.low = (float)pick(0, 100), p.high = p.low + (float)pick(0, 155);
  p.input_stride_w = channels_and_gap(p.channels);
  p.input_stride_h = p.input_stride_w * p.input_width + pick(0, 5);
  p.input_stride_n = p.input_stride_h * p.input_height;
  p.output_stride_w = channels_and_gap(p.channels);
  p.output_stride_h = p.output_stride_w * p.output_width + pick(0, 5);
  p.output_stride_n = p.output_stride_h * p.output_height;
  example e = {.family = "pool_u8", .parameters = &p};
  uint8_t *x = random_operand(&e, 0, (size_t)(p.batch * p.input_stride_n));
  if (one_in(3))
    for (size_t i = 0; i < e.bytes[0]; i++) x[i] = 255;
  random_operand(&e, 1, (size_t)(p.batch * p.output_stride_n));
  check_example(&e);
}

// Indices below `limit` and weights that add up to 128 for each of `count` outputs.
static void fill_taps(example *e, int index, int32_t count, int32_t taps, int32_t limit) {
  int32_t *indices = (int32_t *)(void *)random_operand(e, index, (size_t)(count * taps) * 4);
  int32_t *weights = (int32_t *)(void *)random_operand(e, index + 1, (size_t)(count * taps) * 4);
  for (int32_t i = 0; i < count; i++) {
    int32_t left = 128;
    for (int32_t tap = 0; tap < taps; tap++) {
      indices[i * taps + tap] = pick(0, limit - 1);
      weights[i * taps + tap] = tap + 1 < taps ? pick(0, left) : left;
      left -= weights[i * taps + tap];
    }
  }
}

void try_resize_u8(void) {
  espalier_resize_u8_parameters p = {
      .batch = pick(1, 2), .input_height = pick(1, 9), .input_width = pick(1, 9), .output_height = pick(1, 9),
      .output_width = pick(1, 9), .channels = pick(1, 70), .row_taps = pick(1, 3), .column_taps = pick(1, 3)};
  p.input_stride_w = channels_and_gap(p.channels);
  p.input_stride_h = p.input_stride_w * p.input_width + pick(0, 5);
  p.input_stride_n = p.input_stride_h * p.input_height;
  p.output_stride_w = channels_and_gap(p.channels);
  p.output_stride_h = p.output_stride_w * p.output_width + pick(0, 5);
  p.output_stride_n = p.output_stride_h * p.output_height;
  example e = {.family = "resize_u8", .parameters = &p};
  random_operand(&e, 0, (size_t)(p.batch * p.input_stride_n));
  fill_taps(&e, 1, p.output_height, p.row_taps, p.input_height);
  fill_taps(&e, 3, p.output_width, p.column_taps, p.input_width);
  random_operand(&e, 5, (size_t)(p.batch * p.output_stride_n));
  check_example(&e);
}
