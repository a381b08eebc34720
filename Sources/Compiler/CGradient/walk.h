// A walk over the rows of a tensor beside two others of other strides.
#ifndef ESPALIER_GRADIENT_WALK_H
#define ESPALIER_GRADIENT_WALK_H

#include "gradient.h"

enum { inner = gradient_axis_count - 1 };

typedef struct {
  ptrdiff_t index[gradient_axis_count];
  ptrdiff_t a, b, result;
} walk;

static inline walk start(void) {
  return (walk){{0}, 0, 0, 0};
}

// Goes to the next row; 0 behind the last.
static inline int next(const gradient_axes *axes, walk *at) {
  at->result += axes->extent[inner];
  for (int axis = inner - 1; axis >= 0; axis--) {
    at->a += axes->a[axis];
    at->b += axes->b[axis];
    if (++at->index[axis] < axes->extent[axis]) return 1;
    at->a -= axes->a[axis] * axes->extent[axis];
    at->b -= axes->b[axis] * axes->extent[axis];
    at->index[axis] = 0;
  }
  return 0;
}

#endif
