// What a byte is made of: the one definition behind every quantized kernel.
#ifndef ESPALIER_COMMON_QUANTIZED_H
#define ESPALIER_COMMON_QUANTIZED_H

#include <math.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

// t inside low … high; a NaN gives low.
static inline float espalier_clamped(float t, float low, float high) {
  t = t > low ? t : low;
  return t < high ? t : high;
}

// The byte nearest to t, the even one of two, inside low … high.
static inline uint8_t espalier_quantized(float t, float low, float high) {
  return (uint8_t)(int32_t)rintf(espalier_clamped(t, low, high));
}

// Whether low … high is a range of bytes.
static inline bool espalier_byte_range_ok(float low, float high) {
  return low >= 0 && low <= high && high <= 255;
}

// Whether the 16-bit sum of products of bytes with `count` weights, `step` apart, cannot wrap, nor any part of it.
static inline bool espalier_sum_fits(const int8_t *weights, ptrdiff_t step, int count) {
  int highest = 0, lowest = 0;
  for (int i = 0; i < count; i++) {
    const int weight = weights[i * step];
    if (weight > 0) highest += weight;
    else lowest += weight;
  }
  return 255 * highest <= INT16_MAX && 255 * lowest >= INT16_MIN;
}

// Whether espalier_byte_sums_pairs holds of `count` weights.
static inline bool espalier_pairs_fit(const int8_t *weights, uint64_t count) {
  if (!weights) return false;
  for (uint64_t i = 0; i < count; i += 2)
    if (!espalier_sum_fits(weights + i, 1, 2)) return false;
  return true;
}

#endif
