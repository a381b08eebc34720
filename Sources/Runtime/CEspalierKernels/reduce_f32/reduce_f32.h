// The loops of reduce_f32, the same for the checker and every instruction set.
#ifndef ESPALIER_REDUCE_F32_H
#define ESPALIER_REDUCE_F32_H

#include "../common/view.h"

// The elements that one output element depends on; their order matters to arg_max and arg_min alone.
static inline espalier_loop espalier_reduce_f32_inner(const espalier_reduce_f32_parameters *p) {
  const espalier_view views[] = {{p->reduced_stride, 0}};
  espalier_loop loop = espalier_loop_make(
      6, p->reduced, 1, views, p->reduction < espalier_reduction_arg_max ? 0 : -1);
  espalier_loop_whole(&loop);
  return loop;
}

// The output elements. Operands of the loop: 0 input, 1 output.
static inline espalier_loop espalier_reduce_f32_outer(const espalier_reduce_f32_parameters *p) {
  const espalier_view views[] = {{p->kept_input_stride, p->input_base},
                                 {p->kept_output_stride, p->output_base}};
  espalier_loop loop = espalier_loop_make(6, p->kept, 2, views, 0);
  int64_t reduced = 1;
  for (int i = 0; i < 6; i++) reduced *= p->reduced[i];
  espalier_loop_cut(&loop, espalier_elements_per_item / (reduced ? reduced : 1));
  return loop;
}

#endif
