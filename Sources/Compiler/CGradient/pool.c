// The largest element and the sum under a window.
#include <math.h>

#include "gradient.h"
#include "window.h"

typedef struct {
  range rows, columns;
} taps;

// The taps with which output (oy, ox) sees the image.
static taps inside(const gradient_window *w, ptrdiff_t oy, ptrdiff_t ox) {
  return (taps){
    seen(w->kernel_h, w->height, w->dilation_h, oy * w->stride_h - w->pad_top),
    seen(w->kernel_w, w->width, w->dilation_w, ox * w->stride_w - w->pad_left)};
}

static ptrdiff_t place(const gradient_window *w, ptrdiff_t oy, ptrdiff_t ox, ptrdiff_t ky, ptrdiff_t kx) {
  return (oy * w->stride_h + ky * w->dilation_h - w->pad_top) * w->width + ox * w->stride_w + kx * w->dilation_w -
    w->pad_left;
}

// Where the largest element lies; -1 where the window sees none.
static ptrdiff_t largest(const gradient_window *w, ptrdiff_t oy, ptrdiff_t ox, const float *x) {
  const taps t = inside(w, oy, ox);
  ptrdiff_t best = -1;
  for (ptrdiff_t ky = t.rows.first; ky < t.rows.end; ky++) {
    for (ptrdiff_t kx = t.columns.first; kx < t.columns.end; kx++) {
      const ptrdiff_t candidate = place(w, oy, ox, ky, kx);
      if (best < 0 || x[candidate] > x[best]) best = candidate;
    }
  }
  return best;
}

void gradient_pool_max(const gradient_window *w, const float *x, float *y) {
  for (ptrdiff_t c = 0; c < w->channels; c++, x += w->height * w->width) {
    for (ptrdiff_t oy = 0; oy < w->output_height; oy++) {
      for (ptrdiff_t ox = 0; ox < w->output_width; ox++) {
        const ptrdiff_t best = largest(w, oy, ox, x);
        *y++ = best < 0 ? -INFINITY : x[best];
      }
    }
  }
}

void gradient_pool_max_backward(const gradient_window *w, const float *x, const float *dy, float *dx) {
  for (ptrdiff_t c = 0; c < w->channels; c++, x += w->height * w->width, dx += w->height * w->width) {
    for (ptrdiff_t oy = 0; oy < w->output_height; oy++) {
      for (ptrdiff_t ox = 0; ox < w->output_width; ox++) {
        const ptrdiff_t best = largest(w, oy, ox, x);
        if (best >= 0) dx[best] += *dy;
        dy++;
      }
    }
  }
}

void gradient_pool_sum(const gradient_window *w, const float *scale, const float *x, float *y) {
  for (ptrdiff_t c = 0; c < w->channels; c++, x += w->height * w->width) {
    for (ptrdiff_t oy = 0; oy < w->output_height; oy++) {
      for (ptrdiff_t ox = 0; ox < w->output_width; ox++) {
        const taps t = inside(w, oy, ox);
        double sum = 0;
        for (ptrdiff_t ky = t.rows.first; ky < t.rows.end; ky++) {
          for (ptrdiff_t kx = t.columns.first; kx < t.columns.end; kx++) sum += x[place(w, oy, ox, ky, kx)];
        }
        *y++ = (float)(sum * scale[oy * w->output_width + ox]);
      }
    }
  }
}

void gradient_pool_sum_backward(const gradient_window *w, const float *scale, const float *dy, float *dx) {
  for (ptrdiff_t c = 0; c < w->channels; c++, dx += w->height * w->width) {
    for (ptrdiff_t oy = 0; oy < w->output_height; oy++) {
      for (ptrdiff_t ox = 0; ox < w->output_width; ox++) {
        const taps t = inside(w, oy, ox);
        const float error = *dy++ * scale[oy * w->output_width + ox];
        for (ptrdiff_t ky = t.rows.first; ky < t.rows.end; ky++) {
          for (ptrdiff_t kx = t.columns.first; kx < t.columns.end; kx++) dx[place(w, oy, ox, ky, kx)] += error;
        }
      }
    }
  }
}
