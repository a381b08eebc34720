// The loop of fill_f32, the same for the checker and every instruction set.
#include "../common/view.h"

static inline espalier_loop espalier_fill_f32_loop(const espalier_fill_f32_parameters *p) {
  const espalier_view views[] = {{p->stride, p->base}};
  return espalier_loop_make(6, p->extent, 1, views, 0);
}
