// The loop of topk_f32, the same for the checker and every instruction set.
#ifndef ESPALIER_TOPK_F32_H
#define ESPALIER_TOPK_F32_H

#include "../common/view.h"

// Every index but the one along the axis. Operands of the loop: 0 input, 1 output.
static inline espalier_loop espalier_topk_f32_loop(const espalier_topk_f32_parameters *p) {
  const espalier_view views[] = {{p->input_stride, p->input_base}, {p->output_stride, p->output_base}};
  espalier_loop loop = espalier_loop_make(6, p->extent, 2, views, 0);
  espalier_loop_cut(&loop, espalier_elements_per_item / 2 / p->length);  // an element costs some steps
  return loop;
}

#endif
