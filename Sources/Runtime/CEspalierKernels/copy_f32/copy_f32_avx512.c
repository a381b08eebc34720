// y = x: adjacent elements at once, transpositions by tiles of 16x16, narrow ones by 4x4 (AVX-512). A tile
// reads and writes whole cache lines, so that rows a power of 2 apart do not drive each other out.
#if defined(__x86_64__)

#include "../common/vector_avx512.h"
#include "copy_f32.h"

#pragma clang attribute push(__attribute__((target("avx2,fma,avx512f,avx512bw,avx512dq,avx512vl"))), \
                             apply_to = function)

#include "../common/elementwise_vector.h"
#include "copy_f32_narrow.h"
#include "copy_f32_rows.h"

// Turns 16 rows into 16 columns: 4x4 blocks inside the 128-bit lanes, then the lanes among themselves.
V void transpose_tile(__m512 r[16]) {
  __m512 t[16];
  for (int i = 0; i < 16; i += 4) {
    const __m512 a = _mm512_unpacklo_ps(r[i], r[i + 1]), b = _mm512_unpackhi_ps(r[i], r[i + 1]);
    const __m512 c = _mm512_unpacklo_ps(r[i + 2], r[i + 3]), d = _mm512_unpackhi_ps(r[i + 2], r[i + 3]);
    t[i] = _mm512_shuffle_ps(a, c, _MM_SHUFFLE(1, 0, 1, 0));
    t[i + 1] = _mm512_shuffle_ps(a, c, _MM_SHUFFLE(3, 2, 3, 2));
    t[i + 2] = _mm512_shuffle_ps(b, d, _MM_SHUFFLE(1, 0, 1, 0));
    t[i + 3] = _mm512_shuffle_ps(b, d, _MM_SHUFFLE(3, 2, 3, 2));
  }
  for (int i = 0; i < 4; i++) {
    const __m512 a = _mm512_shuffle_f32x4(t[i], t[i + 4], _MM_SHUFFLE(2, 0, 2, 0));
    const __m512 b = _mm512_shuffle_f32x4(t[i], t[i + 4], _MM_SHUFFLE(3, 1, 3, 1));
    const __m512 c = _mm512_shuffle_f32x4(t[i + 8], t[i + 12], _MM_SHUFFLE(2, 0, 2, 0));
    const __m512 d = _mm512_shuffle_f32x4(t[i + 8], t[i + 12], _MM_SHUFFLE(3, 1, 3, 1));
    r[i] = _mm512_shuffle_f32x4(a, c, _MM_SHUFFLE(2, 0, 2, 0));
    r[i + 4] = _mm512_shuffle_f32x4(b, d, _MM_SHUFFLE(2, 0, 2, 0));
    r[i + 8] = _mm512_shuffle_f32x4(a, c, _MM_SHUFFLE(3, 1, 3, 1));
    r[i + 12] = _mm512_shuffle_f32x4(b, d, _MM_SHUFFLE(3, 1, 3, 1));
  }
}

// One tile of wide x tall <= 16x16 elements.
V void copy_tile(const float *x, int64_t x_stride, float *y, int64_t y_stride, int64_t wide, int64_t tall) {
  __m512 r[16];
  const vpart read = v_part(tall), written = v_part(wide);
  for (int i = 0; i < 16; i++) r[i] = i >= wide ? v_zero() : v_load_part(x + i * x_stride, read);
  transpose_tile(r);
  for (int j = 0; j < 16; j++)
    if (j < tall) v_store_part(y + j * y_stride, written, r[j]);
}

static void transpose(const espalier_copy_plan *plan, espalier_copy_block block, const float *input,
                      float *output) {
  const int64_t from = plan->input_stride, to = plan->output_stride;
  const float *x = input + block.input;
  float *y = output + block.output;
  if (copy_narrow(plan, block, x, y)) return;
  for (int64_t j = 0; j < block.tall; j += 16) {
    const int64_t tall = block.tall - j < 16 ? block.tall - j : 16;
    int64_t i = 0;
    if (tall == 16)
      for (; i + 16 <= block.wide; i += 16) copy_tile(x + i * from + j, from, y + j * to + i, to, 16, 16);
    for (; i < block.wide; i += 16) {
      const int64_t wide = block.wide - i < 16 ? block.wide - i : 16;
      copy_tile(x + i * from + j, from, y + j * to + i, to, wide, tall);
    }
  }
}

void espalier_copy_f32_avx512(const espalier_call *call, uint32_t first, uint32_t end, void *scratch) {
  (void)scratch;
  const espalier_copy_plan plan = espalier_copy_f32_plan(call->parameters);
  if (plan.transposes) espalier_copy_f32_blocks(&plan, call, first, end, transpose);
  else copy_rows(&plan, call, first, end);
}

#pragma clang attribute pop

#endif
