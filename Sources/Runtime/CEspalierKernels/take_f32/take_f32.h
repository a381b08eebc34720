// The loop of take_f32, the same for the checker and every instruction set.
#ifndef ESPALIER_TAKE_F32_H
#define ESPALIER_TAKE_F32_H

#include "../common/view.h"

// Operands of the loop: 0 input, 1 indices, 2 output.
static inline espalier_loop espalier_take_f32_loop(const espalier_take_f32_parameters *p) {
  const espalier_view views[] = {
      {p->input_stride, p->input_base}, {p->index_stride, p->index_base}, {p->output_stride, p->output_base}};
  return espalier_loop_make(6, p->extent, 3, views, 2);
}

#endif
