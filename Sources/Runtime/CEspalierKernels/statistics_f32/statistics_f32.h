// The loop of statistics_f32, the same for every instruction set.
#ifndef ESPALIER_STATISTICS_F32_H
#define ESPALIER_STATISTICS_F32_H

#include "../common/view.h"

static inline espalier_loop espalier_statistics_f32_loop(const espalier_statistics_f32_parameters *p) {
  const espalier_view view = {p->input_stride, p->input_base};
  espalier_loop loop = espalier_loop_make(6, p->extent, 1, &view, 0);
  espalier_loop_whole(&loop);
  return loop;
}

#endif
