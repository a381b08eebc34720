// y = x: adjacent elements at once, transpositions by tiles of 4x4 (NEON).
#if defined(__aarch64__)

#include "../common/vector_neon.h"
#include "copy_f32.h"

#include "../common/elementwise_vector.h"
#include "copy_f32_rows.h"

// Turns 4 rows into 4 columns.
V void transpose_tile(vec r[4]) {
  const float64x2_t a = vreinterpretq_f64_f32(vtrn1q_f32(r[0], r[1]));
  const float64x2_t b = vreinterpretq_f64_f32(vtrn2q_f32(r[0], r[1]));
  const float64x2_t c = vreinterpretq_f64_f32(vtrn1q_f32(r[2], r[3]));
  const float64x2_t d = vreinterpretq_f64_f32(vtrn2q_f32(r[2], r[3]));
  r[0] = vreinterpretq_f32_f64(vtrn1q_f64(a, c));
  r[1] = vreinterpretq_f32_f64(vtrn1q_f64(b, d));
  r[2] = vreinterpretq_f32_f64(vtrn2q_f64(a, c));
  r[3] = vreinterpretq_f32_f64(vtrn2q_f64(b, d));
}

// One tile of wide x tall <= 4x4 elements.
V void copy_tile(const float *x, int64_t x_stride, float *y, int64_t y_stride, int64_t wide, int64_t tall) {
  vec r[4];
  for (int i = 0; i < 4; i++) r[i] = i < wide ? v_load_part(x + i * x_stride, v_part(tall)) : v_zero();
  transpose_tile(r);
  for (int j = 0; j < 4 && j < tall; j++) v_store_part(y + j * y_stride, v_part(wide), r[j]);
}

static void transpose(const espalier_copy_plan *plan, espalier_copy_block block, const float *input,
                      float *output) {
  const int64_t from = plan->input_stride, to = plan->output_stride;
  const float *x = input + block.input;
  float *y = output + block.output;
  for (int64_t j = 0; j < block.tall; j += 4) {
    const int64_t tall = block.tall - j < 4 ? block.tall - j : 4;
    int64_t i = 0;
    if (tall == 4)
      for (; i + 4 <= block.wide; i += 4) copy_tile(x + i * from + j, from, y + j * to + i, to, 4, 4);
    for (; i < block.wide; i += 4)
      copy_tile(x + i * from + j, from, y + j * to + i, to, block.wide - i, tall);
  }
}

void espalier_copy_f32_neon(const espalier_call *call, uint32_t first, uint32_t end, void *scratch) {
  (void)scratch;
  const espalier_copy_plan plan = espalier_copy_f32_plan(call->parameters);
  if (plan.transposes) espalier_copy_f32_blocks(&plan, call, first, end, transpose);
  else copy_rows(&plan, call, first, end);
}

#endif
