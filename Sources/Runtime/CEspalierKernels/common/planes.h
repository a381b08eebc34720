// The planes of a loop inside another one: walked anew for every index of the outer loop, at little cost
// where it is a single plane.
#ifndef ESPALIER_COMMON_PLANES_H
#define ESPALIER_COMMON_PLANES_H

#include "view.h"

typedef struct espalier_planes {
  const espalier_loop *loop;
  espalier_walk first;  // the first plane; all of the loop where it has no more than two axes
} espalier_planes;

// The planes of a loop of at least 1 element that is one item.
static inline espalier_planes espalier_planes_of(const espalier_loop *loop) {
  espalier_planes planes = {loop, espalier_walk_start(0, loop->items)};
  espalier_walk_next(&planes.first, loop);
  return planes;
}

static inline bool espalier_planes_next(const espalier_planes *planes, espalier_walk *walk) {
  return planes->loop->rank > 2 && espalier_walk_next(walk, planes->loop);
}

static inline int64_t espalier_planes_elements(const espalier_planes *planes) {
  return planes->loop->rows * planes->loop->extent[planes->loop->rank - 1];
}

#endif
