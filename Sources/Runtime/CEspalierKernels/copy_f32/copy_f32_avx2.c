// y = x: adjacent elements at once, transpositions by tiles of 8x8, narrow ones by 4x4 (AVX2). Two tiles
// beside each other write whole cache lines.
#if defined(__x86_64__)

#include "../common/vector_avx2.h"
#include "copy_f32.h"

#pragma clang attribute push(__attribute__((target("avx2,fma"))), apply_to = function)

#include "../common/elementwise_vector.h"
#include "copy_f32_narrow.h"
#include "copy_f32_rows.h"

// Turns 8 rows into 8 columns.
V void transpose_tile(__m256 r[8]) {
  __m256 t[8], u[8];
  for (int i = 0; i < 8; i += 2) {
    t[i] = _mm256_unpacklo_ps(r[i], r[i + 1]);
    t[i + 1] = _mm256_unpackhi_ps(r[i], r[i + 1]);
  }
  for (int i = 0; i < 8; i += 4) {
    u[i] = _mm256_shuffle_ps(t[i], t[i + 2], _MM_SHUFFLE(1, 0, 1, 0));
    u[i + 1] = _mm256_shuffle_ps(t[i], t[i + 2], _MM_SHUFFLE(3, 2, 3, 2));
    u[i + 2] = _mm256_shuffle_ps(t[i + 1], t[i + 3], _MM_SHUFFLE(1, 0, 1, 0));
    u[i + 3] = _mm256_shuffle_ps(t[i + 1], t[i + 3], _MM_SHUFFLE(3, 2, 3, 2));
  }
  for (int i = 0; i < 4; i++) {
    r[i] = _mm256_permute2f128_ps(u[i], u[i + 4], 0x20);
    r[i + 4] = _mm256_permute2f128_ps(u[i], u[i + 4], 0x31);
  }
}

// One tile of wide x tall <= 8x8 elements.
V void copy_tile(const float *x, int64_t x_stride, float *y, int64_t y_stride, int64_t wide, int64_t tall) {
  __m256 r[8];
  const vpart read = v_part(tall), written = v_part(wide);
  for (int i = 0; i < 8; i++)
    r[i] = i >= wide ? v_zero() : tall == 8 ? v_load(x + i * x_stride) : v_load_part(x + i * x_stride, read);
  transpose_tile(r);
  for (int j = 0; j < 8 && j < tall; j++) {
    if (wide == 8) v_store(y + j * y_stride, r[j]);
    else v_store_part(y + j * y_stride, written, r[j]);
  }
}

static void transpose(const espalier_copy_plan *plan, espalier_copy_block block, const float *input,
                      float *output) {
  const int64_t from = plan->input_stride, to = plan->output_stride;
  const float *x = input + block.input;
  float *y = output + block.output;
  if (copy_narrow(plan, block, x, y)) return;
  for (int64_t j = 0; j < block.tall; j += 8) {
    const int64_t tall = block.tall - j < 8 ? block.tall - j : 8;
    int64_t i = 0;
    if (tall == 8)
      for (; i + 8 <= block.wide; i += 8) copy_tile(x + i * from + j, from, y + j * to + i, to, 8, 8);
    for (; i < block.wide; i += 8) {
      const int64_t wide = block.wide - i < 8 ? block.wide - i : 8;
      copy_tile(x + i * from + j, from, y + j * to + i, to, wide, tall);
    }
  }
}

void espalier_copy_f32_avx2(const espalier_call *call, uint32_t first, uint32_t end, void *scratch) {
  (void)scratch;
  const espalier_copy_plan plan = espalier_copy_f32_plan(call->parameters);
  if (plan.transposes) espalier_copy_f32_blocks(&plan, call, first, end, transpose);
  else copy_rows(&plan, call, first, end);
}

#pragma clang attribute pop

#endif
