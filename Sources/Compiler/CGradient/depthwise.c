// Convolution with one filter for each output plane. An image is taken apart by the steps of its window, and rows lie
// behind each other with zeros between them, so that whatever the steps a tap shifts a whole plane:
//
//     y[i] = sum over taps of w[tap] * x[phase of tap][i + offset of tap]
//
// where i runs over the outputs and over the gaps between their rows, whose sums nobody reads. The gradient of a phase
// of the image is the same sum over the gradients of the outputs, with offsets that point back.
#include <string.h>

#include "clones.h"
#include "gradient.h"
#include "lanes.h"

enum { most_taps = 64, block = 4 * lanes };

// MARK: - Planes taken apart

typedef struct {
  ptrdiff_t phases;   // of an image: steps down times steps right
  ptrdiff_t row;      // floats between rows
  ptrdiff_t plane;    // floats of a phase, with what blocks read behind it
  ptrdiff_t outputs;  // and gaps
  ptrdiff_t margin;   // zeros in front of the outputs' gradients
  ptrdiff_t taps;
  ptrdiff_t places[most_taps];  // of the first taps behind an output; divisions take longer than small planes
} geometry;

static ptrdiff_t larger(ptrdiff_t a, ptrdiff_t b) { return a > b ? a : b; }

// Where a row and a column of an image lie, padding counted in: what both add up to is the place.
INLINE ptrdiff_t row_place(const gradient_window *w, const geometry *g, ptrdiff_t y) {
  return y % w->stride_h * w->stride_w * g->plane + y / w->stride_h * g->row;
}

INLINE ptrdiff_t column_place(const gradient_window *w, const geometry *g, ptrdiff_t x) {
  return x % w->stride_w * g->plane + x / w->stride_w;
}

static ptrdiff_t place_of_tap(const gradient_window *w, const geometry *g, ptrdiff_t tap) {
  return row_place(w, g, tap / w->kernel_w * w->dilation_h) + column_place(w, g, tap % w->kernel_w * w->dilation_w);
}

static geometry geometry_of(const gradient_window *w) {
  const ptrdiff_t reach_h = (w->kernel_h - 1) * w->dilation_h, reach_w = (w->kernel_w - 1) * w->dilation_w;
  const ptrdiff_t height = larger(w->pad_top + w->height, (w->output_height - 1) * w->stride_h + reach_h + 1);
  const ptrdiff_t width = larger(w->pad_left + w->width, (w->output_width - 1) * w->stride_w + reach_w + 1);
  const ptrdiff_t row = (width + w->stride_w - 1) / w->stride_w;
  const ptrdiff_t farthest = reach_h / w->stride_h * row + reach_w / w->stride_w;
  geometry g = {
    .phases = w->stride_h * w->stride_w,
    .row = row,
    .plane = (height + w->stride_h - 1) / w->stride_h * row + farthest + 2 * block,
    .outputs = w->output_height * row,
    .margin = farthest,
    .taps = w->kernel_h * w->kernel_w,
  };
  for (ptrdiff_t t = 0; t < g.taps && t < most_taps; t++) g.places[t] = place_of_tap(w, &g, t);
  return g;
}

// Where a tap lies behind an output.
INLINE ptrdiff_t tap_place(const gradient_window *w, const geometry *g, ptrdiff_t tap) {
  return tap < most_taps ? g->places[tap] : place_of_tap(w, g, tap);
}

ptrdiff_t gradient_depthwise_scratch(const gradient_window *w) {
  const geometry g = geometry_of(w);
  return (2 * g.phases + 1) * g.plane + g.margin;
}

// The columns of one phase that the image has: column first + n * step lies at `at` + n of its row.
typedef struct {
  ptrdiff_t first, count, at;
} columns;

INLINE columns columns_of(const gradient_window *w, const geometry *g, ptrdiff_t phase) {
  const ptrdiff_t step = w->stride_w;
  ptrdiff_t first = (phase - w->pad_left % step + step) % step;
  if (first + w->pad_left < 0) first += (-first - w->pad_left + step - 1) / step * step;
  const ptrdiff_t count = first < w->width ? (w->width - first + step - 1) / step : 0;
  return (columns){first, count, count > 0 ? column_place(w, g, first + w->pad_left) : 0};
}

// An image to its phases, which were 0.
INLINE void take_apart(const gradient_window *w, const geometry *g, const float *image, float *phases) {
  for (ptrdiff_t phase = 0; phase < w->stride_w; phase++) {
    const columns c = columns_of(w, g, phase);
    for (ptrdiff_t y = larger(0, -w->pad_top); y < w->height; y++) {
      const float *from = image + y * w->width + c.first;
      float *to = phases + row_place(w, g, y + w->pad_top) + c.at;
      if (w->stride_w == 1) memcpy(to, from, sizeof(float) * (size_t)c.count);
      else for (ptrdiff_t n = 0; n < c.count; n++) to[n] = from[n * w->stride_w];
    }
  }
}

// image += its phases.
INLINE void put_together(const gradient_window *w, const geometry *g, const float *phases, float *image) {
  for (ptrdiff_t phase = 0; phase < w->stride_w; phase++) {
    const columns c = columns_of(w, g, phase);
    for (ptrdiff_t y = larger(0, -w->pad_top); y < w->height; y++) {
      const float *from = phases + row_place(w, g, y + w->pad_top) + c.at;
      float *to = image + y * w->width + c.first;
      if (w->stride_w == 1) for (ptrdiff_t n = 0; n < c.count; n++) to[n] += from[n];
      else for (ptrdiff_t n = 0; n < c.count; n++) to[n * w->stride_w] += from[n];
    }
  }
}

static void clear(ptrdiff_t count, float *x) { memset(x, 0, sizeof(float) * (size_t)count); }

// MARK: - Sums over taps

typedef struct {
  ptrdiff_t count, at[most_taps];
  float weights[most_taps];
} tap_list;

// target[i] += the sum over taps of weight * source[i + at]; source and target reach a block further than `count`.
INLINE void correlate(const tap_list *taps, ptrdiff_t count, const float *source, float *target) {
  for (ptrdiff_t i = 0; i < count; i += block) {
    vector a = LOAD(target + i), b = LOAD(target + i + lanes);
    vector c = LOAD(target + i + 2 * lanes), d = LOAD(target + i + 3 * lanes);
    for (ptrdiff_t t = 0; t < taps->count; t++) {
      const float *from = source + i + taps->at[t], weight = taps->weights[t];
      a += weight * LOAD(from);
      b += weight * LOAD(from + lanes);
      c += weight * LOAD(from + 2 * lanes);
      d += weight * LOAD(from + 3 * lanes);
    }
    *(vector *)(target + i) = a, *(vector *)(target + i + lanes) = b;
    *(vector *)(target + i + 2 * lanes) = c, *(vector *)(target + i + 3 * lanes) = d;
  }
}

// The sum over i of x[i] * y[i]; both reach a block further than `count`, and one of them is 0 there.
INLINE float dot(ptrdiff_t count, const float *x, const float *y) {
  vector a = {0}, b = {0}, c = {0}, d = {0};
  for (ptrdiff_t i = 0; i < count; i += block) {
    a += LOAD(x + i) * LOAD(y + i);
    b += LOAD(x + i + lanes) * LOAD(y + i + lanes);
    c += LOAD(x + i + 2 * lanes) * LOAD(y + i + 2 * lanes);
    d += LOAD(x + i + 3 * lanes) * LOAD(y + i + 3 * lanes);
  }
  a = (a + b) + (c + d);
  float sum = 0;
  for (int lane = 0; lane < lanes; lane++) sum += a[lane];
  return sum;
}

CLONES void gradient_depthwise_add(
  const gradient_window *w, ptrdiff_t multiplier, const float *x, const float *filters, float *scratch, float *y) {
  const geometry g = geometry_of(w);
  const ptrdiff_t taps = g.taps;
  float *phases = scratch, *sums = scratch + g.phases * g.plane;
  clear(g.phases * g.plane, phases);
  for (ptrdiff_t m = 0; m < w->channels * multiplier; m++, filters += taps) {
    if (m % multiplier == 0) take_apart(w, &g, x + m / multiplier * w->height * w->width, phases);
    clear(g.plane, sums);
    for (ptrdiff_t first = 0; first < taps; first += most_taps) {
      tap_list list = {.count = 0};
      for (ptrdiff_t t = first; t < taps && t < first + most_taps; t++) {
        list.at[list.count] = tap_place(w, &g, t);
        list.weights[list.count++] = filters[t];
      }
      correlate(&list, g.outputs, phases, sums);
    }
    for (ptrdiff_t oy = 0; oy < w->output_height; oy++, y += w->output_width) {
      for (ptrdiff_t ox = 0; ox < w->output_width; ox++) y[ox] += sums[oy * g.row + ox];
    }
  }
}

// phases[i] += what the outputs' gradients give back to them; `dy` has the margin in front.
INLINE void spread(
  const gradient_window *w, const geometry *g, const float *weights, const float *dy, float *phases) {
  for (ptrdiff_t phase = 0; phase < g->phases; phase++) {
    for (ptrdiff_t t = 0; t < g->taps;) {
      tap_list list = {.count = 0};
      for (; t < g->taps && list.count < most_taps; t++) {
        const ptrdiff_t at = tap_place(w, g, t) - phase * g->plane;
        if (at < 0 || at >= g->plane) continue;
        list.at[list.count] = -at;
        list.weights[list.count++] = weights[t];
      }
      correlate(&list, g->plane - g->margin - 2 * block, dy, phases + phase * g->plane);
    }
  }
}

CLONES void gradient_depthwise_backward(
  const gradient_window *w, ptrdiff_t multiplier, const float *x, const float *filters, const float *dy,
  float *scratch, float *dx, float *dw) {
  const geometry g = geometry_of(w);
  const ptrdiff_t taps = g.taps, pixels = w->height * w->width;
  float *phases = scratch, *sums = phases + g.phases * g.plane, *margin = sums + g.phases * g.plane;
  float *errors = margin + g.margin;
  clear(g.phases * g.plane, phases);
  clear(g.margin + g.plane, margin);
  for (ptrdiff_t m = 0; m < w->channels * multiplier; m++) {
    for (ptrdiff_t oy = 0; oy < w->output_height; oy++, dy += w->output_width) {
      memcpy(errors + oy * g.row, dy, sizeof(float) * (size_t)w->output_width);
    }
    if (dw) {
      if (m % multiplier == 0) take_apart(w, &g, x + m / multiplier * pixels, phases);
      for (ptrdiff_t t = 0; t < taps; t++) {
        dw[m * taps + t] += dot(g.outputs, errors, phases + tap_place(w, &g, t));
      }
    }
    if (dx) {
      clear(g.phases * g.plane, sums);
      spread(w, &g, filters + m * taps, errors, sums);
      put_together(w, &g, sums, dx + m / multiplier * pixels);
    }
  }
}
