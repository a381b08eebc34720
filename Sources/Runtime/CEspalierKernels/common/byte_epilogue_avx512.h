// The epilogue of convolutions of bytes on AVX-512 with VBMI.
#ifndef ESPALIER_COMMON_BYTE_EPILOGUE_AVX512_H
#define ESPALIER_COMMON_BYTE_EPILOGUE_AVX512_H

#include <immintrin.h>

#include "byte_epilogue.h"
#include "quantized_avx512.h"

#define UNROLLED _Pragma("clang loop unroll(full)")

#pragma clang attribute push( \
    __attribute__((target("avx512f,avx512bw,avx512dq,avx512vl,avx512vbmi,avx2,fma"))), apply_to = function)

enum { BYTE_ROWS_AVX512 = 12 };

// t of the definition for 16 channels; `residual` is that of the first, or NULL.
static inline __attribute__((always_inline)) __m512 finished_avx512(
    const byte_epilogue *end, int panel, __m512i sum, const uint8_t *residual, __mmask16 mask) {
  const float *numbers = end->scales_offsets + panel * 2 * ESPALIER_PANEL;
  __m512 t = _mm512_fmadd_ps(
      _mm512_cvtepi32_ps(sum), _mm512_loadu_ps(numbers), _mm512_loadu_ps(numbers + ESPALIER_PANEL));
  if (residual) {
    const __m128i bytes = _mm_maskz_loadu_epi8(mask, residual);
    const __m512 value = _mm512_cvtepi32_ps(_mm512_cvtepu8_epi32(bytes));
    t = _mm512_fmadd_ps(value, _mm512_set1_ps(end->residual_scale), t);
  }
  return t;
}

static inline __mmask16 mask_of_panel(int32_t channels, int panel) {
  const int32_t left = channels - panel * ESPALIER_PANEL;
  return left >= ESPALIER_PANEL ? 0xFFFF : left <= 0 ? 0 : (__mmask16)((1u << left) - 1);
}

static inline __mmask64 mask_of_bytes(int32_t channels) { return channels >= 64 ? ~0ull : (1ull << channels) - 1; }

// Four times 16 numbers 0 … 255 as 64 bytes in order.
static inline __m512i packed_avx512(const __m512i *y) {
  const __m512i pairs = _mm512_packus_epi16(_mm512_packus_epi32(y[0], y[1]), _mm512_packus_epi32(y[2], y[3]));
  const __m512i order = _mm512_setr_epi32(0, 4, 8, 12, 1, 5, 9, 13, 2, 6, 10, 14, 3, 7, 11, 15);
  return _mm512_permutexvar_epi32(order, pairs);
}

// 16 or 32 of 64 bytes.
static inline __attribute__((always_inline)) __m128i lane_of(__m512i bytes, const int lane) {
  switch (lane) {
    case 0: return _mm512_castsi512_si128(bytes);
    case 1: return _mm512_extracti32x4_epi32(bytes, 1);
    case 2: return _mm512_extracti32x4_epi32(bytes, 2);
    default: return _mm512_extracti32x4_epi32(bytes, 3);
  }
}

static inline __attribute__((always_inline)) __m256i half_of(__m512i bytes, const int half) {
  return half ? _mm512_extracti64x4_epi64(bytes, 1) : _mm512_castsi512_si256(bytes);
}

// One pixel's panels; output and residual are those of the first channel.
static inline __attribute__((always_inline)) void store_row_avx512(
    const byte_epilogue *end, const int panels, const __m512i *sums, uint8_t *output, const uint8_t *residual,
    int32_t channels) {
  __m512i y[ESPALIER_ITEM_PANELS];
  UNROLLED for (int q = 0; q < ESPALIER_ITEM_PANELS; q++) {
    if (q >= panels) {
      y[q] = _mm512_setzero_si512();
      continue;
    }
    const __mmask16 mask = mask_of_panel(channels, q);
    const __m512 t =
        finished_avx512(end, q, sums[q], residual ? residual + q * ESPALIER_PANEL : NULL, mask);
    if (end->output_is_float)
      _mm512_mask_storeu_ps(
          (float *)(void *)output + q * ESPALIER_PANEL, mask, clamped_avx512(t, end->low, end->high));
    // A NaN becomes the lowest number, and that, as all below 0, the byte 0.
    y[q] = _mm512_cvtps_epi32(_mm512_min_ps(_mm512_set1_ps(end->high), t));
  }
  if (end->output_is_float) return;
  const int low = _mm_cvtss_si32(_mm_set_ss(end->low));
  __m512i bytes = _mm512_max_epu8(packed_avx512(y), _mm512_set1_epi8((char)low));
  if (end->table) bytes = looked_up_avx512(end->table, bytes);
  _mm512_mask_storeu_epi8(output, mask_of_bytes(channels), bytes);
}

// Rows with a residual, a table or floats: out of line and from memory, so that their choices are made once a row.
#define STORE_ROWS(panels)                                                                                \
  static __attribute__((noinline)) void store_rows_##panels(                                              \
      const byte_epilogue *end, int rows, const __m512i (*sums)[ESPALIER_ITEM_PANELS],                    \
      uint8_t *const *output, const uint8_t *const *residual, ptrdiff_t channel, int32_t channels) {      \
    for (int r = 0; r < rows; r++)                                                                        \
      store_row_avx512(                                                                                   \
          end, panels, sums[r], output[r] + channel * byte_epilogue_size(end),                            \
          residual ? residual[r] + channel : NULL, channels);                                             \
  }
STORE_ROWS(1) STORE_ROWS(2) STORE_ROWS(3) STORE_ROWS(4)
#undef STORE_ROWS

// Stores bytes without residual and table: 64 at once, of four rows of one panel, two rows of two or one row.
static inline __attribute__((always_inline)) void store_bytes_avx512(
    const byte_epilogue *end, const int rows, const int panels, __m512i (*sum)[BYTE_ROWS_AVX512],
    uint8_t *const *output, ptrdiff_t channel, int32_t channels) {
  const __m512i low = _mm512_set1_epi8((char)_mm_cvtss_si32(_mm_set_ss(end->low)));
  const __m512 high = _mm512_set1_ps(end->high);
  const __mmask64 mask = mask_of_bytes(channels);
  const int step = panels == 1 ? 4 : panels == 2 ? 2 : 1;
  UNROLLED for (int first = 0; first < rows; first += step) {
    __m512i y[4];
    UNROLLED for (int k = 0; k < 4; k++) {
      const int r = first + k / panels * (step > 1), q = step > 1 ? k % panels : k;
      if (r >= rows || q >= panels) {
        y[k] = _mm512_setzero_si512();
        continue;
      }
      const __m512 t = finished_avx512(end, q, sum[q][r], NULL, 0);
      y[k] = _mm512_cvtps_epi32(_mm512_min_ps(high, t));  // a NaN: the lowest number, and so the byte 0
    }
    const __m512i bytes = _mm512_max_epu8(packed_avx512(y), low);
    UNROLLED for (int k = 0; k < step; k++) {
      const int r = first + k;
      if (r >= rows) continue;
      uint8_t *at = output[r] + channel;
      if (panels == 1) _mm_mask_storeu_epi8(at, (__mmask16)mask, lane_of(bytes, k));
      else if (panels == 2) _mm256_mask_storeu_epi8(at, (__mmask32)mask, half_of(bytes, k));
      else _mm512_mask_storeu_epi8(at, mask, bytes);
    }
  }
}

// Stores `channels` channels from `channel` on of a tile of pixels, sum[panel][row].
static inline __attribute__((always_inline)) void store_tile_avx512(
    const byte_epilogue *end, const int rows, const int panels, __m512i (*sum)[BYTE_ROWS_AVX512],
    uint8_t *const *output, const uint8_t *const *residual, ptrdiff_t channel, int32_t channels) {
  if (!residual && !end->table && !end->output_is_float) {
    store_bytes_avx512(end, rows, panels, sum, output, channel, channels);
    return;
  }
  __m512i sums[BYTE_ROWS_AVX512][ESPALIER_ITEM_PANELS];
  UNROLLED for (int r = 0; r < rows; r++)
    UNROLLED for (int q = 0; q < panels; q++) sums[r][q] = sum[q][r];
  if (panels == 1) store_rows_1(end, rows, sums, output, residual, channel, channels);
  if (panels == 2) store_rows_2(end, rows, sums, output, residual, channel, channels);
  if (panels == 3) store_rows_3(end, rows, sums, output, residual, channel, channels);
  if (panels == 4) store_rows_4(end, rows, sums, output, residual, channel, channels);
}

#pragma clang attribute pop

#endif
