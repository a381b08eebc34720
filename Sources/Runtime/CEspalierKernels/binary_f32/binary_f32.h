// The loop of binary_f32, the same for the checker and every instruction set.
#include "../common/view.h"

static inline espalier_loop espalier_binary_f32_loop(const espalier_binary_f32_parameters *p) {
  const espalier_view views[] = {
      {p->a_stride, p->a_base}, {p->b_stride, p->b_base}, {p->output_stride, p->output_base}};
  return espalier_loop_make(6, p->extent, 3, views, 2);
}
