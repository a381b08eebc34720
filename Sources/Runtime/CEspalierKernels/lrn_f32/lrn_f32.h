// The work items of lrn_f32, the same for the checker and every instruction set.
#ifndef ESPALIER_LRN_F32_H
#define ESPALIER_LRN_F32_H

#include "../common/view.h"

// An item is this many rows of the image.
static inline int64_t espalier_lrn_f32_rows(const espalier_lrn_f32_parameters *p) {
  return espalier_rows_per_item((uint64_t)p->batch * (uint64_t)p->height,
                                (uint64_t)p->width * (uint64_t)p->channels, espalier_elements_per_item / 4);
}

#endif
