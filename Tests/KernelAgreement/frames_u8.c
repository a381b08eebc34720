// Random pictures of every format.
#include "agreement.h"

// Weights of 11 bits that add up to 2048.
static int32_t pick_weights(void) {
  const int32_t first = one_in(4) ? 2048 : pick(0, 2048);
  return first | (2048 - first) << 16;
}

// Columns in rising order: about evenly over the picture, or bunched anywhere.
static void fill_columns(example *e, const espalier_frame_u8_parameters *p) {
  int32_t *first = (int32_t *)(void *)random_operand(e, 3, (size_t)p->output_width * 8);
  const int32_t even = pick(0, 2);
  int32_t last = 0;
  for (int32_t x = 0; x < p->output_width; x++) {
    const int32_t place = (int32_t)((int64_t)x * p->width / p->placed_width);
    const int32_t next = even ? place : last + (one_in(3) ? pick(0, 4) : 0);
    last = next < last ? last : next >= p->width ? p->width - 1 : next;
    first[x] = last;
    first[p->output_width + x] = pick_weights();
  }
}

static void fill_rows(example *e, const espalier_frame_u8_parameters *p) {
  int32_t *upper = (int32_t *)(void *)random_operand(e, 4, (size_t)p->output_height * 12);
  for (int32_t y = 0; y < p->output_height; y++) {
    upper[y] = pick(0, p->height - 1);
    upper[p->output_height + y] = upper[y] + 1 < p->height && one_in(2) ? upper[y] + 1 : pick(0, p->height - 1);
    upper[2 * p->output_height + y] = pick_weights();
  }
}

// Planes of random bytes; floats from -20 to 280, some not numbers.
static void fill_planes(example *e, espalier_frame_u8_parameters *p) {
  const bool halves = p->format == espalier_frame_nv12 || p->format == espalier_frame_i420;
  const int32_t planes = p->format == espalier_frame_nv12                                                 ? 2
                         : p->format == espalier_frame_i420 || p->format == espalier_frame_rgb_f32 ? 3
                                                                                                          : 1;
  const int32_t half = (p->width + 1) / 2;
  for (int32_t i = 0; i < planes; i++) {
    int32_t bytes = p->width;
    if (p->format == espalier_frame_rgb8 || p->format == espalier_frame_bgr8) bytes = 3 * p->width;
    if (p->format == espalier_frame_rgba8 || p->format == espalier_frame_bgra8) bytes = 4 * p->width;
    if (p->format == espalier_frame_rgb_f32) bytes = 4 * p->width;
    if (p->format == espalier_frame_yuyv || p->format == espalier_frame_uyvy) bytes = 4 * half;
    if (i > 0 && p->format == espalier_frame_nv12) bytes = 2 * half;
    if (i > 0 && p->format == espalier_frame_i420) bytes = half;
    p->stride[i] = bytes + (p->format == espalier_frame_rgb_f32 ? 4 * pick(0, 3) : pick(0, 9));
    const int32_t rows = halves && i > 0 ? (p->height + 1) / 2 : p->height;
    const size_t count = (size_t)((rows - 1) * p->stride[i] + bytes);
    if (p->format != espalier_frame_rgb_f32) {
      random_operand(e, i, count);
      continue;
    }
    float *values = float_operand(e, i, count / 4);
    for (size_t k = 0; k < count / 4; k++) values[k] = one_in(50) ? __builtin_nanf("") : values[k] * 150 + 130;
  }
}

void try_frame_u8(void) {
  const bool is_wide = one_in(3);
  espalier_frame_u8_parameters p = {
      .format = pick(0, espalier_frame_format_count - 1), .color = pick(0, espalier_frame_color_count - 1),
      .channels = pick(0, espalier_frame_channels_count - 1), .width = pick(1, is_wide ? 300 : 40),
      .height = pick(1, 20), .output_width = pick(1, is_wide ? 150 : 40), .output_height = pick(1, 20),
      .output_is_float = one_in(3)};
  p.placed_width = one_in(2) ? p.output_width : pick(1, p.output_width);
  p.placed_height = one_in(2) ? p.output_height : pick(1, p.output_height);
  p.left = pick(0, p.output_width - p.placed_width);
  p.top = pick(0, p.output_height - p.placed_height);
  const int32_t channels = p.channels == espalier_frame_channels_gray ? 1 : 3;
  if (one_in(3)) {  // channel by channel
    p.output_stride_w = 1;
    p.output_stride_h = p.output_width + pick(0, 3);
    p.output_stride_c = p.output_stride_h * p.output_height + pick(0, 3);
  } else {
    p.output_stride_c = 1;
    p.output_stride_w = one_in(2) ? 4 : channels + pick(0, 5);
    p.output_stride_h = p.output_stride_w * p.output_width + pick(0, 9);
  }
  for (int c = 0; c < 3; c++) p.fill[c] = (uint32_t)pick(0, 255);
  example e = {.family = "frame_u8", .parameters = &p};
  fill_planes(&e, &p);
  fill_columns(&e, &p);
  fill_rows(&e, &p);
  const size_t size = p.output_is_float ? 4 : 1;
  random_operand(&e, 5, (size_t)channels * 256 * size);
  const int32_t last = (channels - 1) * p.output_stride_c + (p.output_height - 1) * p.output_stride_h +
                       (p.output_width - 1) * p.output_stride_w;
  random_operand(&e, 6, (size_t)(last + 1) * size);
  check_example(&e);
}
