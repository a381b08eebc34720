// The taps of a pooling window that lie inside an image.
#ifndef ESPALIER_COMMON_WINDOW_H
#define ESPALIER_COMMON_WINDOW_H

#include <stdint.h>

// The taps of one axis: positions start + i dilation for i in first ..< end lie inside the image, and
// `padded` taps inside image and padding.
typedef struct espalier_window {
  int64_t start, first, end, padded;
} espalier_window;

static inline int64_t espalier_taps_below(int64_t start, int64_t dilation, int64_t taps, int64_t limit) {
  if (start >= limit) return 0;
  const int64_t count = (limit - start + dilation - 1) / dilation;
  return count < taps ? count : taps;
}

static inline espalier_window espalier_window_at(int64_t output, int64_t stride, int64_t dilation,
                                                 int64_t taps, int64_t size, int64_t pad_before,
                                                 int64_t pad_after) {
  espalier_window window = {.start = output * stride - pad_before};
  window.first = espalier_taps_below(window.start, dilation, taps, 0);
  window.end = espalier_taps_below(window.start, dilation, taps, size);
  window.padded = espalier_taps_below(window.start, dilation, taps, size + pad_after);
  return window;
}

#endif
