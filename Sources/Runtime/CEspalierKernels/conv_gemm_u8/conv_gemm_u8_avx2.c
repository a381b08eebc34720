// conv_gemm_u8 on AVX2: 4 pixels x 16 channels.
//
// Where the checker proved that pairs fit, VPMADDUBSW's 16-bit sums of two products cannot saturate. Elsewhere
// weights and inputs are split into even and odd bytes and multiplied as 16-bit numbers: half as fast, as exact.
#if defined(__x86_64__)
#include <immintrin.h>
#include <string.h>

#include "../common/byte_part_128.h"
#include "../common/quantized_avx2.h"
#include "conv_gemm_u8.h"

#define UNROLLED _Pragma("clang loop unroll(full)")
#define ROWS_LIMIT 4

#pragma clang attribute push(__attribute__((target("avx2,fma"))), apply_to = function)

typedef struct panel_sum panel_sum;
static inline void add_products(
    const conv_gemm_u8_place *place, const int8_t *w, const uint8_t *const *x, const int rows,
    panel_sum *sum);

#include "conv_gemm_u8_256.h"

static inline __attribute__((always_inline)) __m256i quad_at(const uint8_t *x) {
  int32_t quad;
  memcpy(&quad, x, 4);
  return _mm256_set1_epi32(quad);
}

static inline __attribute__((always_inline)) void add_pairs(
    const conv_gemm_u8_place *place, const int8_t *w, const uint8_t *const *x, const int rows,
    panel_sum *sum) {
  const conv_gemm_u8 *p = place->p;
  const __m256i ones = _mm256_set1_epi16(1);
  for (int32_t run = 0; run < p->run_count; run++) {
    const ptrdiff_t start = place->runs[run], end = start + p->run_length;
    for (ptrdiff_t k = start; k < end; k += 4, w += 64) {
      __m256i weight[2];
      UNROLLED for (int h = 0; h < 2; h++)
        weight[h] = _mm256_loadu_si256((const __m256i *)(const void *)(w + 32 * h));
      UNROLLED for (int r = 0; r < rows; r++) {
        const __m256i value = quad_at(x[r] + k);
        UNROLLED for (int h = 0; h < 2; h++) {
          const __m256i pairs = _mm256_maddubs_epi16(value, weight[h]);
          sum[r].half[h] = _mm256_add_epi32(sum[r].half[h], _mm256_madd_epi16(pairs, ones));
        }
      }
    }
  }
}

static inline __attribute__((always_inline)) void add_words(
    const conv_gemm_u8_place *place, const int8_t *w, const uint8_t *const *x, const int rows,
    panel_sum *sum) {
  const conv_gemm_u8 *p = place->p;
  const __m256i even = _mm256_set1_epi16(0xFF);
  for (int32_t run = 0; run < p->run_count; run++) {
    const ptrdiff_t start = place->runs[run], end = start + p->run_length;
    for (ptrdiff_t k = start; k < end; k += 4, w += 64) {
      __m256i evens[2], odds[2];
      UNROLLED for (int h = 0; h < 2; h++) {
        const __m256i weight = _mm256_loadu_si256((const __m256i *)(const void *)(w + 32 * h));
        evens[h] = _mm256_srai_epi16(_mm256_slli_epi16(weight, 8), 8);
        odds[h] = _mm256_srai_epi16(weight, 8);
      }
      UNROLLED for (int r = 0; r < rows; r++) {
        const __m256i value = quad_at(x[r] + k);
        const __m256i low = _mm256_and_si256(value, even), high = _mm256_srli_epi16(value, 8);
        UNROLLED for (int h = 0; h < 2; h++) {
          const __m256i products =
              _mm256_add_epi32(_mm256_madd_epi16(low, evens[h]), _mm256_madd_epi16(high, odds[h]));
          sum[r].half[h] = _mm256_add_epi32(sum[r].half[h], products);
        }
      }
    }
  }
}

static inline __attribute__((always_inline)) void add_products(
    const conv_gemm_u8_place *place, const int8_t *w, const uint8_t *const *x, const int rows,
    panel_sum *sum) {
  if (place->p->pairs_fit) add_pairs(place, w, x, rows, sum);
  else add_words(place, w, x, rows, sum);
}

void espalier_conv_gemm_u8_avx2(const espalier_call *call, uint32_t first, uint32_t end, void *scratch) {
  (void)scratch;
  static const uint32_t rows[] = {0, ROWS_LIMIT, ROWS_LIMIT, ROWS_LIMIT, ROWS_LIMIT};
  conv_gemm_u8_run(call, first, end, rows, run_tile);
}

#pragma clang attribute pop
#endif
