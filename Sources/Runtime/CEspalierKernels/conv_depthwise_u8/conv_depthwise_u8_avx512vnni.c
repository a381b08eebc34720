// conv_depthwise_u8 by VPDPBUSD: 16 channels and the four taps of a column that lie below each other at once.
//
// Four input rows of 16 channels are brought into one register, channel by channel ("a quad"), and multiplied with
// the weights of that column. With 3 rows of taps at stride 1 the same quad also serves the next output row: its
// weights are shifted by one row. Reads exactly the taps and valid channels; writes exactly the valid channels.
#if defined(__x86_64__)
#include <immintrin.h>

#include "../common/quantized_avx512.h"
#include "conv_depthwise_u8.h"

#define UNROLLED _Pragma("clang loop unroll(full)")
#define INLINED static inline __attribute__((always_inline))

#pragma clang attribute push( \
    __attribute__((target("avx512f,avx512bw,avx512dq,avx512vl,avx512vnni,avx512vbmi,avx2,fma"))), \
    apply_to = function)

typedef espalier_conv_depthwise_u8_parameters depthwise_u8;

enum { LANES = 16, TAPS_LIMIT = 5 };

// 16 channels of one call.
typedef struct block {
  const depthwise_u8 *p;
  int32_t width;                   // output columns
  const int8_t *weights;           // of the block's first channel
  ptrdiff_t quad_bytes;            // between two quads of weights
  __m512 scale, offset;
  const uint8_t *table;            // or NULL
  __mmask16 mask;
} block;

// 16 channels, or the valid ones, as `whole` says.
INLINED __m128i channels_at(const block *b, const uint8_t *x, const bool whole) {
  return whole ? _mm_loadu_si128((const __m128i *)(const void *)x) : _mm_maskz_loadu_epi8(b->mask, x);
}

// Rows 0 … count - 1 from x on, as [channel][row].
INLINED __m512i quad_at(const block *b, const uint8_t *x, ptrdiff_t row, const int count, const bool whole) {
  const __m512i order = _mm512_set_epi8(
      63, 47, 31, 15, 62, 46, 30, 14, 61, 45, 29, 13, 60, 44, 28, 12, 59, 43, 27, 11, 58, 42, 26, 10, 57, 41,
      25, 9, 56, 40, 24, 8, 55, 39, 23, 7, 54, 38, 22, 6, 53, 37, 21, 5, 52, 36, 20, 4, 51, 35, 19, 3, 50, 34,
      18, 2, 49, 33, 17, 1, 48, 32, 16, 0);
  __m512i rows = _mm512_zextsi128_si512(channels_at(b, x, whole));
  if (count > 1) rows = _mm512_inserti32x4(rows, channels_at(b, x + row, whole), 1);
  if (count > 2) rows = _mm512_inserti32x4(rows, channels_at(b, x + 2 * row, whole), 2);
  if (count > 3) rows = _mm512_inserti32x4(rows, channels_at(b, x + 3 * row, whole), 3);
  return _mm512_permutexvar_epi8(order, rows);
}

INLINED void store(const block *b, __m512i sum, const uint8_t *residual, uint8_t *y, const bool whole) {
  __m512 t = _mm512_fmadd_ps(_mm512_cvtepi32_ps(sum), b->scale, b->offset);
  if (residual) {
    const __m512i value = _mm512_cvtepu8_epi32(channels_at(b, residual, whole));
    t = _mm512_fmadd_ps(_mm512_cvtepi32_ps(value), _mm512_set1_ps(b->p->residual_scale), t);
  }
  t = clamped_avx512(t, b->p->low, b->p->high);
  __m128i bytes = _mm512_cvtepi32_epi8(_mm512_cvtps_epi32(t));
  if (b->table)
    bytes = _mm512_castsi512_si128(looked_up_avx512(b->table, _mm512_castsi128_si512(bytes)));
  if (whole) _mm_storeu_si128((__m128i *)(void *)y, bytes);
  else _mm_mask_storeu_epi8(y, b->mask, bytes);
}

// One row of outputs; `quads` and `columns` of taps, whose loops vanish where they are known.
INLINED void convolve_row(
    const block *b, const uint8_t *x, const uint8_t *residual, uint8_t *y, const int kernel_h,
    const int kernel_w, const bool whole) {
  const depthwise_u8 *p = b->p;
  const int quads = (kernel_h + 3) / 4;
  for (int32_t i = 0; i < b->width; i++) {
    __m512i sum = _mm512_setzero_si512();
    UNROLLED for (int kx = 0; kx < kernel_w; kx++)
      UNROLLED for (int q = 0; q < quads; q++) {
        const int left = kernel_h - 4 * q;
        const uint8_t *taps =
            x + (ptrdiff_t)kx * p->tap_stride_w + (ptrdiff_t)q * 4 * p->tap_stride_h;
        const __m512i inputs = quad_at(b, taps, p->tap_stride_h, left < 4 ? left : 4, whole);
        const __m512i weights = _mm512_loadu_si512(b->weights + (kx * quads + q) * b->quad_bytes);
        sum = _mm512_dpbusd_epi32(sum, inputs, weights);
      }
    store(b, sum, residual, y, whole);
    x += p->input_stride_w;
    y += p->output_stride_w;
    if (residual) residual += p->residual_stride_w;
  }
}

// Two rows of outputs of 3 x 3 taps, stride and dilation 1.
INLINED void convolve_two_rows(
    const block *b, const uint8_t *x, const uint8_t *residual, uint8_t *y, const bool whole) {
  const depthwise_u8 *p = b->p;
  const ptrdiff_t row = p->tap_stride_h, column = p->tap_stride_w;
  __m512i upper[3], lower[3];
  UNROLLED for (int kx = 0; kx < 3; kx++) {
    upper[kx] = _mm512_loadu_si512(b->weights + kx * b->quad_bytes);
    lower[kx] = _mm512_slli_epi32(upper[kx], 8);
  }
  __m512i left = quad_at(b, x, row, 4, whole), middle = quad_at(b, x + column, row, 4, whole);
  for (int32_t i = 0; i < b->width; i++) {
    const __m512i right = quad_at(b, x + 2 * column, row, 4, whole);
    __m512i first = _mm512_dpbusd_epi32(_mm512_setzero_si512(), left, upper[0]);
    __m512i second = _mm512_dpbusd_epi32(_mm512_setzero_si512(), left, lower[0]);
    first = _mm512_dpbusd_epi32(first, middle, upper[1]);
    second = _mm512_dpbusd_epi32(second, middle, lower[1]);
    first = _mm512_dpbusd_epi32(first, right, upper[2]);
    second = _mm512_dpbusd_epi32(second, right, lower[2]);
    store(b, first, residual, y, whole);
    store(b, second, residual ? residual + p->residual_stride_h : NULL, y + p->output_stride_h, whole);
    left = middle;
    middle = right;
    x += column;
    y += p->output_stride_w;
    if (residual) residual += p->residual_stride_w;
  }
}

// One row of outputs of 3 x 3 taps, stride 2 and dilation 1: neighbors share a column.
INLINED void convolve_stride_2(
    const block *b, const uint8_t *x, const uint8_t *residual, uint8_t *y, const bool whole) {
  const depthwise_u8 *p = b->p;
  const ptrdiff_t row = p->tap_stride_h, column = p->tap_stride_w;
  __m512i weights[3];
  UNROLLED for (int kx = 0; kx < 3; kx++) weights[kx] = _mm512_loadu_si512(b->weights + kx * b->quad_bytes);
  __m512i left = quad_at(b, x, row, 3, whole);
  for (int32_t i = 0; i < b->width; i++) {
    const __m512i middle = quad_at(b, x + column, row, 3, whole);
    const __m512i right = quad_at(b, x + 2 * column, row, 3, whole);
    __m512i sum = _mm512_dpbusd_epi32(_mm512_setzero_si512(), left, weights[0]);
    sum = _mm512_dpbusd_epi32(sum, middle, weights[1]);
    sum = _mm512_dpbusd_epi32(sum, right, weights[2]);
    store(b, sum, residual, y, whole);
    left = right;
    x += 2 * column;
    y += p->output_stride_w;
    if (residual) residual += p->residual_stride_w;
  }
}

// One row of outputs of any taps, tap by tap.
static void convolve_any(const block *b, const uint8_t *x, const uint8_t *residual, uint8_t *y) {
  const depthwise_u8 *p = b->p;
  const int32_t quads = (p->kernel_h + 3) / 4;
  for (int32_t i = 0; i < b->width; i++) {
    __m512i sum = _mm512_setzero_si512();
    for (int32_t kx = 0; kx < p->kernel_w; kx++)
      for (int32_t ky = 0; ky < p->kernel_h; ky++) {
        const ptrdiff_t tap = (ptrdiff_t)ky * p->tap_stride_h + (ptrdiff_t)kx * p->tap_stride_w;
        const __m512i inputs = quad_at(b, x + tap, 0, 1, false);
        const __m512i weights = _mm512_loadu_si512(b->weights + (kx * quads + ky / 4) * b->quad_bytes);
        sum = _mm512_dpbusd_epi32(sum, inputs, _mm512_srlv_epi32(weights, _mm512_set1_epi32(ky % 4 * 8)));
      }
    store(b, sum, residual ? residual + (ptrdiff_t)i * p->residual_stride_w : NULL,
          y + (ptrdiff_t)i * p->output_stride_w, false);
    x += p->input_stride_w;
  }
}

// `rows` output rows of one image for one block of channels.
INLINED void convolve_rows(
    const block *b, const uint8_t *x, const uint8_t *residual, uint8_t *y, int64_t rows, const bool whole) {
  const depthwise_u8 *p = b->p;
  const bool steps_by_one = p->input_stride_h == p->tap_stride_h && p->input_stride_w == p->tap_stride_w;
  const bool steps_by_two = p->input_stride_w == 2 * (int64_t)p->tap_stride_w;
  const bool is_3x3 = p->kernel_h == 3 && p->kernel_w == 3, is_5x5 = p->kernel_h == 5 && p->kernel_w == 5;
  for (int64_t i = 0; i < rows;) {
    const int64_t done = is_3x3 && steps_by_one && rows - i >= 2 ? 2 : 1;
    if (done == 2) convolve_two_rows(b, x, residual, y, whole);
    else if (is_3x3 && steps_by_two) convolve_stride_2(b, x, residual, y, whole);
    else if (is_3x3) convolve_row(b, x, residual, y, 3, 3, whole);
    else if (is_5x5) convolve_row(b, x, residual, y, 5, 5, whole);
    else convolve_any(b, x, residual, y);
    x += done * p->input_stride_h;
    y += done * p->output_stride_h;
    if (residual) residual += done * p->residual_stride_h;
    i += done;
  }
}

// Rows h … h + rows - 1 of image n, columns [x, x + width), all channels.
static void convolve_tile(const espalier_call *call, int64_t n, int64_t h, int64_t rows, int64_t x, int32_t width) {
  const depthwise_u8 *p = call->parameters;
  const int64_t padded = espalier_depthwise_channels(p->channels);
  const uint8_t *input = (const uint8_t *)call->operands[0] + n * p->input_stride_n + h * p->input_stride_h +
                         x * p->input_stride_w;
  const uint8_t *residual = call->operands[4];
  if (residual) residual += n * p->residual_stride_n + h * p->residual_stride_h + x * p->residual_stride_w;
  uint8_t *output = (uint8_t *)call->operands[5] + n * p->output_stride_n + h * p->output_stride_h +
                    x * p->output_stride_w;
  for (int64_t c = 0; c < p->channels; c += LANES) {
    const float *numbers = (const float *)call->operands[2] + c;
    const int64_t left = p->channels - c;
    const block b = {
        p, width, (const int8_t *)call->operands[1] + c * 4, padded * 4, _mm512_loadu_ps(numbers),
        _mm512_loadu_ps(numbers + padded), call->operands[3],
        left >= LANES ? 0xFFFF : (__mmask16)((1u << left) - 1)};
    const uint8_t *r = residual ? residual + c : NULL;
    if (left >= LANES) convolve_rows(&b, input + c, r, output + c, rows, true);
    else convolve_rows(&b, input + c, r, output + c, rows, false);
  }
}

void espalier_conv_depthwise_u8_avx512vnni(
    const espalier_call *call, uint32_t first, uint32_t end, void *scratch) {
  (void)scratch;
  const depthwise_u8 *p = call->parameters;
  const espalier_depthwise_tile tile = espalier_depthwise_tile_of(p);
  const int64_t per_item = espalier_conv_depthwise_u8_rows(p), all = (int64_t)p->batch * p->height;
  const int64_t last = end * per_item < all ? end * per_item : all;
  for (int64_t row = first * per_item, rows; row < last; row += rows) {
    const int64_t n = row / p->height, h = row % p->height;
    rows = p->height - h < last - row ? p->height - h : last - row;
    if (rows > tile.rows) rows = tile.rows;
    for (int32_t x = 0; x < p->width; x += tile.columns)
      convolve_tile(call, n, h, rows, x, p->width - x < tile.columns ? p->width - x : tile.columns);
  }
}

#pragma clang attribute pop
#endif
