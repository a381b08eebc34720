// The work items of resize_u8, the same for the checker and every instruction set.
#ifndef ESPALIER_RESIZE_U8_H
#define ESPALIER_RESIZE_U8_H

#include "../common/view.h"

// An item is this many output rows, counted through the batch.
static inline int64_t espalier_resize_u8_rows(const espalier_resize_u8_parameters *p) {
  return espalier_rows_per_item((uint64_t)p->batch * (uint64_t)p->output_height,
                                (uint64_t)p->output_width * (uint64_t)p->channels,
                                espalier_elements_per_item);
}

#endif
