// What the checker and every instruction set of frame_u8 share: formats, factors, items and scratch memory.
#ifndef ESPALIER_FRAME_U8_H
#define ESPALIER_FRAME_U8_H

#include "../common/quantized.h"
#include "../common/view.h"

typedef espalier_frame_u8_parameters frame_u8;

enum {
  FRAME_EXTENT_LIMIT = 1 << 15,   // of a picture and of the output
  FRAME_WEIGHT_SUM = 2049,        // of two weights of 11 bits that were rounded
  FRAME_TABLE = 256,
};

static inline int32_t frame_channel_count(const frame_u8 *p) {
  return p->channels == espalier_frame_channels_gray ? 1 : 3;
}

static inline bool frame_is_yuv(int32_t format) {
  return format >= espalier_frame_nv12 && format <= espalier_frame_uyvy;
}

static inline int32_t frame_plane_count(int32_t format) {
  if (format == espalier_frame_nv12) return 2;
  return format == espalier_frame_i420 || format == espalier_frame_rgb_f32 ? 3 : 1;
}

static inline int64_t frame_half(int64_t extent) { return (extent + 1) / 2; }

// Rows of a plane.
static inline int64_t frame_plane_rows(int32_t format, int32_t plane, int32_t height) {
  const bool halves = format == espalier_frame_nv12 || format == espalier_frame_i420;
  return halves && plane ? frame_half(height) : height;
}

// Bytes of a plane's row that hold pixels.
static inline int64_t frame_row_bytes(int32_t format, int32_t plane, int32_t width) {
  switch (format) {
    case espalier_frame_rgb8:
    case espalier_frame_bgr8: return 3 * (int64_t)width;
    case espalier_frame_rgba8:
    case espalier_frame_bgra8:
    case espalier_frame_rgb_f32: return 4 * (int64_t)width;
    case espalier_frame_nv12: return plane ? 2 * frame_half(width) : width;
    case espalier_frame_i420: return plane ? frame_half(width) : width;
    case espalier_frame_yuyv:
    case espalier_frame_uyvy: return 4 * frame_half(width);
    default: return width;
  }
}

// Factors of Y in 2^14, of U and V in 2^13.
typedef struct frame_factors {
  int32_t offset, luma, red_v, green_u, green_v, blue_u;
} frame_factors;

static inline frame_factors frame_factors_of(int32_t color) {
  static const frame_factors all[espalier_frame_color_count] = {
      {16, 19077, 13075, -3209, -6660, 16525},  // 255/219, 1.5960, -0.3918, -0.8130, 2.0172
      {16, 19077, 14686, -1747, -4366, 17305},  // 255/219, 1.7927, -0.2132, -0.5329, 2.1124
      {0, 16384, 11485, -2819, -5850, 14516},   // 1, 1.4020, -0.3441, -0.7141, 1.7720
      {0, 16384, 12901, -1535, -3835, 15201},   // 1, 1.5748, -0.1873, -0.4681, 1.8556
  };
  return all[color];
}

// Elements of a resampled row in scratch memory: whole vectors.
static inline int64_t frame_row_room(const frame_u8 *p) { return ((int64_t)p->output_width + 63) / 64 * 64; }

// Two resampled rows of 16 bits and one of bytes, for each channel.
static inline uint64_t frame_scratch_bytes(const frame_u8 *p) {
  return (uint64_t)(frame_row_room(p) * frame_channel_count(p)) * 5;
}

static inline uint32_t frame_items(const frame_u8 *p) {
  return (uint32_t)((p->output_height + espalier_frame_rows_per_item - 1) / espalier_frame_rows_per_item);
}

#endif
