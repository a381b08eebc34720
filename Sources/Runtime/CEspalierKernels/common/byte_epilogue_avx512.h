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

// The valid channels among the first 64.
static inline uint64_t mask_of_bytes(int32_t channels) { return channels >= 64 ? ~0ull : (1ull << channels) - 1; }

// t of the definition for panel q, of which `mask` names the valid channels; `residual` is that of panel 0.
static inline __attribute__((always_inline)) __m512 finished_avx512(
    const byte_epilogue *end, int q, __m512i sum, const bool adds, const uint8_t *residual, uint64_t mask) {
  const float *numbers = end->scales_offsets + q * 2 * ESPALIER_PANEL;
  const __m512 t = _mm512_fmadd_ps(
      _mm512_cvtepi32_ps(sum), _mm512_loadu_ps(numbers), _mm512_loadu_ps(numbers + ESPALIER_PANEL));
  if (!adds) return t;
  const __mmask16 valid = (__mmask16)(mask >> q * ESPALIER_PANEL);
  const __m128i bytes = _mm_maskz_loadu_epi8(valid, residual + q * ESPALIER_PANEL);
  return _mm512_fmadd_ps(
      _mm512_cvtepi32_ps(_mm512_cvtepu8_epi32(bytes)), _mm512_set1_ps(end->residual_scale), t);
}

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

// Stores bytes: 64 at once, of four rows of one panel, two rows of two or one row.
static inline __attribute__((always_inline)) void store_bytes_avx512(
    const byte_epilogue *end, const int rows, const int panels, const bool adds, __m512i (*sum)[BYTE_ROWS_AVX512],
    uint8_t *const *output, const uint8_t *const *residual, ptrdiff_t channel, int32_t channels) {
  const __m512i low = _mm512_set1_epi8((char)_mm_cvtss_si32(_mm_set_ss(end->low)));
  const __m512 high = _mm512_set1_ps(end->high);
  const uint64_t mask = mask_of_bytes(channels);
  const int step = panels == 1 ? 4 : panels == 2 ? 2 : 1;
  UNROLLED for (int first = 0; first < rows; first += step) {
    __m512i y[4];
    UNROLLED for (int k = 0; k < 4; k++) {
      const int r = first + k / panels * (step > 1), q = step > 1 ? k % panels : k;
      if (r >= rows || q >= panels) {
        y[k] = _mm512_setzero_si512();
        continue;
      }
      const __m512 t = finished_avx512(end, q, sum[q][r], adds, adds ? residual[r] + channel : NULL, mask);
      y[k] = _mm512_cvtps_epi32(_mm512_min_ps(high, t));  // a NaN: the lowest number, and so the byte 0
    }
    __m512i bytes = _mm512_max_epu8(packed_avx512(y), low);
    if (end->table) bytes = looked_up_avx512(end->table, bytes);
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

// Stores floats, from memory: few layers do, the heads of networks.
static __attribute__((noinline)) void store_floats_avx512(
    const byte_epilogue *end, int rows, int panels, const __m512i *sums, uint8_t *const *output,
    const uint8_t *const *residual, ptrdiff_t channel, int32_t channels) {
  const uint64_t mask = mask_of_bytes(channels);
  for (int r = 0; r < rows; r++)
    for (int q = 0; q < panels; q++) {
      const __m512i sum = sums[q * rows + r];
      const __m512 t = residual ? finished_avx512(end, q, sum, true, residual[r] + channel, mask)
                                : finished_avx512(end, q, sum, false, NULL, mask);
      float *at = (float *)(void *)output[r] + channel + q * ESPALIER_PANEL;
      _mm512_mask_storeu_ps(at, (__mmask16)(mask >> q * ESPALIER_PANEL), clamped_avx512(t, end->low, end->high));
    }
}

// Stores `channels` channels from `channel` on of a tile of pixels, sum[panel][row]; `residual` may be NULL.
static inline __attribute__((always_inline)) void store_tile_avx512(
    const byte_epilogue *end, const int rows, const int panels, __m512i (*sum)[BYTE_ROWS_AVX512],
    uint8_t *const *output, const uint8_t *const *residual, ptrdiff_t channel, int32_t channels) {
  if (end->output_is_float) {
    __m512i sums[ESPALIER_ITEM_PANELS * BYTE_ROWS_AVX512];
    UNROLLED for (int q = 0; q < panels; q++)
      UNROLLED for (int r = 0; r < rows; r++) sums[q * rows + r] = sum[q][r];
    store_floats_avx512(end, rows, panels, sums, output, residual, channel, channels);
  } else if (residual) {
    store_bytes_avx512(end, rows, panels, true, sum, output, residual, channel, channels);
  } else {
    store_bytes_avx512(end, rows, panels, false, sum, output, NULL, channel, channels);
  }
}

#pragma clang attribute pop

#endif
