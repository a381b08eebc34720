// The loop of fill_u8, the same for the checker and every instruction set.
#ifndef ESPALIER_FILL_U8_H
#define ESPALIER_FILL_U8_H

#include "../common/quantized.h"
#include "../common/view.h"

static inline espalier_loop espalier_fill_u8_loop(const espalier_fill_u8_parameters *p) {
  const espalier_view views[] = {{p->stride, p->base}};
  return espalier_loop_make(6, p->extent, 1, views, 0);
}

#endif
