// conv_depthwise_u8 by SMULL and SMLSL: 16 channels at once, tap by tap, exact in int32.
//
// As in conv_gemm_u8_neon.c, a byte x of an even row of taps is multiplied as x - 128 and one of an odd row
// as 127 - x: the difference of two such products fits 16 bits, and sums start with what that leaves out.
#if defined(__aarch64__)
#include "../common/quantized_neon.h"
#include "conv_depthwise_u8.h"

#define BY_ADDITION false

#include "conv_depthwise_u8_neon.h"

// Weights [16][4] of four taps below each other, tap by tap.
INLINED int8x16x4_t weights_at(const block *b, ptrdiff_t quad) {
  return vld4q_s8(b->weights + quad * b->quad_bytes);
}

// sums += factor * (a + b).
INLINED sums_16 add_weights(sums_16 sums, int8x16_t a, int8x16_t b, int16_t factor) {
  const int16x8_t low = vaddl_s8(vget_low_s8(a), vget_low_s8(b)), high = vaddl_high_s8(a, b);
  sums.part[0] = vmlal_n_s16(sums.part[0], vget_low_s16(low), factor);
  sums.part[1] = vmlal_high_n_s16(sums.part[1], low, factor);
  sums.part[2] = vmlal_n_s16(sums.part[2], vget_low_s16(high), factor);
  sums.part[3] = vmlal_high_n_s16(sums.part[3], high, factor);
  return sums;
}

static void start_block(const block *b, int32_t *start) {
  const ptrdiff_t quads = b->p->kernel_w * espalier_depthwise_quads(b->p->kernel_h);
  sums_16 sums = {{vdupq_n_s32(0), vdupq_n_s32(0), vdupq_n_s32(0), vdupq_n_s32(0)}};
  for (ptrdiff_t q = 0; q < quads; q++) {
    const int8x16x4_t w = weights_at(b, q);
    sums = add_weights(sums, w.val[0], w.val[2], 128);
    sums = add_weights(sums, w.val[1], w.val[3], 127);
  }
  UNROLLED for (int i = 0; i < 4; i++) vst1q_s32(start + 4 * i, sums.part[i]);
}

INLINED sums_16 add_words(sums_16 sums, int16x8_t low, int16x8_t high) {
  sums.part[0] = vaddw_s16(sums.part[0], vget_low_s16(low));
  sums.part[1] = vaddw_high_s16(sums.part[1], low);
  sums.part[2] = vaddw_s16(sums.part[2], vget_low_s16(high));
  sums.part[3] = vaddw_high_s16(sums.part[3], high);
  return sums;
}

// One or two rows of 16 channels, from x on.
INLINED sums_16 add_taps(
    const block *b, sums_16 sums, const uint8_t *x, int8x16_t even, int8x16_t odd, const bool both,
    const bool whole) {
  const int8x16_t a = vreinterpretq_s8_u8(veorq_u8(channels_at(b, x, whole), vdupq_n_u8(0x80)));
  int16x8_t low = vmull_s8(vget_low_s8(a), vget_low_s8(even)), high = vmull_high_s8(a, even);
  if (both) {
    const uint8x16_t below = channels_at(b, x + b->p->tap_stride_h, whole);
    const int8x16_t c = vreinterpretq_s8_u8(veorq_u8(below, vdupq_n_u8(0x7F)));
    low = vmlsl_s8(low, vget_low_s8(c), vget_low_s8(odd));
    high = vmlsl_high_s8(high, c, odd);
  }
  return add_words(sums, low, high);
}

// Up to four rows of taps, from x on.
INLINED sums_16 add_column(
    const block *b, sums_16 sums, const uint8_t *x, int8x16x4_t w, const int taps, const bool whole) {
  sums = add_taps(b, sums, x, w.val[0], w.val[1], taps > 1, whole);
  if (taps > 2)
    sums = add_taps(b, sums, x + 2 * (ptrdiff_t)b->p->tap_stride_h, w.val[2], w.val[3], taps > 3, whole);
  return sums;
}

// A row of outputs; `kernel_h` and `kernel_w` taps, at most 5 x 5, known where the code is compiled.
INLINED void convolve_row(
    const block *b, const uint8_t *x, const uint8_t *residual, uint8_t *y, const int kernel_h,
    const int kernel_w, const bool whole) {
  const depthwise_u8 *p = b->p;
  const int quads = (kernel_h + 3) / 4;
  int8x16x4_t weights[10];
  UNROLLED for (int q = 0; q < kernel_w * quads; q++) weights[q] = weights_at(b, q);
  for (int32_t i = 0; i < b->width; i++) {
    sums_16 sums = started(b);
    UNROLLED for (int kx = 0; kx < kernel_w; kx++)
      UNROLLED for (int q = 0; q < quads; q++) {
        const int left = kernel_h - 4 * q;
        const uint8_t *taps = x + (ptrdiff_t)kx * p->tap_stride_w + (ptrdiff_t)q * 4 * p->tap_stride_h;
        sums = add_column(b, sums, taps, weights[kx * quads + q], left < 4 ? left : 4, whole);
      }
    store(b, sums, residual, y, whole);
    x += p->input_stride_w;
    y += p->output_stride_w;
    if (residual) residual += p->residual_stride_w;
  }
}

// As convolve_row, of any taps.
static void convolve_any(
    const block *b, const uint8_t *x, const uint8_t *residual, uint8_t *y, const bool whole) {
  const depthwise_u8 *p = b->p;
  const int32_t quads = (p->kernel_h + 3) / 4;
  for (int32_t i = 0; i < b->width; i++) {
    sums_16 sums = started(b);
    for (int32_t kx = 0; kx < p->kernel_w; kx++)
      for (int32_t q = 0; q < quads; q++) {
        const uint8_t *taps = x + (ptrdiff_t)kx * p->tap_stride_w + (ptrdiff_t)q * 4 * p->tap_stride_h;
        sums = add_column(b, sums, taps, weights_at(b, kx * quads + q), p->kernel_h - 4 * q, whole);
      }
    store(b, sums, residual, y, whole);
    x += p->input_stride_w;
    y += p->output_stride_w;
    if (residual) residual += p->residual_stride_w;
  }
}

// `rows` output rows of one image for one block of channels.
INLINED void convolve_rows(
    const block *b, const uint8_t *x, const uint8_t *residual, uint8_t *y, int64_t rows, const bool whole) {
  const depthwise_u8 *p = b->p;
  for (int64_t i = 0; i < rows; i++) {
    if (p->kernel_h == 3 && p->kernel_w == 3) convolve_row(b, x, residual, y, 3, 3, whole);
    else if (p->kernel_h == 5 && p->kernel_w == 5) convolve_row(b, x, residual, y, 5, 5, whole);
    else convolve_any(b, x, residual, y, whole);
    x += p->input_stride_h;
    y += p->output_stride_h;
    if (residual) residual += p->residual_stride_h;
  }
}

void espalier_conv_depthwise_u8_neon(const espalier_call *call, uint32_t first, uint32_t end, void *scratch) {
  (void)scratch;
  convolve_items(call, first, end);
}

#endif
