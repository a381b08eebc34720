// conv_gemm_u8 on AVX2: 4 pixels x 16 channels.
//
// Panel by panel the fastest way that is exact, by what the checker proved of its weights (espalier_byte_sums).
// VPMADDUBSW adds two products in 16 bits, which cannot saturate where pairs fit; VPADDW adds two such sums where
// fours do, so that VPMADDWD and VPADDD are needed half as often. Elsewhere weights and inputs are split into even
// and odd bytes and multiplied as 16-bit numbers: half as fast, as exact.
//
// Multiply-adds a cycle of 1x1, 128 channels, 28x28 on Zen 5, and what the instructions alone reach in registers:
// fours 35 of 43, pairs 29 of 32, words 20 of 28.
#if defined(__x86_64__)
#include <immintrin.h>
#include <string.h>

#include "../common/byte_epilogue_avx2.h"
#include "conv_gemm_u8.h"

#define ROWS_LIMIT 4

enum { words = espalier_byte_sums_words, pairs = espalier_byte_sums_pairs, fours = espalier_byte_sums_fours };

#pragma clang attribute push(__attribute__((target("avx2,fma"))), apply_to = function)

static inline void add_products(
    const conv_gemm_u8_place *place, uint32_t panel, const uint8_t *const *x, const int rows,
    const int halves, const int way, panel_sum *sum);

#include "conv_gemm_u8_256.h"

INLINED __m256i quad_at(const uint8_t *x) {
  int32_t quad;
  memcpy(&quad, x, 4);
  return _mm256_set1_epi32(quad);
}

INLINED __m256i half_at(const int8_t *w, int half) {
  return _mm256_loadu_si256((const __m256i *)(const void *)(w + 32 * half));
}

INLINED void add_pair(
    const int8_t *w, const uint8_t *const *x, ptrdiff_t k, const int rows, const int halves,
    panel_sum *sum) {
  const __m256i ones = _mm256_set1_epi16(1);
  UNROLLED for (int r = 0; r < rows; r++) {
    const __m256i value = quad_at(x[r] + k);
    UNROLLED for (int h = 0; h < halves; h++) {
      const __m256i pairs = _mm256_maddubs_epi16(value, half_at(w, h));
      sum[r].half[h] = _mm256_add_epi32(sum[r].half[h], _mm256_madd_epi16(pairs, ones));
    }
  }
}

INLINED void add_pairs(
    const conv_gemm_u8_place *place, const int8_t *w, const uint8_t *const *x, const int rows, const int halves,
    panel_sum *sum) {
  const conv_gemm_u8 *p = place->p;
  for (int32_t run = 0; run < p->run_count; run++) {
    const ptrdiff_t start = place->runs[run], end = start + p->run_length;
    for (ptrdiff_t k = start; k < end; k += 4, w += 64) add_pair(w, x, k, rows, halves, sum);
  }
}

// Two quads a step: their weights come from memory, so that nothing but sums needs a register for long.
INLINED void add_fours(
    const conv_gemm_u8_place *place, const int8_t *w, const uint8_t *const *x, const int rows, const int halves,
    panel_sum *sum) {
  const conv_gemm_u8 *p = place->p;
  const __m256i ones = _mm256_set1_epi16(1);
  for (int32_t run = 0; run < p->run_count; run++) {
    const ptrdiff_t start = place->runs[run], end = start + p->run_length;
    ptrdiff_t k = start;
    for (; k + 8 <= end; k += 8, w += 128)
      UNROLLED for (int r = 0; r < rows; r++) {
        const __m256i first = quad_at(x[r] + k), second = quad_at(x[r] + k + 4);
        __asm__("" : "+r"(w));  // not to be kept in four registers, which are not there
        UNROLLED for (int h = 0; h < halves; h++) {
          const __m256i fours = _mm256_add_epi16(
              _mm256_maddubs_epi16(first, half_at(w, h)), _mm256_maddubs_epi16(second, half_at(w + 64, h)));
          sum[r].half[h] = _mm256_add_epi32(sum[r].half[h], _mm256_madd_epi16(fours, ones));
        }
      }
    if (k == end) continue;
    add_pair(w, x, k, rows, halves, sum);
    w += 64;
  }
}

INLINED void add_words(
    const conv_gemm_u8_place *place, const int8_t *w, const uint8_t *const *x, const int rows, const int halves,
    panel_sum *sum) {
  const conv_gemm_u8 *p = place->p;
  const __m256i even = _mm256_set1_epi16(0xFF);
  for (int32_t run = 0; run < p->run_count; run++) {
    const ptrdiff_t start = place->runs[run], end = start + p->run_length;
    for (ptrdiff_t k = start; k < end; k += 4, w += 64) {
      __m256i evens[2], odds[2];
      UNROLLED for (int h = 0; h < halves; h++) {
        const __m256i weight = half_at(w, h);
        evens[h] = _mm256_srai_epi16(_mm256_slli_epi16(weight, 8), 8);
        odds[h] = _mm256_srai_epi16(weight, 8);
      }
      UNROLLED for (int r = 0; r < rows; r++) {
        const __m256i value = quad_at(x[r] + k);
        const __m256i low = _mm256_and_si256(value, even), high = _mm256_srli_epi16(value, 8);
        UNROLLED for (int h = 0; h < halves; h++) {
          sum[r].half[h] = _mm256_add_epi32(sum[r].half[h], _mm256_madd_epi16(low, evens[h]));
          sum[r].half[h] = _mm256_add_epi32(sum[r].half[h], _mm256_madd_epi16(high, odds[h]));
        }
      }
    }
  }
}

INLINED void add_products(
    const conv_gemm_u8_place *place, uint32_t panel, const uint8_t *const *x, const int rows,
    const int halves, const int way, panel_sum *sum) {
  const int8_t *w = place->panel + panel * place->panel_size;
  if (way == fours) add_fours(place, w, x, rows, halves, sum);
  else if (way == pairs) add_pairs(place, w, x, rows, halves, sum);
  else add_words(place, w, x, rows, halves, sum);
}

TILE(1, words) TILE(2, words) TILE(3, words) TILE(4, words)
TILE(1, pairs) TILE(2, pairs) TILE(3, pairs) TILE(4, pairs)
TILE(1, fours) TILE(2, fours) TILE(3, fours) TILE(4, fours)

static void run_tile(const conv_gemm_u8_place *place, uint32_t pixels, uint32_t panels) {
  static const panel_tile tiles[][2][ROWS_LIMIT] = {
      [words] = {{tile_1_words, tile_2_words, tile_3_words, tile_4_words},
                 {half_1_words, half_2_words, half_3_words, half_4_words}},
      [pairs] = {{tile_1_pairs, tile_2_pairs, tile_3_pairs, tile_4_pairs},
                 {half_1_pairs, half_2_pairs, half_3_pairs, half_4_pairs}},
      [fours] = {{tile_1_fours, tile_2_fours, tile_3_fours, tile_4_fours},
                 {half_1_fours, half_2_fours, half_3_fours, half_4_fours}},
  };
  for (uint32_t panel = 0; panel < panels; panel++)
    tiles[place->sums ? place->sums[panel] : words][is_half(place, panel)][pixels - 1](place, panel);
}

void espalier_conv_gemm_u8_avx2(const espalier_call *call, uint32_t first, uint32_t end, void *scratch) {
  (void)scratch;
  static const uint32_t limits[] = {0, ROWS_LIMIT, ROWS_LIMIT, ROWS_LIMIT, ROWS_LIMIT};
  conv_gemm_u8_run(call, first, end, limits, run_tile);
}

#pragma clang attribute pop
#endif
