// conv_gemm_u8 by SDOT: 5 pixels x 16 channels, exact in int32.
//
// SDOT multiplies signed bytes: a byte x enters as x - 128, and sums start with 128 times the panel's
// weights.
#if defined(__aarch64__)
#include <string.h>

#include "../common/byte_epilogue_neon.h"
#include "conv_gemm_u8.h"

#define ROWS_LIMIT 5
#define BY_ADDITION true

#pragma clang attribute push(__attribute__((target("dotprod"))), apply_to = function)

static void start_panel(const conv_gemm_u8_place *place, const int8_t *w, int32_t *start) {
  const size_t quads = place->panel_size / 64;
  const int8x16_t ones = vdupq_n_s8(1);
  sums_16 sums = {{vdupq_n_s32(0), vdupq_n_s32(0), vdupq_n_s32(0), vdupq_n_s32(0)}};
  for (size_t k = 0; k < quads; k++, w += 64)
    UNROLLED for (int q = 0; q < 4; q++) sums.part[q] = vdotq_s32(sums.part[q], vld1q_s8(w + 16 * q), ones);
  const int32x4_t bits = vdupq_n_s32(adder_bits((int64_t)place->p->run_count * place->p->run_length));
  UNROLLED for (int q = 0; q < 4; q++)
    vst1q_s32(start + 4 * q, vaddq_s32(vshlq_n_s32(sums.part[q], 7), bits));
}

// Quad `lane` of the bytes of every row.
#define ADD_QUAD(lane)                                                                \
  UNROLLED for (int q = 0; q < 4; q++) {                                              \
    const int8x16_t weights = vld1q_s8(w + 64 * (lane) + 16 * q);                     \
    UNROLLED for (int r = 0; r < rows; r++)                                           \
      sum[r].part[q] = vdotq_laneq_s32(sum[r].part[q], weights, bytes[r], lane);      \
  }

INLINED void add_4_quads(
    const int8_t *w, const uint8_t *const *x, ptrdiff_t k, const int rows, sums_16 *sum) {
  int8x16_t bytes[ROWS_LIMIT];
  UNROLLED for (int r = 0; r < rows; r++)
    bytes[r] = vreinterpretq_s8_u8(veorq_u8(vld1q_u8(x[r] + k), vdupq_n_u8(0x80)));
  ADD_QUAD(0)
  ADD_QUAD(1)
  ADD_QUAD(2)
  ADD_QUAD(3)
}

INLINED void add_quad(
    const int8_t *w, const uint8_t *const *x, ptrdiff_t k, const int rows, sums_16 *sum) {
  int8x16_t bytes[ROWS_LIMIT];
  UNROLLED for (int r = 0; r < rows; r++) {
    uint32_t quad;
    memcpy(&quad, x[r] + k, 4);
    bytes[r] = vreinterpretq_s8_u32(veorq_u32(vdupq_n_u32(quad), vdupq_n_u32(0x80808080)));
  }
  ADD_QUAD(0)
}

INLINED void add_products(
    const conv_gemm_u8_place *place, const int8_t *w, const uint8_t *const *x, const int rows,
    const int32_t *start, sums_16 *sum) {
  const conv_gemm_u8 *p = place->p;
  UNROLLED for (int r = 0; r < rows; r++)
    UNROLLED for (int q = 0; q < 4; q++) sum[r].part[q] = vld1q_s32(start + 4 * q);
  for (int32_t run = 0; run < p->run_count; run++) {
    const ptrdiff_t end = (ptrdiff_t)place->runs[run] + p->run_length;
    ptrdiff_t k = place->runs[run];
    for (; k + 16 <= end; k += 16, w += 256) add_4_quads(w, x, k, rows, sum);
    for (; k < end; k += 4, w += 64) add_quad(w, x, k, rows, sum);
  }
}

#include "conv_gemm_u8_neon.h"

void espalier_conv_gemm_u8_neon_dotprod(
    const espalier_call *call, uint32_t first, uint32_t end, void *scratch) {
  (void)scratch;
  run_items(call, first, end);
}

// For conv_winograd_u8_neon_dotprod.c.
#include "../conv_winograd_u8/conv_winograd_u8_direct.h"

void espalier_conv_winograd_u8_direct_neon_dotprod(const espalier_call *call, uint32_t first, uint32_t end) {
  run_direct(call, first, end);
}

#pragma clang attribute pop
#endif
