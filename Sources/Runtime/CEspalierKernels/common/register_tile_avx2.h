// The heart of the AVX2 matrix products: rows x vectors of 8 accumulators, one step of K at a time.
#ifndef ESPALIER_REGISTER_TILE_AVX2_H
#define ESPALIER_REGISTER_TILE_AVX2_H

#include <immintrin.h>
#include <stddef.h>
#include <stdint.h>

// Loops over registers must vanish, or the registers would live on the stack.
#define UNROLLED _Pragma("clang loop unroll(full)")

#pragma clang attribute push(__attribute__((target("avx2,fma"))), apply_to = function)

// sum[v][r] += x[r][k] * w[vector v][k] for k in [start, end), `per_panel` vectors (2, or 1 of a half panel)
// in each panel of [k][16] weights. Returns where the next k's weights lie. Meanwhile fetches as many steps of
// the panel at `ahead`, unless NULL, into the second-level cache.
static inline __attribute__((always_inline)) const float *add_products_avx2(
    const float *const *x, ptrdiff_t start, ptrdiff_t end, const float *w, size_t panel_size, const int rows,
    const int vectors, const int per_panel, const float *ahead, __m256 (*sum)[8]) {
  for (ptrdiff_t k = start; k < end; k++, w += 16) {
    __m256 weight[8];
    if (ahead) {
      _mm_prefetch((const char *)ahead, _MM_HINT_T1);
      ahead += 16;
    }
    UNROLLED for (int v = 0; v < vectors; v++)
      weight[v] = _mm256_loadu_ps(w + (size_t)(v / per_panel) * panel_size + (size_t)(v % per_panel) * 8);
    UNROLLED for (int r = 0; r < rows; r++) {
      const __m256 value = _mm256_broadcast_ss(x[r] + k);
      UNROLLED for (int v = 0; v < vectors; v++) sum[v][r] = _mm256_fmadd_ps(value, weight[v], sum[v][r]);
    }
  }
  return w;
}

static inline __m256i first_lanes_avx2(int32_t count) {
  return _mm256_cmpgt_epi32(_mm256_set1_epi32(count), _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7));
}

#pragma clang attribute pop

#endif
