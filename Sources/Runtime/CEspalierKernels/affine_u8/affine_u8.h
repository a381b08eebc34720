// The loop of affine_u8, the same for the checker and every instruction set.
#ifndef ESPALIER_AFFINE_U8_H
#define ESPALIER_AFFINE_U8_H

#include "../common/quantized.h"
#include "../common/view.h"

static inline espalier_loop espalier_affine_u8_loop(const espalier_affine_u8_parameters *p) {
  const espalier_view views[] = {
      {p->input_stride, p->input_base}, {p->number_stride, 0}, {p->output_stride, p->output_base}};
  return espalier_loop_make(6, p->extent, 3, views, 2);
}

#endif
