// One pixel of a picture: steps 1 and 2 of the definition in espalier_frame_parameters.h.
#ifndef ESPALIER_FRAME_U8_PIXELS_H
#define ESPALIER_FRAME_U8_PIXELS_H

#include <string.h>

#include "frame_u8.h"

// A row of the picture.
typedef struct frame_row {
  const uint8_t *plane[3];
} frame_row;

static inline frame_row frame_row_at(const frame_u8 *p, void *const *operands, int64_t y) {
  frame_row row;
  for (int i = 0; i < 3; i++) {
    const bool halves = i > 0 && (p->format == espalier_frame_nv12 || p->format == espalier_frame_i420);
    row.plane[i] = operands[i] ? (const uint8_t *)operands[i] + (halves ? y / 2 : y) * p->stride[i] : NULL;
  }
  return row;
}

static inline int32_t frame_scaled(int32_t a, int32_t c) { return (a * c + (1 << 14)) >> 15; }

static inline int32_t frame_byte(int32_t v) { return v < 0 ? 0 : v > 255 ? 255 : v; }

static inline uint8_t frame_float_pixel(const uint8_t *plane, int64_t x) {
  float v;
  memcpy(&v, plane + 4 * x, 4);
  return espalier_quantized(v, 0, 255);
}

// Red, green and blue, or all three gray; false: Y, U and V.
static inline bool frame_load(int32_t format, frame_row row, int64_t x, int32_t *v) {
  const uint8_t *p = row.plane[0];
  switch (format) {
    case espalier_frame_gray8: v[0] = v[1] = v[2] = p[x]; return true;
    case espalier_frame_rgb8: v[0] = p[3 * x], v[1] = p[3 * x + 1], v[2] = p[3 * x + 2]; return true;
    case espalier_frame_bgr8: v[2] = p[3 * x], v[1] = p[3 * x + 1], v[0] = p[3 * x + 2]; return true;
    case espalier_frame_rgba8: v[0] = p[4 * x], v[1] = p[4 * x + 1], v[2] = p[4 * x + 2]; return true;
    case espalier_frame_bgra8: v[2] = p[4 * x], v[1] = p[4 * x + 1], v[0] = p[4 * x + 2]; return true;
    case espalier_frame_rgb_f32:
      for (int c = 0; c < 3; c++) v[c] = frame_float_pixel(row.plane[c], x);
      return true;
    case espalier_frame_nv12: v[0] = p[x], v[1] = row.plane[1][x & ~1ll], v[2] = row.plane[1][x | 1]; return false;
    case espalier_frame_i420: v[0] = p[x], v[1] = row.plane[1][x / 2], v[2] = row.plane[2][x / 2]; return false;
    case espalier_frame_yuyv: p += 4 * (x / 2), v[0] = p[2 * (x & 1)], v[1] = p[1], v[2] = p[3]; return false;
    default: p += 4 * (x / 2), v[0] = p[2 * (x & 1) + 1], v[1] = p[0], v[2] = p[2]; return false;
  }
}

// The channels of the output at pixel x of a row, 0 … 255.
static inline void frame_pixel(const frame_u8 *p, const frame_factors *f, frame_row row, int64_t x, int32_t *v) {
  const bool is_gray = p->channels == espalier_frame_channels_gray;
  if (!frame_load(p->format, row, x, v)) {
    const int32_t y = v[0] > f->offset ? v[0] - f->offset : 0, u = (v[1] - 128) * 256, w = (v[2] - 128) * 256;
    const int32_t luma = frame_scaled(y * 128, f->luma) + 32;
    if (is_gray) {
      v[0] = frame_byte(luma >> 6);
      return;
    }
    v[0] = frame_byte((luma + frame_scaled(w, f->red_v)) >> 6);
    v[1] = frame_byte((luma + frame_scaled(u, f->green_u) + frame_scaled(w, f->green_v)) >> 6);
    v[2] = frame_byte((luma + frame_scaled(u, f->blue_u)) >> 6);
  } else if (is_gray && p->format != espalier_frame_gray8) {
    const int32_t sum = frame_scaled(v[0] * 128, 4899) + frame_scaled(v[1] * 128, 9617) + frame_scaled(v[2] * 128, 1868);
    v[0] = frame_byte((sum + 32) >> 6);
  }
  if (p->channels == espalier_frame_channels_bgr) {
    const int32_t red = v[0];
    v[0] = v[2], v[2] = red;
  }
}

// Elements [x, end) of a resampled row, channel by channel.
static inline void frame_stretch_pixels(
    const frame_u8 *p, const int32_t *columns, frame_row row, int64_t x, int64_t end, int16_t *stretched) {
  const frame_factors f = frame_factors_of(p->color);
  const int64_t room = frame_row_room(p), channels = frame_channel_count(p);
  for (; x < end; x++) {
    const int32_t first = columns[x], weights = columns[p->output_width + x];
    int32_t a[3], b[3];
    frame_pixel(p, &f, row, first, a);
    frame_pixel(p, &f, row, first + 1 < p->width ? first + 1 : first, b);
    for (int64_t c = 0; c < channels; c++)
      stretched[c * room + x] = (int16_t)((a[c] * (weights & 0xFFFF) + b[c] * (weights >> 16)) >> 4);
  }
}

#endif
