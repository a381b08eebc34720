// conv_gemm_u8 by VPDPBUSD on 256 bits: 6 pixels x 16 channels, exact in int32.
#if defined(__x86_64__)
#include <immintrin.h>
#include <string.h>

#include "../common/byte_epilogue_avx2.h"
#include "conv_gemm_u8.h"

#define ROWS_LIMIT 6

enum { exact };

#pragma clang attribute push(__attribute__((target("avx2,fma,avxvnni"))), apply_to = function)

static inline void add_products(
    const conv_gemm_u8_place *place, uint32_t panel, const uint8_t *const *x, const int rows,
    const int halves, const int way, panel_sum *sum);

#include "conv_gemm_u8_256.h"

INLINED void add_products(
    const conv_gemm_u8_place *place, uint32_t panel, const uint8_t *const *x, const int rows,
    const int halves, const int way, panel_sum *sum) {
  (void)way;
  const int8_t *w = place->panel + panel * place->panel_size;
  const conv_gemm_u8 *p = place->p;
  for (int32_t run = 0; run < p->run_count; run++) {
    const ptrdiff_t start = place->runs[run], end = start + p->run_length;
    for (ptrdiff_t k = start; k < end; k += 4, w += 64) {
      const __m256i low = _mm256_loadu_si256((const __m256i *)(const void *)w);
      const __m256i high = _mm256_loadu_si256((const __m256i *)(const void *)(w + 32));
      UNROLLED for (int r = 0; r < rows; r++) {
        int32_t quad;
        memcpy(&quad, x[r] + k, 4);
        const __m256i value = _mm256_set1_epi32(quad);
        sum[r].half[0] = _mm256_dpbusd_avx_epi32(sum[r].half[0], value, low);
        if (halves == 2) sum[r].half[1] = _mm256_dpbusd_avx_epi32(sum[r].half[1], value, high);
      }
    }
  }
}

TILE(1, exact) TILE(2, exact) TILE(3, exact) TILE(4, exact) TILE(5, exact) TILE(6, exact)

static void run_tile(const conv_gemm_u8_place *place, uint32_t pixels, uint32_t panels) {
  static const panel_tile tiles[2][ROWS_LIMIT] = {
      {tile_1_exact, tile_2_exact, tile_3_exact, tile_4_exact, tile_5_exact, tile_6_exact},
      {half_1_exact, half_2_exact, half_3_exact, half_4_exact, half_5_exact, half_6_exact},
  };
  for (uint32_t panel = 0; panel < panels; panel++) tiles[is_half(place, panel)][pixels - 1](place, panel);
}

void espalier_conv_gemm_u8_avxvnni(const espalier_call *call, uint32_t first, uint32_t end, void *scratch) {
  (void)scratch;
  static const uint32_t limits[] = {0, ROWS_LIMIT, ROWS_LIMIT, ROWS_LIMIT, ROWS_LIMIT};
  conv_gemm_u8_run(call, first, end, limits, run_tile);
}

#pragma clang attribute pop
#endif
