// Random views: extents and strides.
#include "agreement.h"

enum { rank = ESPALIER_RANK_LIMIT };

void pick_extents(int32_t *extent) {
  for (int i = 0; i < rank; i++) extent[i] = 1;
  for (int axes = pick(0, 3); axes > 0; axes--) extent[pick(0, rank - 2)] = pick(1, 5);
  extent[rank - 1] = one_in(3) ? pick(1, 300) : pick(1, 40);
  if (one_in(3)) extent[rank - 2] = pick(1, 90);
}

size_t pick_strides(const int32_t *extent, int32_t *stride, int32_t *base) {
  const bool turned = one_in(4);
  int32_t step = one_in(4) ? 2 : 1;
  *base = pick(0, 3);
  int32_t last = *base;
  for (int i = 0; i < rank; i++) {
    const int axis = turned ? i : rank - 1 - i;
    stride[axis] = step;
    last += (extent[axis] - 1) * step;
    step = step * extent[axis] + (one_in(4) ? pick(0, 3) : 0);
  }
  return (size_t)last + 1;
}

size_t pick_read_strides(const int32_t *extent, int32_t *stride, int32_t *base) {
  const size_t reach = pick_strides(extent, stride, base);
  for (int i = 0; i < rank; i++)
    if (one_in(6)) stride[i] = 0;
  return reach;
}
