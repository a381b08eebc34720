// Arithmetic for checkers: a hostile pack must not be able to make a sum or a product wrap.
#ifndef ESPALIER_CHECKED_ARITHMETIC_H
#define ESPALIER_CHECKED_ARITHMETIC_H

#include <stdbool.h>
#include <stdint.h>

enum { ESPALIER_EXTENT_LIMIT = 1 << 24 };

// Whether an extent of at least 1 stays below the limit that makes extent * stride fit 64 bits.
static inline bool is_extent(int32_t extent) { return extent >= 1 && extent <= ESPALIER_EXTENT_LIMIT; }

// *product *= factor; false where that does not fit.
static inline bool multiply(uint64_t *product, uint64_t factor) {
  return !__builtin_mul_overflow(*product, factor, product);
}

// The elements that an NHWC image of these extents and strides spans, `channels` of the last pixel included.
// All must be extents and non-negative strides; then nothing can overflow.
static inline uint64_t image_span(
    const int32_t extent[3], int32_t stride_n, int32_t stride_h, int32_t stride_w, uint64_t channels) {
  return (uint64_t)(extent[0] - 1) * (uint64_t)stride_n + (uint64_t)(extent[1] - 1) * (uint64_t)stride_h +
         (uint64_t)(extent[2] - 1) * (uint64_t)stride_w + channels;
}

// Writes the extent of an operand of `elements` 4-byte elements; false where the operand is smaller.
static inline bool operand_holds(uint64_t operand_bytes, uint64_t elements, uint64_t *extent) {
  if (!multiply(&elements, 4) || elements > operand_bytes) return false;
  *extent = elements;
  return true;
}

#endif
