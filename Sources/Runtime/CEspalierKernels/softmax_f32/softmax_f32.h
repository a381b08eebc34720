// The loop of softmax_f32, the same for the checker and every instruction set.
#ifndef ESPALIER_SOFTMAX_F32_H
#define ESPALIER_SOFTMAX_F32_H

#include "../common/view.h"

// Every index but the one along the axis. Operands of the loop: 0 input, 1 output. Where the axis is strided in
// the input, the input decides the order of the loop's axes: its neighbors are read at once.
static inline espalier_loop espalier_softmax_f32_loop(const espalier_softmax_f32_parameters *p) {
  const espalier_view views[] = {{p->input_stride, p->input_base}, {p->output_stride, p->output_base}};
  espalier_loop loop = espalier_loop_make(6, p->extent, 2, views, p->input_length_stride == 1);
  espalier_loop_cut(&loop, espalier_elements_per_item / 4 / p->length);  // an exponential costs several steps
  return loop;
}

#endif
