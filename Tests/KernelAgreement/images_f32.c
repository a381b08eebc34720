// Random pooling, resampling, sampling and local response normalization of float32.
#include "agreement.h"

static int32_t channels_and_gap(int32_t channels) { return channels + pick(0, 2); }

static void try_pool(void) {
  espalier_pool_f32_parameters p = {
      .mode = pick(espalier_pool_max, espalier_pool_lp), .batch = pick(1, 2), .input_height = pick(1, 12),
      .input_width = pick(1, 12), .channels = pick(1, 70), .output_height = pick(1, 7),
      .output_width = pick(1, 7), .kernel_h = pick(1, 4), .kernel_w = pick(1, 4), .stride_h = pick(1, 2),
      .stride_w = pick(1, 2), .dilation_h = pick(1, 2), .dilation_w = pick(1, 2), .pad_top = pick(0, 2),
      .pad_left = pick(0, 2), .pad_bottom = pick(0, 2), .pad_right = pick(0, 2), .p = (float)pick(1, 3)};
  p.input_stride_w = channels_and_gap(p.channels);
  p.input_stride_h = p.input_stride_w * p.input_width + pick(0, 5);
  p.input_stride_n = p.input_stride_h * p.input_height;
  p.output_stride_w = channels_and_gap(p.channels);
  p.output_stride_h = p.output_stride_w * p.output_width + pick(0, 5);
  p.output_stride_n = p.output_stride_h * p.output_height;
  example e = {.family = "pool_f32", .parameters = &p, .tolerance = 1e-5f};
  float_operand(&e, 0, (size_t)(p.batch * p.input_stride_n));
  float_operand(&e, 1, (size_t)(p.batch * p.output_stride_n));
  check_example(&e);
}

static void fill_taps(example *e, int index, int32_t count, int32_t taps, int32_t limit) {
  int32_t *indices = (int32_t *)(void *)random_operand(e, index, (size_t)(count * taps) * 4);
  for (int32_t i = 0; i < count * taps; i++) indices[i] = pick(0, limit - 1);
  float_operand(e, index + 1, (size_t)(count * taps));
}

static void try_resize(void) {
  espalier_resize_f32_parameters p = {
      .batch = pick(1, 2), .input_height = pick(1, 9), .input_width = pick(1, 9), .output_height = pick(1, 9),
      .output_width = pick(1, 9), .channels = pick(1, 70), .row_taps = pick(1, 4), .column_taps = pick(1, 4)};
  p.input_stride_w = channels_and_gap(p.channels);
  p.input_stride_h = p.input_stride_w * p.input_width + pick(0, 5);
  p.input_stride_n = p.input_stride_h * p.input_height;
  p.output_stride_w = channels_and_gap(p.channels);
  p.output_stride_h = p.output_stride_w * p.output_width + pick(0, 5);
  p.output_stride_n = p.output_stride_h * p.output_height;
  example e = {.family = "resize_f32", .parameters = &p, .tolerance = 1e-5f};
  float_operand(&e, 0, (size_t)(p.batch * p.input_stride_n));
  fill_taps(&e, 1, p.output_height, p.row_taps, p.input_height);
  fill_taps(&e, 3, p.output_width, p.column_taps, p.input_width);
  float_operand(&e, 5, (size_t)(p.batch * p.output_stride_n));
  check_example(&e);
}

static void try_lrn(void) {
  espalier_lrn_f32_parameters p = {
      .batch = pick(1, 2), .height = pick(1, 4), .width = pick(1, 4), .channels = pick(1, 40),
      .size = pick(1, 7), .k = 1, .alpha = pick_float(0, 1), .beta = one_in(2) ? 0.75f : pick_float(0.3f, 2)};
  p.input_stride_w = channels_and_gap(p.channels);
  p.input_stride_h = p.input_stride_w * p.width;
  p.input_stride_n = p.input_stride_h * p.height;
  p.output_stride_w = channels_and_gap(p.channels);
  p.output_stride_h = p.output_stride_w * p.width;
  p.output_stride_n = p.output_stride_h * p.height;
  example e = {.family = "lrn_f32", .parameters = &p, .tolerance = 1e-5f};
  float_operand(&e, 0, (size_t)(p.batch * p.input_stride_n));
  float_operand(&e, 1, (size_t)(p.batch * p.output_stride_n));
  check_example(&e);
}

static void try_sample(void) {
  espalier_sample_f32_parameters p = {
      .batch = pick(1, 2), .channels = pick(1, 70), .axes = pick(2, 3), .mode = pick(0, 2), .padding = pick(0, 2),
      .edge = one_in(2) ? 0.5f : 0, .offset = 1, .scale = {1, pick_float(0, 3), 2}, .shift = {0, -0.5f, 1},
      .step = {1, 0, pick(-1, 1)}};
  int32_t places = 1;
  p.input_stride_n = p.output_stride_n = channels_and_gap(p.channels);
  for (int i = 2; i >= 0; i--) {
    const bool flat = i == 0 && p.axes == 2;
    p.input[i] = flat ? 1 : pick(1, 7), p.output[i] = flat ? 1 : pick(1, 7);
    p.input_stride[i] = p.input_stride_n, p.input_stride_n *= p.input[i];
    p.output_stride[i] = p.output_stride_n, p.output_stride_n *= p.output[i];
    p.grid_stride[i] = p.mask_stride[i] = places;
    places *= p.output[i];
  }
  p.grid_stride_n = p.mask_stride_n = places;
  example e = {.family = "sample_f32", .parameters = &p, .tolerance = 1e-5f};
  for (int i = 0; i < 3; i++) p.grid_base[i] = i * p.batch * places;
  float_operand(&e, 0, (size_t)(p.batch * p.input_stride_n));
  float *grid = float_operand(&e, 1, (size_t)(3 * p.batch * places));
  for (int32_t i = 0; i < 3 * p.batch * places; i++) grid[i] *= one_in(9) ? 1e9f : 4;
  if (one_in(2)) float_operand(&e, 2, (size_t)(p.batch * places));
  float_operand(&e, 3, (size_t)(p.batch * p.output_stride_n));
  check_example(&e);
}

void try_images_f32(void) {
  static void (*const attempts[])(void) = {try_pool, try_resize, try_lrn, try_sample};
  attempts[pick(0, 3)]();
}
