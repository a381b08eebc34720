// The loop of unary_f32, the same for the checker and every instruction set.
#include "../common/view.h"

static inline espalier_loop espalier_unary_f32_loop(const espalier_unary_f32_parameters *p) {
  const espalier_view views[] = {{p->input_stride, p->input_base}, {p->output_stride, p->output_base}};
  return espalier_loop_make(6, p->extent, 2, views, 1);
}
