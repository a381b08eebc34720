// The first n bytes of a register of 16, 0 <= n < 16, without touching any byte behind them.
#ifndef ESPALIER_COMMON_BYTE_PART_128_H
#define ESPALIER_COMMON_BYTE_PART_128_H

#include <immintrin.h>
#include <stdint.h>

#pragma clang attribute push(__attribute__((target("avx2"))), apply_to = function)

// The first n bytes, 4 <= n <= 8, as one number: two loads that may overlap.
static inline uint64_t load_4_to_8(const uint8_t *p, int64_t n) {
  uint32_t low, high;
  __builtin_memcpy(&low, p, 4);
  __builtin_memcpy(&high, p + n - 4, 4);
  return low | (uint64_t)high << 8 * (n - 4);
}

static inline uint64_t load_8(const uint8_t *p) {
  uint64_t x;
  __builtin_memcpy(&x, p, 8);
  return x;
}

static inline __m128i load_part_128(const uint8_t *p, int64_t n) {
  if (n > 8) return _mm_set_epi64x((long long)(load_8(p + n - 8) >> 8 * (16 - n)), (long long)load_8(p));
  if (n >= 4) return _mm_cvtsi64_si128((long long)load_4_to_8(p, n));
  if (n == 0) return _mm_setzero_si128();
  return _mm_cvtsi32_si128(p[0] | p[n / 2] << 8 * (n / 2) | p[n - 1] << 8 * (n - 1));
}

static inline void store_4_to_8(uint8_t *p, int64_t n, uint64_t x) {
  const uint32_t low = (uint32_t)x, high = (uint32_t)(x >> 8 * (n - 4));
  __builtin_memcpy(p, &low, 4);
  __builtin_memcpy(p + n - 4, &high, 4);
}

static inline void store_part_128(uint8_t *p, int64_t n, __m128i x) {
  uint64_t low = (uint64_t)_mm_cvtsi128_si64(x);
  if (n >= 8) {
    __builtin_memcpy(p, &low, 8);
    p += 8, n -= 8;
    low = (uint64_t)_mm_extract_epi64(x, 1);
  }
  if (n >= 4) {
    store_4_to_8(p, n, low);
    return;
  }
  for (int64_t i = 0; i < n; i++) p[i] = (uint8_t)(low >> 8 * i);
}

#pragma clang attribute pop

#endif
