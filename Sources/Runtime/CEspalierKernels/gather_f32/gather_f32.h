// The loops of gather_f32, the same for the checker and every instruction set.
#ifndef ESPALIER_GATHER_F32_H
#define ESPALIER_GATHER_F32_H

#include "../common/view.h"

// What lies behind one entry of the table. Operands of the loop: 0 input, 1 output.
static inline espalier_loop espalier_gather_f32_inner(const espalier_gather_f32_parameters *p) {
  const espalier_view views[] = {{p->inner_input_stride, 0}, {p->inner_output_stride, 0}};
  espalier_loop loop = espalier_loop_make(3, p->inner, 2, views, 1);
  espalier_loop_whole(&loop);
  return loop;
}

// Every outer index with every entry of the table. Operands: 0 input, 1 output, 2 position in the table.
static inline espalier_loop espalier_gather_f32_outer(const espalier_gather_f32_parameters *p) {
  const int32_t extent[] = {p->outer[0], p->outer[1], p->outer[2], p->count};
  const int32_t input[] = {p->outer_input_stride[0], p->outer_input_stride[1], p->outer_input_stride[2], 0};
  const int32_t output[] = {p->outer_output_stride[0], p->outer_output_stride[1], p->outer_output_stride[2],
                            p->count_output_stride};
  const int32_t entry[] = {0, 0, 0, 1};
  const espalier_view views[] = {{input, p->input_base}, {output, p->output_base}, {entry, 0}};
  espalier_loop loop = espalier_loop_make(4, extent, 3, views, -1);
  int64_t inner = 1;
  for (int i = 0; i < 3; i++) inner *= p->inner[i];
  espalier_loop_cut(&loop, espalier_elements_per_item / (inner ? inner : 1));
  return loop;
}

#endif
