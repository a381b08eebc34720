// What a byte is made of: the one definition behind every quantized kernel.
#ifndef ESPALIER_COMMON_QUANTIZED_H
#define ESPALIER_COMMON_QUANTIZED_H

#include <math.h>
#include <stdbool.h>
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

// Whether pairs of weights stand in the pack as they are said to: no 16-bit sum of two products with bytes wraps.
static inline bool espalier_pairs_fit(const int8_t *weights, uint64_t count) {
  if (!weights) return false;
  for (uint64_t i = 0; i < count; i += 2) {
    const int a = weights[i], b = weights[i + 1];
    const int positive = (a > 0 ? a : 0) + (b > 0 ? b : 0), negative = (a < 0 ? a : 0) + (b < 0 ? b : 0);
    if (255 * positive > INT16_MAX || 255 * negative < INT16_MIN) return false;
  }
  return true;
}

#endif
