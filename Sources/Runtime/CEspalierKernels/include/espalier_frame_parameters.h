// The parameter block of the kernel family that makes an input of a camera's picture; espalier_parameters.h has the
// rules.
#ifndef ESPALIER_FRAME_PARAMETERS_H
#define ESPALIER_FRAME_PARAMETERS_H

#include <stdint.h>

// Of the output, in a work item.
enum { espalier_frame_rows_per_item = 8 };

// How pixels lie. Chroma of formats with fewer of it covers 2 x 2 pixels (NV12, I420) or 2 x 1 (YUYV, UYVY); of odd
// extents the last column or row has chroma of its own.
typedef enum espalier_frame_format {
  espalier_frame_gray8 = 0,
  espalier_frame_rgb8 = 1,
  espalier_frame_bgr8 = 2,
  espalier_frame_rgba8 = 3,
  espalier_frame_bgra8 = 4,
  espalier_frame_nv12 = 5,
  espalier_frame_i420 = 6,
  espalier_frame_yuyv = 7,
  espalier_frame_uyvy = 8,
  espalier_frame_rgb_f32 = 9,  // three planes of float32, each value rounded to a byte first, half to even
  espalier_frame_format_count
} espalier_frame_format;

// What Y, U and V mean: ITU-R BT.601 or BT.709, Y from 16 to 235 or (full) from 0 to 255.
typedef enum espalier_frame_color {
  espalier_frame_bt601 = 0,
  espalier_frame_bt709 = 1,
  espalier_frame_bt601_full = 2,
  espalier_frame_bt709_full = 3,
  espalier_frame_color_count
} espalier_frame_color;

typedef enum espalier_frame_channels {
  espalier_frame_channels_rgb = 0,
  espalier_frame_channels_bgr = 1,
  espalier_frame_channels_gray = 2,
  espalier_frame_channels_count
} espalier_frame_channels;

// A picture's colors converted, its pixels resampled, the result normalized and quantized by tables: exactly the same
// bytes on all instruction sets. The definition, all in integers, for output pixel (x, y) of the placed rectangle:
//
//   1. The four pixels at columns first[x], first[x] + 1 and rows upper[y], lower[y] become channel values 0 … 255.
//      With scaled(a, c) = (a c + 2^14) >> 15 and clamped to a byte at the end:
//        from Y, U, V:  yt = scaled(max(Y - offset, 0) 2^7, luma) + 32
//                       R = (yt + scaled((V - 128) 2^8, red_v)) >> 6,  B = (yt + scaled((U - 128) 2^8, blue_u)) >> 6
//                       G = (yt + scaled((U - 128) 2^8, green_u) + scaled((V - 128) 2^8, green_v)) >> 6
//                       gray = yt >> 6
//        gray from R, G, B: (scaled(R 2^7, 4899) + scaled(G 2^7, 9617) + scaled(B 2^7, 1868) + 32) >> 6
//        R, G and B from gray: the gray
//      frame_u8.h has the factors, in 2^14 for Y and 2^13 for U and V.
//   2. Along a row: h = (a wa + b wb) >> 4, with wa and wb of 11 bits from the columns' table. 15 bits.
//   3. Between rows: v = ((h_upper wu >> 16) + (h_lower wl >> 16) + 2) >> 2, clamped to 255.
//   4. The element is table[c][v], a byte or a float32.
//
// Steps 2 and 3 are what OpenCV's resize computes with INTER_LINEAR for 8 bits. Outside the rectangle every element is
// `fill`. The column behind the last one is the last one.
//
// Operands: 0, 1, 2 planes (as many as the format has), 3 columns: output_width int32 `first`, in rising order, then as
// many int32 wa + 2^16 wb, of which placed_width each are used, 4 rows: output_height int32 `upper`, `lower`,
// wu + 2^16 wl each, 5 table: 256 bytes or float32 for each channel, 6 output.
typedef struct espalier_frame_u8_parameters {
  int32_t format;                     // espalier_frame_format
  int32_t color;                      // espalier_frame_color
  int32_t channels;                   // espalier_frame_channels: 3 planes of the output, or 1
  int32_t width, height;              // of the picture
  int32_t stride[3];                  // bytes from one row of a plane to the next
  int32_t output_width, output_height;
  int32_t left, top;                  // of the placed rectangle in the output
  int32_t placed_width, placed_height;
  int32_t output_stride_c, output_stride_h, output_stride_w;  // elements
  int32_t output_is_float;
  uint32_t fill[3];                   // per channel: a byte, or the bits of a float32
} espalier_frame_u8_parameters;

#endif
