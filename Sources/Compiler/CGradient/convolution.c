// Convolution in steps of one pixel, without the matrix of what every output sees. Rows of an image lie behind each
// other with zeros between them, so that a tap of the window shifts a whole plane:
//
//     y[m][i] = sum over c, ky, kx of w[m][c][ky][kx] * x[c][i + ky * step_h + kx * step_w]
//
// where i runs over the outputs and over the gaps between their rows, whose sums nobody reads. The gradient of the image
// is the same sum over the gradients of the outputs, with the taps in reverse order.
#include <string.h>

#include "clones.h"
#include "gradient.h"

#define INLINE static inline __attribute__((always_inline))

// Sixteen lanes are two registers of AVX2: six sums and what is added to them are as many as there are.
enum { lanes = 16 };

typedef float vector __attribute__((vector_size(4 * lanes), aligned(4), may_alias));

#define LOAD(x) (*(const vector *)(x))

INLINE float sum_of(const vector *x) {
  typedef float half __attribute__((vector_size(2 * lanes), aligned(4)));
  typedef float quarter __attribute__((vector_size(lanes), aligned(4)));
  const half a = __builtin_shufflevector(*x, *x, 0, 1, 2, 3, 4, 5, 6, 7) +
                 __builtin_shufflevector(*x, *x, 8, 9, 10, 11, 12, 13, 14, 15);
  const quarter b = __builtin_shufflevector(a, a, 0, 1, 2, 3) + __builtin_shufflevector(a, a, 4, 5, 6, 7);
  return (b[0] + b[2]) + (b[1] + b[3]);
}

// MARK: - Planes with gaps

// Images whose rows are `row` floats apart; `first` is where the first pixel lies in its plane.
typedef struct {
  ptrdiff_t height, width, row, first, plane;
} layout;

static ptrdiff_t rounded(ptrdiff_t count) { return (count + lanes - 1) / lanes * lanes; }

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

// MARK: - Sums over windows

// y[r][i] = sum over d < depth and taps of w[r * w_row + d * w_depth + tap * w_tap] * x[d * x_plane + i + its shift]
typedef struct {
  ptrdiff_t rows, length, depth, kernel_h, kernel_w;
  ptrdiff_t w_row, w_depth, w_tap;
  ptrdiff_t x_plane, step_h, step_w, y_plane;
} correlation;

INLINE void tile(int rows, const correlation *k, const float *w, const float *x, float *y) {
  vector sum[6] = {{0}};
  for (ptrdiff_t d = 0; d < k->depth; d++) {
    const float *weight = w + d * k->w_depth, *line = x + d * k->x_plane;
    for (ptrdiff_t ky = 0; ky < k->kernel_h; ky++, line += k->step_h) {
      const float *at = line;
      for (ptrdiff_t kx = 0; kx < k->kernel_w; kx++, at += k->step_w, weight += k->w_tap) {
        const vector seen = LOAD(at);
        for (int r = 0; r < rows; r++) sum[r] += seen * weight[r * k->w_row];
      }
    }
  }
  for (int r = 0; r < rows; r++) *(vector *)(y + r * k->y_plane) = sum[r];
}

CLONES static void correlate(const correlation *k, const float *w, const float *x, float *y) {
  for (ptrdiff_t i = 0; i < k->length; i += lanes) {
    ptrdiff_t r = 0;
    for (; r + 6 <= k->rows; r += 6) tile(6, k, w + r * k->w_row, x + i, y + r * k->y_plane + i);
    for (; r + 4 <= k->rows; r += 4) tile(4, k, w + r * k->w_row, x + i, y + r * k->y_plane + i);
    for (; r + 2 <= k->rows; r += 2) tile(2, k, w + r * k->w_row, x + i, y + r * k->y_plane + i);
    for (; r < k->rows; r++) tile(1, k, w + r * k->w_row, x + i, y + r * k->y_plane + i);
  }
}

// MARK: - Products of gradients and what the outputs saw

// dw[r * dw_row + d * dw_depth + tap] += sum over i of dy[r][i] * x[d * x_plane + i + the tap's shift]
typedef struct {
  ptrdiff_t rows, length, depth, kernel_h, kernel_w;
  ptrdiff_t dw_row, dw_depth;
  ptrdiff_t x_plane, step_h, step_w, dy_plane;
} products;

INLINE void dot(int rows, int taps, const products *k, const float *dy, const float *x, float *dw) {
  vector sum[2][3] = {{{0}}};
  for (ptrdiff_t i = 0; i < k->length; i += lanes) {
    vector error[2];
    for (int r = 0; r < rows; r++) error[r] = LOAD(dy + r * k->dy_plane + i);
    for (int t = 0; t < taps; t++) {
      const vector seen = LOAD(x + i + t * k->step_w);
      for (int r = 0; r < rows; r++) sum[r][t] += error[r] * seen;
    }
  }
  for (int r = 0; r < rows; r++) {
    for (int t = 0; t < taps; t++) dw[r * k->dw_row + t] += sum_of(&sum[r][t]);
  }
}

INLINE void dot_rows(int taps, const products *k, const float *dy, const float *x, float *dw) {
  ptrdiff_t r = 0;
  for (; r + 2 <= k->rows; r += 2) dot(2, taps, k, dy + r * k->dy_plane, x, dw + r * k->dw_row);
  for (; r < k->rows; r++) dot(1, taps, k, dy + r * k->dy_plane, x, dw + r * k->dw_row);
}

CLONES static void multiply(const products *k, const float *dy, const float *x, float *dw) {
  for (ptrdiff_t d = 0; d < k->depth; d++) {
    for (ptrdiff_t ky = 0; ky < k->kernel_h; ky++) {
      const float *line = x + d * k->x_plane + ky * k->step_h;
      float *target = dw + d * k->dw_depth + ky * k->kernel_w;
      ptrdiff_t kx = 0;
      for (; kx + 3 <= k->kernel_w; kx += 3) dot_rows(3, k, dy, line + kx * k->step_w, target + kx);
      for (; kx < k->kernel_w; kx++) dot_rows(1, k, dy, line + kx * k->step_w, target + kx);
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

ptrdiff_t gradient_convolve_scratch(const gradient_window *w, ptrdiff_t filters) {
  const geometry g = geometry_of(w);
  const ptrdiff_t most = filters * g.outputs > w->channels * g.inputs ? filters * g.outputs : w->channels * g.inputs;
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
  correlate(&k, weights, image, sums);
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
    correlate(&k, weights + g.taps - 1, errors, sums);
    gather(w->height, w->width, g.dy.row, w->channels, g.inputs, sums, dx);
  }
  if (dw != NULL) {
    spread(&g.x, w->channels, x, image);
    const products k = {
      .rows = filters, .length = w->output_height * g.x.row, .depth = w->channels, .kernel_h = w->kernel_h,
      .kernel_w = w->kernel_w, .dw_row = w->channels * g.taps, .dw_depth = g.taps, .x_plane = g.x.plane,
      .step_h = w->dilation_h * g.x.row, .step_w = w->dilation_w, .dy_plane = g.dy.plane};
    multiply(&k, errors + g.dy.first, image, dw);
  }
}
