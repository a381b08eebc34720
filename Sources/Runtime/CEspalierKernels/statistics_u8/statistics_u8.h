// The loop of statistics_u8, the same for every instruction set.
#ifndef ESPALIER_STATISTICS_U8_H
#define ESPALIER_STATISTICS_U8_H

#include "../common/view.h"

static inline espalier_loop espalier_statistics_u8_loop(const espalier_statistics_u8_parameters *p) {
  const espalier_view view = {p->input_stride, p->input_base};
  espalier_loop loop = espalier_loop_make(6, p->extent, 1, &view, 0);
  espalier_loop_whole(&loop);
  return loop;
}

#endif
