// Elements that change places, and weighted sums along an axis.
#include <string.h>

#include "clones.h"
#include "gradient.h"

void gradient_move(size_t runs, const gradient_run *run, const float *x, float *y) {
  for (size_t r = 0; r < runs; r++) {
    if (run[r].count == 1) {
      y[run[r].target] = x[run[r].source];
    } else {
      memcpy(y + run[r].target, x + run[r].source, sizeof(float) * (size_t)run[r].count);
    }
  }
}

CLONES void gradient_move_backward(size_t runs, const gradient_run *run, const float *dy, float *dx) {
  for (size_t r = 0; r < runs; r++) {
    const float *from = dy + run[r].target;
    float *to = dx + run[r].source;
    for (int32_t i = 0; i < run[r].count; i++) to[i] += from[i];
  }
}

CLONES void gradient_resample(const gradient_taps *taps, const float *x, float *y) {
  for (size_t block = 0; block < taps->outer; block++, x += taps->inputs * taps->inner) {
    for (size_t o = 0; o < taps->outputs; o++, y += taps->inner) {
      memset(y, 0, sizeof(float) * taps->inner);
      for (int32_t t = taps->first[o]; t < taps->first[o + 1]; t++) {
        const float *from = x + (size_t)taps->index[t] * taps->inner;
        const float weight = taps->weight[t];
        for (size_t i = 0; i < taps->inner; i++) y[i] += weight * from[i];
      }
    }
  }
}

CLONES void gradient_resample_backward(const gradient_taps *taps, const float *dy, float *dx) {
  for (size_t block = 0; block < taps->outer; block++, dx += taps->inputs * taps->inner) {
    for (size_t o = 0; o < taps->outputs; o++, dy += taps->inner) {
      for (int32_t t = taps->first[o]; t < taps->first[o + 1]; t++) {
        float *to = dx + (size_t)taps->index[t] * taps->inner;
        const float weight = taps->weight[t];
        for (size_t i = 0; i < taps->inner; i++) to[i] += weight * dy[i];
      }
    }
  }
}
