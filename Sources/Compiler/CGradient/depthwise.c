// Convolution with one filter for each output plane, row by row of taps. Three taps side by side are taken at once where
// an output sees all of them, which is what depthwise layers mostly have.
#include "clones.h"
#include "gradient.h"
#include "window.h"

#define INLINE static inline __attribute__((always_inline))

enum { lanes = 8, most_taps = 3 };

// What the outputs of one row see through one row of taps.
typedef struct {
  ptrdiff_t taps, stride;
  ptrdiff_t shift[most_taps];  // of the image's row, for each tap
  range seen[most_taps];
  range all;                   // outputs that see through every tap
} tap_row;

// `taps` of a window from tap `kx` on.
static tap_row taps_of(const gradient_window *w, ptrdiff_t kx, ptrdiff_t taps) {
  tap_row row = {.taps = taps, .stride = w->stride_w, .all = {0, w->output_width}};
  for (ptrdiff_t t = 0; t < taps; t++) {
    row.shift[t] = (kx + t) * w->dilation_w - w->pad_left;
    row.seen[t] = seen(w->output_width, w->width, w->stride_w, row.shift[t]);
    if (row.seen[t].first > row.all.first) row.all.first = row.seen[t].first;
    if (row.seen[t].end < row.all.end) row.all.end = row.seen[t].end;
  }
  if (row.all.end < row.all.first) row.all.end = row.all.first;
  return row;
}

// Calls EDGE for every tap and output that sees through it, but not through all taps.
#define EDGES(row, t, ox, EDGE)                                                                     \
  for (ptrdiff_t t = 0; t < (row)->taps; t++) {                                                     \
    for (ptrdiff_t ox = (row)->seen[t].first; ox < (row)->seen[t].end; ox++) {                      \
      if (ox == (row)->all.first) ox = (row)->all.end;                                              \
      if (ox < (row)->seen[t].end) { EDGE; }                                                        \
    }                                                                                               \
  }

INLINE void add_row(const tap_row *row, ptrdiff_t s, const float *x, const float *weights, float *y) {
  if (row->taps == 3) {
    const float a = weights[0], b = weights[1], c = weights[2];
    const float *u = x + row->shift[0], *v = x + row->shift[1], *w = x + row->shift[2];
    for (ptrdiff_t ox = row->all.first; ox < row->all.end; ox++) {
      y[ox] += a * u[ox * s] + b * v[ox * s] + c * w[ox * s];
    }
  } else {
    for (ptrdiff_t ox = row->all.first; ox < row->all.end; ox++) y[ox] += weights[0] * x[ox * s + row->shift[0]];
  }
  EDGES(row, t, ox, y[ox] += weights[t] * x[ox * s + row->shift[t]])
}

// dx += the adjoint of add_row.
INLINE void spread_row(const tap_row *row, ptrdiff_t s, const float *dy, const float *weights, float *dx) {
  for (ptrdiff_t t = 0; t < row->taps; t++) {
    float *target = dx + row->shift[t];
    const float weight = weights[t];
    for (ptrdiff_t ox = row->seen[t].first; ox < row->seen[t].end; ox++) target[ox * s] += weight * dy[ox];
  }
}

// dw[t] += the sum of dy times what it sees through tap t, in parts so that they can be taken side by side.
INLINE void dot_row(const tap_row *row, ptrdiff_t s, const float *dy, const float *x, float *dw) {
  float sums[most_taps][lanes] = {{0}};
  ptrdiff_t ox = row->all.first;
  if (s == 1 && row->taps == 3) {
    for (; ox + lanes <= row->all.end; ox += lanes) {
      for (int lane = 0; lane < lanes; lane++) {
        const float error = dy[ox + lane];
        sums[0][lane] += error * x[ox + lane + row->shift[0]];
        sums[1][lane] += error * x[ox + lane + row->shift[1]];
        sums[2][lane] += error * x[ox + lane + row->shift[2]];
      }
    }
  }
  for (ptrdiff_t t = 0; t < row->taps; t++) {
    float sum = 0;
    for (ptrdiff_t rest = ox; rest < row->all.end; rest++) sum += dy[rest] * x[rest * s + row->shift[t]];
    for (int lane = 0; lane < lanes; lane++) sum += sums[t][lane];
    dw[t] += sum;
  }
  EDGES(row, t, at, dw[t] += dy[at] * x[at * s + row->shift[t]])
}

// How many taps of a row of the kernel are taken at once from tap `kx` on.
static ptrdiff_t together(const gradient_window *w, ptrdiff_t kx) { return w->kernel_w - kx >= 3 ? 3 : 1; }

CLONES void gradient_depthwise_add(
  const gradient_window *w, ptrdiff_t multiplier, const float *x, const float *filters, float *y) {
  const ptrdiff_t plane = w->height * w->width, taps = w->kernel_h * w->kernel_w;
  for (ptrdiff_t kx = 0; kx < w->kernel_w; kx += together(w, kx)) {
    const tap_row row = taps_of(w, kx, together(w, kx));
    for (ptrdiff_t m = 0; m < w->channels * multiplier; m++) {
      for (ptrdiff_t oy = 0; oy < w->output_height; oy++) {
        float *target = y + (m * w->output_height + oy) * w->output_width;
        for (ptrdiff_t ky = 0; ky < w->kernel_h; ky++) {
          const ptrdiff_t iy = oy * w->stride_h + ky * w->dilation_h - w->pad_top;
          if (iy < 0 || iy >= w->height) continue;
          const float *image = x + m / multiplier * plane + iy * w->width;
          const float *weights = filters + m * taps + ky * w->kernel_w + kx;
          if (row.stride == 1) {
            add_row(&row, 1, image, weights, target);
          } else {
            add_row(&row, row.stride, image, weights, target);
          }
        }
      }
    }
  }
}

CLONES void gradient_depthwise_backward(
  const gradient_window *w, ptrdiff_t multiplier, const float *x, const float *filters, const float *dy, float *dx,
  float *dw) {
  const ptrdiff_t plane = w->height * w->width, taps = w->kernel_h * w->kernel_w;
  for (ptrdiff_t kx = 0; kx < w->kernel_w; kx += together(w, kx)) {
    const tap_row row = taps_of(w, kx, together(w, kx));
    for (ptrdiff_t m = 0; m < w->channels * multiplier; m++) {
      for (ptrdiff_t oy = 0; oy < w->output_height; oy++) {
        const float *error = dy + (m * w->output_height + oy) * w->output_width;
        for (ptrdiff_t ky = 0; ky < w->kernel_h; ky++) {
          const ptrdiff_t iy = oy * w->stride_h + ky * w->dilation_h - w->pad_top;
          if (iy < 0 || iy >= w->height) continue;
          const ptrdiff_t image = m / multiplier * plane + iy * w->width, tap = m * taps + ky * w->kernel_w + kx;
          if (dx && row.stride == 1) spread_row(&row, 1, error, filters + tap, dx + image);
          if (dx && row.stride != 1) spread_row(&row, row.stride, error, filters + tap, dx + image);
          if (dw && row.stride == 1) dot_row(&row, 1, error, x + image, dw + tap);
          if (dw && row.stride != 1) dot_row(&row, row.stride, error, x + image, dw + tap);
        }
      }
    }
  }
}
