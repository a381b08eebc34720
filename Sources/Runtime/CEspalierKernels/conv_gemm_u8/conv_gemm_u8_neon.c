// conv_gemm_u8 by SMULL, SMLSL and SADALP: 2 pixels x 16 channels, exact in int32.
//
// Both factors of SMULL are signed, so a byte x is multiplied as a = x - 128 in even quads of a run and as b
// = 127 - x in odd ones: x w + x' w' = (a w - b w') + 128 w + 127 w'. The bracket stays within -32640 … 32640
// for all bytes, so 16 bits hold it, weights of -128 included. The rest depends on the weights alone: sums
// start with it.
#if defined(__aarch64__)
#include <string.h>

#include "../common/byte_epilogue_neon.h"
#include "conv_gemm_u8.h"

#define ROWS_LIMIT 2
#define BY_ADDITION false

// 128 times the weights of even quads and 127 times those of odd ones, added up for every channel.
static void start_panel(const conv_gemm_u8_place *place, const int8_t *w, int32_t *start) {
  sums_16 even = {{vdupq_n_s32(0), vdupq_n_s32(0), vdupq_n_s32(0), vdupq_n_s32(0)}}, odd = even;
  for (int32_t run = 0; run < place->p->run_count; run++)
    for (int32_t k = 0; k < place->p->run_length; k += 4, w += 64) {
      sums_16 *sums = k & 4 ? &odd : &even;
      UNROLLED for (int q = 0; q < 4; q++)
        sums->part[q] = vpadalq_s16(sums->part[q], vpaddlq_s8(vld1q_s8(w + 16 * q)));
    }
  UNROLLED for (int q = 0; q < 4; q++)
    vst1q_s32(
        start + 4 * q, vmlaq_n_s32(vshlq_n_s32(even.part[q], 7), odd.part[q], 127));
}

// Two accumulators for every 4 channels: 2 channels x 2 sums each.
typedef struct row_sum {
  int32x4_t half[8];
} row_sum;

// The first or second 4 bytes of x, over and over.
#define QUADS(x, lane) vreinterpretq_s8_s32(vdupq_lane_s32(vreinterpret_s32_u8(x), lane))

INLINED void add_pair_of_quads(const int8_t *w, const uint8_t *const *x, const int rows, row_sum *sum) {
  const uint8x8_t flips = vcreate_u8(0x7F7F7F7F80808080);
  int8x16_t a[ROWS_LIMIT], b[ROWS_LIMIT];
  UNROLLED for (int r = 0; r < rows; r++) {
    const uint8x8_t bytes = veor_u8(vld1_u8(x[r]), flips);
    a[r] = QUADS(bytes, 0);
    b[r] = QUADS(bytes, 1);
  }
  UNROLLED for (int q = 0; q < 4; q++) {
    const int8x16_t v = vld1q_s8(w + 16 * q), u = vld1q_s8(w + 64 + 16 * q);
    UNROLLED for (int r = 0; r < rows; r++) {
      const int16x8_t low = vmull_s8(vget_low_s8(v), vget_low_s8(a[r]));
      const int16x8_t high = vmull_high_s8(v, a[r]);
      sum[r].half[2 * q] =
          vpadalq_s16(sum[r].half[2 * q], vmlsl_s8(low, vget_low_s8(u), vget_low_s8(b[r])));
      sum[r].half[2 * q + 1] = vpadalq_s16(sum[r].half[2 * q + 1], vmlsl_high_s8(high, u, b[r]));
    }
  }
}

INLINED void add_last_quad(const int8_t *w, const uint8_t *const *x, const int rows, row_sum *sum) {
  UNROLLED for (int r = 0; r < rows; r++) {
    uint32_t quad;
    memcpy(&quad, x[r], 4);
    const int8x16_t a = vreinterpretq_s8_u32(vdupq_n_u32(quad ^ 0x80808080));
    UNROLLED for (int q = 0; q < 4; q++) {
      const int8x16_t v = vld1q_s8(w + 16 * q);
      sum[r].half[2 * q] = vpadalq_s16(sum[r].half[2 * q], vmull_s8(vget_low_s8(v), vget_low_s8(a)));
      sum[r].half[2 * q + 1] = vpadalq_s16(sum[r].half[2 * q + 1], vmull_high_s8(v, a));
    }
  }
}

INLINED void add_products(
    const conv_gemm_u8_place *place, const int8_t *w, const uint8_t *const *x, const int rows,
    const int32_t *start, sums_16 *sum) {
  const conv_gemm_u8 *p = place->p;
  row_sum sums[ROWS_LIMIT];
  UNROLLED for (int r = 0; r < rows; r++)
    UNROLLED for (int h = 0; h < 8; h++) sums[r].half[h] = vdupq_n_s32(0);
  for (int32_t run = 0; run < p->run_count; run++) {
    const uint8_t *at[ROWS_LIMIT];
    UNROLLED for (int r = 0; r < rows; r++) at[r] = x[r] + place->runs[run];
    int32_t left = p->run_length;
    for (; left >= 8; left -= 8, w += 128) {
      add_pair_of_quads(w, at, rows, sums);
      UNROLLED for (int r = 0; r < rows; r++) at[r] += 8;
    }
    if (left) {
      add_last_quad(w, at, rows, sums);
      w += 64;
    }
  }
  UNROLLED for (int r = 0; r < rows; r++)
    UNROLLED for (int q = 0; q < 4; q++)
      sum[r].part[q] =
          vaddq_s32(vpaddq_s32(sums[r].half[2 * q], sums[r].half[2 * q + 1]), vld1q_s32(start + 4 * q));
}

#include "conv_gemm_u8_neon.h"

void espalier_conv_gemm_u8_neon(const espalier_call *call, uint32_t first, uint32_t end, void *scratch) {
  (void)scratch;
  run_items(call, first, end);
}

#endif
