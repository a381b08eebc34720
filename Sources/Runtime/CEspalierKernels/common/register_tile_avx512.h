// The heart of the AVX-512 matrix products: rows x panels of 16 accumulators, one step of K at a time.
#ifndef ESPALIER_REGISTER_TILE_AVX512_H
#define ESPALIER_REGISTER_TILE_AVX512_H

#include <immintrin.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

// Loops over registers must vanish, or the registers would live on the stack.
#define UNROLLED _Pragma("clang loop unroll(full)")

#pragma clang attribute push( \
    __attribute__((target("avx512f,avx512bw,avx512dq,avx512vl,avx2,fma"))), apply_to = function)

// sum[p][r] += x[r][k] * w[panel p][k] for k in [start, end). Returns where the next k's weights lie.
// Meanwhile fetches as many steps of 2 panels (4 if `fetches_four`) from `ahead` on, unless NULL, into the
// second-level cache, which can wait for more lines at once than the first.
static inline __attribute__((always_inline)) const float *add_products_avx512(
    const float *const *x, ptrdiff_t start, ptrdiff_t end, const float *w, size_t panel_size, const int rows,
    const int panels, const float *ahead, const bool fetches_four, __m512 (*sum)[12]) {
  for (ptrdiff_t k = start; k < end; k++, w += 16) {
    __m512 weight[4];
    if (ahead) {
      _mm_prefetch((const char *)ahead, _MM_HINT_T1);
      _mm_prefetch((const char *)(ahead + panel_size), _MM_HINT_T1);
      if (fetches_four) {
        _mm_prefetch((const char *)(ahead + 2 * panel_size), _MM_HINT_T1);
        _mm_prefetch((const char *)(ahead + 3 * panel_size), _MM_HINT_T1);
      }
      ahead += 16;
    }
    UNROLLED for (int p = 0; p < panels; p++) weight[p] = _mm512_loadu_ps(w + (size_t)p * panel_size);
    UNROLLED for (int r = 0; r < rows; r++) {
      const __m512 value = _mm512_set1_ps(x[r][k]);
      UNROLLED for (int p = 0; p < panels; p++) sum[p][r] = _mm512_fmadd_ps(value, weight[p], sum[p][r]);
    }
  }
  return w;
}

#pragma clang attribute pop

#endif
