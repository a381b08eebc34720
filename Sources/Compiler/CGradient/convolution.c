// Convolution in steps of one pixel, without the matrix of what every output sees. Rows of an image lie behind each
// other with zeros between them, so that a tap of the window shifts a whole plane:
//
//     y[m][i] = sum over c, ky, kx of w[m][c][ky][kx] * x[c][i + ky * step_h + kx * step_w]
//
// where i runs over the outputs and over the gaps between their rows, whose sums nobody reads. The gradient of the image
// is the same sum over the gradients of the outputs, with the taps in reverse order.
#include <string.h>

#include "clones.h"
#include "correlation.h"
#include "gradient.h"
#include "lanes.h"

// MARK: - Planes with gaps

// Images whose rows are `row` floats apart; `first` is where the first pixel lies in its plane.
typedef struct {
  ptrdiff_t height, width, row, first, plane;
} layout;

// What lies around the image above, below and on the left; what lies on the right is the rest of the row.
static layout layout_of(
  ptrdiff_t height, ptrdiff_t width, ptrdiff_t top, ptrdiff_t bottom, ptrdiff_t left, ptrdiff_t row) {
  return (layout){height, width, row, top * row + left, (top + height + bottom) * row + 2 * lanes};
}

typedef struct {
  layout x, dy;
  ptrdiff_t taps, reach_h, reach_w, outputs, inputs;
} geometry;

static geometry geometry_of(const gradient_window *w) {
  const ptrdiff_t reach_h = (w->kernel_h - 1) * w->dilation_h, reach_w = (w->kernel_w - 1) * w->dilation_w;
  const ptrdiff_t bottom = w->output_height + reach_h - w->height - w->pad_top;
  // As wide as the wider of both, each with what lies around it.
  const ptrdiff_t around = w->width - w->output_width + reach_w;
  const ptrdiff_t row = w->output_width + (around > reach_w ? around : reach_w);
  return (geometry){
    .x = layout_of(w->height, w->width, w->pad_top, bottom, w->pad_left, row),
    .dy = layout_of(
      w->output_height, w->output_width, reach_h - w->pad_top, reach_h - bottom, reach_w - w->pad_left, row),
    .taps = w->kernel_h * w->kernel_w,
    .reach_h = reach_h,
    .reach_w = reach_w,
    .outputs = rounded(w->output_height * row),
    .inputs = rounded(w->height * row),
  };
}

static void spread(const layout *to, ptrdiff_t planes, const float *dense, float *target) {
  memset(target, 0, sizeof(float) * (size_t)(planes * to->plane));
  for (ptrdiff_t p = 0; p < planes; p++) {
    float *at = target + p * to->plane + to->first;
    for (ptrdiff_t y = 0; y < to->height; y++, dense += to->width, at += to->row) {
      memcpy(at, dense, sizeof(float) * (size_t)to->width);
    }
  }
}

// dense += the rows of planes that begin with their first pixel and are `plane` floats apart.
CLONES static void gather(
  ptrdiff_t height, ptrdiff_t width, ptrdiff_t row, ptrdiff_t planes, ptrdiff_t plane, const float *from,
  float *dense) {
  for (ptrdiff_t p = 0; p < planes; p++) {
    const float *at = from + p * plane;
    for (ptrdiff_t y = 0; y < height; y++, dense += width, at += row) {
      for (ptrdiff_t x = 0; x < width; x++) dense[x] += at[x];
    }
  }
}

// MARK: - Convolution

int gradient_convolves(const gradient_window *w) {
  const ptrdiff_t reach_h = (w->kernel_h - 1) * w->dilation_h, reach_w = (w->kernel_w - 1) * w->dilation_w;
  const ptrdiff_t bottom = w->output_height + reach_h - w->height - w->pad_top;
  const ptrdiff_t right = w->output_width + reach_w - w->width - w->pad_left;
  return w->stride_h == 1 && w->stride_w == 1 && reach_w <= lanes && w->pad_top >= 0 && w->pad_left >= 0 && bottom >= 0 && right >= 0 &&
         w->pad_top <= reach_h && w->pad_left <= reach_w && bottom <= reach_h && right <= reach_w;
}

static products products_of(const gradient_window *w, const geometry *g, ptrdiff_t filters) {
  return (products){
    .rows = filters, .depth = w->channels, .height = w->output_height, .width = w->output_width, .row = g->x.row,
    .kernel_h = w->kernel_h, .kernel_w = w->kernel_w, .x_plane = g->x.plane, .step_h = w->dilation_h * g->x.row,
    .step_w = w->dilation_w, .dy_plane = g->dy.plane};
}

static ptrdiff_t larger(ptrdiff_t a, ptrdiff_t b) { return a > b ? a : b; }

ptrdiff_t gradient_convolve_scratch(const gradient_window *w, ptrdiff_t filters) {
  const geometry g = geometry_of(w);
  const products k = products_of(w, &g, filters);
  const ptrdiff_t most =
    larger(larger(filters * g.outputs, w->channels * g.inputs), gradient_products_scratch(&k));
  return w->channels * g.x.plane + filters * g.dy.plane + most + 4 * lanes;
}

void gradient_convolve(
  const gradient_window *w, ptrdiff_t filters, const float *weights, const float *x, float *scratch, float *y) {
  const geometry g = geometry_of(w);
  float *image = scratch, *sums = image + w->channels * g.x.plane + lanes;
  spread(&g.x, w->channels, x, image);
  const correlation k = {
    .rows = filters, .length = w->output_height * g.x.row, .depth = w->channels, .kernel_h = w->kernel_h,
    .kernel_w = w->kernel_w, .w_row = w->channels * g.taps, .w_depth = g.taps, .w_tap = 1, .x_plane = g.x.plane,
    .step_h = w->dilation_h * g.x.row, .step_w = w->dilation_w, .y_plane = g.outputs};
  gradient_correlate(&k, weights, image, sums);
  gather(w->output_height, w->output_width, g.x.row, filters, g.outputs, sums, y);
}

void gradient_convolve_backward(
  const gradient_window *w, ptrdiff_t filters, const float *weights, const float *x, const float *dy, float *scratch,
  float *dx, float *dw) {
  const geometry g = geometry_of(w);
  float *image = scratch, *errors = image + w->channels * g.x.plane + lanes;
  float *sums = errors + filters * g.dy.plane + lanes;
  spread(&g.dy, filters, dy, errors);
  if (dx != NULL) {
    const correlation k = {
      .rows = w->channels, .length = w->height * g.dy.row, .depth = filters, .kernel_h = w->kernel_h,
      .kernel_w = w->kernel_w, .w_row = g.taps, .w_depth = w->channels * g.taps, .w_tap = -1, .x_plane = g.dy.plane,
      .step_h = w->dilation_h * g.dy.row, .step_w = w->dilation_w, .y_plane = g.inputs};
    gradient_correlate(&k, weights + g.taps - 1, errors, sums);
    gather(w->height, w->width, g.dy.row, w->channels, g.inputs, sums, dx);
  }
  if (dw != NULL) {
    spread(&g.x, w->channels, x, image);
    const products k = products_of(w, &g, filters);
    gradient_add_products(&k, errors + g.dy.first, image, sums, dw);
  }
}
