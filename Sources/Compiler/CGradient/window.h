// Which outputs of a window see something through a tap.
#ifndef ESPALIER_GRADIENT_WINDOW_H
#define ESPALIER_GRADIENT_WINDOW_H

#include <stddef.h>

typedef struct {
  ptrdiff_t first, end;
} range;

// The outputs o of 0..<outputs with 0 <= o stride + shift < extent.
static inline range seen(ptrdiff_t outputs, ptrdiff_t extent, ptrdiff_t stride, ptrdiff_t shift) {
  ptrdiff_t first = shift >= 0 ? 0 : (-shift + stride - 1) / stride;
  ptrdiff_t end = extent - shift <= 0 ? 0 : (extent - shift + stride - 1) / stride;
  if (end > outputs) end = outputs;
  if (first > outputs) first = outputs;
  return (range){first, end < first ? first : end};
}

#endif
