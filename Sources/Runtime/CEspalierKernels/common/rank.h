// The order in which topk_f32 and nms_f32 take elements, as integers, and a heap of them.
#ifndef ESPALIER_COMMON_RANK_H
#define ESPALIER_COMMON_RANK_H

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

// A larger rank comes first: the larger value, or the smaller one where `largest` is false, and of equals the
// lower index. 0 and -0 are equal, a NaN stands behind every number.
static inline uint64_t espalier_rank(float value, uint32_t index, bool largest) {
  uint32_t bits;
  memcpy(&bits, &value, sizeof bits);
  const uint32_t magnitude = bits & 0x7fffffffu;
  if (magnitude > 0x7f800000u) return ~index;
  if (magnitude == 0) bits = 0;
  const uint32_t rising = bits >> 31 ? ~bits : bits | 0x80000000u;
  return (uint64_t)(largest ? rising : ~rising) << 32 | (uint32_t)~index;
}

static inline uint32_t espalier_rank_index(uint64_t rank) { return ~(uint32_t)rank; }

// Whether `a` stands above `b` in a heap: the largest on top where `descends`, otherwise the smallest.
static inline bool espalier_rank_above(uint64_t a, uint64_t b, bool descends) { return descends ? a > b : a < b; }

// Lets the element at `at` sink to its place.
static inline void espalier_heap_sink(uint64_t *heap, int64_t count, int64_t at, bool descends) {
  const uint64_t moved = heap[at];
  for (;;) {
    int64_t child = 2 * at + 1;
    if (child >= count) break;
    if (child + 1 < count && espalier_rank_above(heap[child + 1], heap[child], descends)) child++;
    if (!espalier_rank_above(heap[child], moved, descends)) break;
    heap[at] = heap[child];
    at = child;
  }
  heap[at] = moved;
}

static inline void espalier_heap_make(uint64_t *heap, int64_t count, bool descends) {
  for (int64_t i = count / 2 - 1; i >= 0; i--) espalier_heap_sink(heap, count, i, descends);
}

#endif
