// The heart of the NEON matrix products: rows x 16 accumulators, four steps of K at a time.
#ifndef ESPALIER_REGISTER_TILE_NEON_H
#define ESPALIER_REGISTER_TILE_NEON_H

#include <arm_neon.h>
#include <stddef.h>

// Loops over registers must vanish, or the registers would live on the stack.
#define UNROLLED _Pragma("clang loop unroll(full)")

enum { REGISTER_ROWS = 5 };  // 20 accumulators, 5 registers of 4 inputs each, weights in the rest of the 32

// sum[r] += x[r] * w, one k of 16 channels; x[r] stands in one lane.
#define ADD_LANE(lane)                                                              \
  UNROLLED for (int v = 0; v < 4; v++) {                                            \
    const float32x4_t weight = vld1q_f32(w + (lane) * 16 + v * 4);                  \
    UNROLLED for (int r = 0; r < rows; r++)                                         \
      sum[r][v] = vfmaq_laneq_f32(sum[r][v], weight, value[r], lane);               \
  }

// sum[r] += x[r][k] * w[k] for k in [start, end), with weights [k][16]. Returns where the next k's weights
// lie.
static inline __attribute__((always_inline)) const float *add_products_neon(
    const float *const *x, ptrdiff_t start, ptrdiff_t end, const float *w, const int rows,
    float32x4_t (*sum)[4]) {
  float32x4_t value[REGISTER_ROWS];
  ptrdiff_t k = start;
  for (; k + 4 <= end; k += 4, w += 64) {
    UNROLLED for (int r = 0; r < rows; r++) value[r] = vld1q_f32(x[r] + k);
    ADD_LANE(0)
    ADD_LANE(1)
    ADD_LANE(2)
    ADD_LANE(3)
  }
  for (; k < end; k++, w += 16) {
    UNROLLED for (int r = 0; r < rows; r++) value[r] = vdupq_n_f32(x[r][k]);
    ADD_LANE(0)
  }
  return w;
}

#undef ADD_LANE

#endif
