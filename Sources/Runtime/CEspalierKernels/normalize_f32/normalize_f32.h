// The loops of normalize_f32, the same for the checker and every instruction set.
#ifndef ESPALIER_NORMALIZE_F32_H
#define ESPALIER_NORMALIZE_F32_H

#include "../common/view.h"

// The elements that share statistics. Operands of the loop: 0 input, 1 scale, 2 bias, 3 output.
static inline espalier_loop espalier_normalize_f32_inner(const espalier_normalize_f32_parameters *p) {
  const espalier_view views[] = {{p->reduced_input_stride, 0},
                                 {p->reduced_scale_stride, 0},
                                 {p->reduced_bias_stride, 0},
                                 {p->reduced_output_stride, 0}};
  espalier_loop loop = espalier_loop_make(6, p->reduced, 4, views, 3);
  espalier_loop_whole(&loop);
  return loop;
}

// The groups of such elements, with the same operands.
static inline espalier_loop espalier_normalize_f32_outer(const espalier_normalize_f32_parameters *p) {
  const espalier_view views[] = {{p->kept_input_stride, p->input_base},
                                 {p->kept_scale_stride, p->scale_base},
                                 {p->kept_bias_stride, p->bias_base},
                                 {p->kept_output_stride, p->output_base}};
  espalier_loop loop = espalier_loop_make(6, p->kept, 4, views, 3);
  int64_t reduced = 1;
  for (int i = 0; i < 6; i++) reduced *= p->reduced[i];
  espalier_loop_cut(&loop, espalier_elements_per_item / (reduced ? reduced : 1));
  return loop;
}

#endif
