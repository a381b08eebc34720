// conv_gemm_u8 by USMMLA: 6 pixels x 16 channels, exact in int32.
//
// An instruction multiplies 2 pixels x 8 bytes by 8 bytes x 2 channels. Two quads of a panel hold 4 bytes
// each of 4 channels: zipped, 8 bytes each of 2 channels, twice. A single pixel goes by USDOT, quad for quad.
#if defined(__aarch64__)
#include <string.h>

#include "../common/byte_epilogue_neon.h"
#include "conv_gemm_u8.h"

#define ROWS_LIMIT 6
#define BY_ADDITION true

#pragma clang attribute push(__attribute__((target("dotprod,i8mm"))), apply_to = function)

// Unsigned bytes are multiplied as they are: all channels start alike.
static void start_panel(const conv_gemm_u8_place *place, const int8_t *w, int32_t *start) {
  (void)w;
  const int32_t bits = adder_bits((int64_t)place->p->run_count * place->p->run_length);
  for (int c = 0; c < ESPALIER_PANEL; c++) start[c] = bits;
}

// Two pixels' sums: 2 channels of the one and 2 of the other in each of 8 registers.
typedef struct pair_sum {
  int32x4_t part[8];
} pair_sum;

INLINED void add_quads(
    const int8_t *w, const uint8x16_t *bytes, const int pairs, const bool both, pair_sum *sum) {
  UNROLLED for (int q = 0; q < 4; q++) {
    const int32x4_t one = vreinterpretq_s32_s8(vld1q_s8(w + 16 * q));
    const int32x4_t two = both ? vreinterpretq_s32_s8(vld1q_s8(w + 64 + 16 * q)) : vdupq_n_s32(0);
    const int8x16_t low = vreinterpretq_s8_s32(vzip1q_s32(one, two));
    const int8x16_t high = vreinterpretq_s8_s32(vzip2q_s32(one, two));
    UNROLLED for (int i = 0; i < pairs; i++) {
      sum[i].part[2 * q] = vusmmlaq_s32(sum[i].part[2 * q], bytes[i], low);
      sum[i].part[2 * q + 1] = vusmmlaq_s32(sum[i].part[2 * q + 1], bytes[i], high);
    }
    UNROLLED for (int i = 0; i < pairs; i++) PINNED(sum[i].part[2 * q], sum[i].part[2 * q + 1]);
  }
}

INLINED uint8x8_t quad_at(const uint8_t *x) {
  uint32_t quad;
  memcpy(&quad, x, 4);
  return vcreate_u8(quad);
}

// `rows` of x, an odd last one twice.
INLINED void add_pairs(
    const conv_gemm_u8_place *place, const int8_t *w, const uint8_t *const *x, const int rows,
    const int32_t *start, sums_16 *sum) {
  enum { PAIRS_LIMIT = ROWS_LIMIT / 2 };
  const conv_gemm_u8 *p = place->p;
  const int pairs = (rows + 1) / 2;
  pair_sum sums[PAIRS_LIMIT];
  uint8x16_t bytes[PAIRS_LIMIT];
  UNROLLED for (int i = 0; i < pairs; i++)
    UNROLLED for (int h = 0; h < 8; h++) sums[i].part[h] = vld1q_dup_s32(start);
  for (int32_t run = 0; run < p->run_count; run++) {
    const ptrdiff_t end = (ptrdiff_t)place->runs[run] + p->run_length;
    ptrdiff_t k = place->runs[run];
    for (; k + 8 <= end; k += 8, w += 128) {
      UNROLLED for (int i = 0; i < pairs; i++)
        bytes[i] = vcombine_u8(vld1_u8(x[2 * i] + k), vld1_u8(x[2 * i + 1 < rows ? 2 * i + 1 : 2 * i] + k));
      add_quads(w, bytes, pairs, true, sums);
    }
    if (k < end) {
      UNROLLED for (int i = 0; i < pairs; i++)
        bytes[i] = vcombine_u8(quad_at(x[2 * i] + k), quad_at(x[2 * i + 1 < rows ? 2 * i + 1 : 2 * i] + k));
      add_quads(w, bytes, pairs, false, sums);
      w += 64;
    }
  }
  UNROLLED for (int r = 0; r < rows; r++)
    UNROLLED for (int q = 0; q < 4; q++) {
      const int64x2_t low = vreinterpretq_s64_s32(sums[r / 2].part[2 * q]);
      const int64x2_t high = vreinterpretq_s64_s32(sums[r / 2].part[2 * q + 1]);
      sum[r].part[q] = vreinterpretq_s32_s64(r % 2 ? vzip2q_s64(low, high) : vzip1q_s64(low, high));
    }
}

INLINED void add_single(
    const conv_gemm_u8_place *place, const int8_t *w, const uint8_t *x, const int32_t *start,
    sums_16 *sum) {
  const conv_gemm_u8 *p = place->p;
  UNROLLED for (int q = 0; q < 4; q++) sum->part[q] = vld1q_dup_s32(start);
  for (int32_t run = 0; run < p->run_count; run++) {
    const ptrdiff_t start = place->runs[run], end = start + p->run_length;
    for (ptrdiff_t k = start; k < end; k += 4, w += 64) {
      const uint8x8_t quad = quad_at(x + k);
      UNROLLED for (int q = 0; q < 4; q++) {
        const int32x4_t bytes = vdupq_lane_s32(vreinterpret_s32_u8(quad), 0);
        sum->part[q] = vusdotq_s32(sum->part[q], vreinterpretq_u8_s32(bytes), vld1q_s8(w + 16 * q));
      }
    }
  }
}

INLINED void add_products(
    const conv_gemm_u8_place *place, const int8_t *w, const uint8_t *const *x, const int rows,
    const int32_t *start, sums_16 *sum) {
  if (rows == 1) add_single(place, w, x[0], start, sum);
  else add_pairs(place, w, x, rows, start, sum);
}

#include "conv_gemm_u8_neon.h"

void espalier_conv_gemm_u8_neon_i8mm(const espalier_call *call, uint32_t first, uint32_t end, void *scratch) {
  (void)scratch;
  run_items(call, first, end);
}

// For conv_winograd_u8_neon_i8mm.c.
#include "../conv_winograd_u8/conv_winograd_u8_direct.h"

void espalier_conv_winograd_u8_direct_neon_i8mm(const espalier_call *call, uint32_t first, uint32_t end) {
  run_direct(call, first, end);
}

#pragma clang attribute pop
#endif
