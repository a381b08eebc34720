// The epilogue of convolutions of bytes on AVX2.
#ifndef ESPALIER_COMMON_BYTE_EPILOGUE_AVX2_H
#define ESPALIER_COMMON_BYTE_EPILOGUE_AVX2_H

#include <immintrin.h>
#include <string.h>

#include "byte_epilogue.h"
#include "byte_part_128.h"
#include "quantized_avx2.h"

#define UNROLLED _Pragma("clang loop unroll(full)")
#define INLINED static inline __attribute__((always_inline))

#pragma clang attribute push(__attribute__((target("avx2,fma"))), apply_to = function)

// The sums of a panel's 16 channels.
typedef struct panel_sum {
  __m256i half[2];
} panel_sum;

// t of the definition for half a panel, clamped.
INLINED __m256 finished_avx2(
    const byte_epilogue *end, const float *numbers, __m256i sum, bool adds, __m128i residual) {
  __m256 t = _mm256_fmadd_ps(
      _mm256_cvtepi32_ps(sum), _mm256_loadu_ps(numbers), _mm256_loadu_ps(numbers + ESPALIER_PANEL));
  if (adds) {
    const __m256i value = _mm256_cvtepu8_epi32(residual);
    t = _mm256_fmadd_ps(_mm256_cvtepi32_ps(value), _mm256_set1_ps(end->residual_scale), t);
  }
  t = _mm256_max_ps(t, _mm256_set1_ps(end->low));  // a NaN gives the second operand
  return _mm256_min_ps(t, _mm256_set1_ps(end->high));
}

// One row of a panel with a residual, a table, floats or fewer than 16 channels; output and residual (or NULL) are
// those of the panel's first channel.
static inline void store_row_avx2(
    const byte_epilogue *end, uint32_t panel, const panel_sum *sum, uint8_t *output, const uint8_t *residual,
    size_t channels) {
  const float *numbers = end->scales_offsets + (size_t)panel * 2 * ESPALIER_PANEL;
  __m128i rest = _mm_setzero_si128();
  if (residual)
    rest = channels == ESPALIER_PANEL ? _mm_loadu_si128((const __m128i *)(const void *)residual)
                                      : load_part_128(residual, (int64_t)channels);
  const bool adds = residual != NULL;
  const __m256 low = finished_avx2(end, numbers, sum->half[0], adds, rest);
  const __m256 high = finished_avx2(end, numbers + 8, sum->half[1], adds, _mm_unpackhi_epi64(rest, rest));
  if (end->output_is_float) {
    float y[ESPALIER_PANEL];
    _mm256_storeu_ps(y, low);
    _mm256_storeu_ps(y + 8, high);
    memcpy(output, y, channels * sizeof *y);
    return;
  }
  const __m256i words = _mm256_packs_epi32(_mm256_cvtps_epi32(low), _mm256_cvtps_epi32(high));
  const __m256i ordered = _mm256_permute4x64_epi64(words, 0xD8);
  __m128i bytes = _mm_packus_epi16(_mm256_castsi256_si128(ordered), _mm256_extracti128_si256(ordered, 1));
  if (end->table) bytes = looked_up_128(end->table, bytes);
  if (channels == ESPALIER_PANEL) _mm_storeu_si128((__m128i *)(void *)output, bytes);
  else store_part_128(output, (int64_t)channels, bytes);
}

// A panel of some pixels: `channels` are valid from `channel` on, where panel 0 begins.
static __attribute__((noinline)) void store_rows_avx2(
    const byte_epilogue *end, uint32_t panel, uint32_t rows, const panel_sum *sum, uint8_t *const *output,
    const uint8_t *const *residual, ptrdiff_t channel, int32_t channels) {
  const ptrdiff_t offset = (ptrdiff_t)panel * ESPALIER_PANEL, first = channel + offset;
  const size_t left = (size_t)(channels - offset), valid = left < ESPALIER_PANEL ? left : ESPALIER_PANEL;
  for (uint32_t r = 0; r < rows; r++)
    store_row_avx2(
        end, panel, &sum[r], output[r] + first * byte_epilogue_size(end), residual ? residual[r] + first : NULL,
        valid);
}

// 8 channels of a row rounded and not above the upper bound. A NaN becomes the lowest number, and so the lower bound.
INLINED __m256i rounded_avx2(const byte_epilogue *end, const float *numbers, __m256i sum) {
  const __m256 t = _mm256_fmadd_ps(
      _mm256_cvtepi32_ps(sum), _mm256_loadu_ps(numbers), _mm256_loadu_ps(numbers + ESPALIER_PANEL));
  return _mm256_cvtps_epi32(_mm256_min_ps(_mm256_set1_ps(end->high), t));
}

// Whole rows of a panel as bytes, two at once: the lower bound, rounded, is a byte too.
INLINED void store_bytes_avx2(
    const byte_epilogue *end, uint32_t panel, const int rows, const panel_sum *sum, uint8_t *const *output,
    ptrdiff_t channel) {
  const ptrdiff_t first = channel + (ptrdiff_t)panel * ESPALIER_PANEL;
  const float *numbers = end->scales_offsets + (size_t)panel * 2 * ESPALIER_PANEL;
  const __m256i low = _mm256_set1_epi8((char)_mm_cvtss_si32(_mm_set_ss(end->low)));
  const __m256i order = _mm256_setr_epi32(0, 4, 1, 5, 2, 6, 3, 7);
  UNROLLED for (int r = 0; r < rows; r += 2) {
    __m256i words[2];
    UNROLLED for (int i = 0; i < 2; i++) {
      const panel_sum *own = &sum[r + i < rows ? r + i : r];
      words[i] = _mm256_packs_epi32(
          rounded_avx2(end, numbers, own->half[0]), rounded_avx2(end, numbers + 8, own->half[1]));
    }
    const __m256i bytes = _mm256_permutevar8x32_epi32(
        _mm256_max_epu8(_mm256_packus_epi16(words[0], words[1]), low), order);
    _mm_storeu_si128((__m128i *)(void *)(output[r] + first), _mm256_castsi256_si128(bytes));
    if (r + 1 < rows)
      _mm_storeu_si128((__m128i *)(void *)(output[r + 1] + first), _mm256_extracti128_si256(bytes, 1));
  }
}

#pragma clang attribute pop

#endif
