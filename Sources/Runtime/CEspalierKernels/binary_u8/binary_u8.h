// The loop of binary_u8, the same for the checker and every instruction set.
#ifndef ESPALIER_BINARY_U8_H
#define ESPALIER_BINARY_U8_H

#include "../common/quantized.h"
#include "../common/view.h"

static inline espalier_loop espalier_binary_u8_loop(const espalier_binary_u8_parameters *p) {
  const espalier_view views[] = {{p->a_stride, p->a_base}, {p->b_stride, p->b_base}, {p->output_stride, p->output_base}};
  return espalier_loop_make(6, p->extent, 3, views, 2);
}

#endif
