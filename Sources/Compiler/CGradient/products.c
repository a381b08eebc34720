// The gradient of a convolution's weights, in one of two ways. On large images of few channels lanes are pixels, and the
// sums of each tap are added up at the end. Elsewhere lanes are channels of one of both sides, whose planes are
// transposed for it, and nothing has to be added up.
#include "clones.h"
#include "correlation.h"
#include "lanes.h"

// MARK: - Lanes are pixels

INLINE float sum_of(const vector *x) {
  typedef float half __attribute__((vector_size(2 * lanes), aligned(4)));
  typedef float quarter __attribute__((vector_size(lanes), aligned(4)));
  const half a = __builtin_shufflevector(*x, *x, 0, 1, 2, 3, 4, 5, 6, 7) +
                 __builtin_shufflevector(*x, *x, 8, 9, 10, 11, 12, 13, 14, 15);
  const quarter b = __builtin_shufflevector(a, a, 0, 1, 2, 3) + __builtin_shufflevector(a, a, 4, 5, 6, 7);
  return (b[0] + b[2]) + (b[1] + b[3]);
}

INLINE void dot(int rows, int taps, const products *k, const float *dy, const float *x, float *dw) {
  const ptrdiff_t dw_row = k->depth * k->kernel_h * k->kernel_w;
  vector sum[2][3] = {{{0}}};
  for (ptrdiff_t i = 0; i < k->height * k->row; i += lanes) {
    vector error[2];
    for (int r = 0; r < rows; r++) error[r] = LOAD(dy + r * k->dy_plane + i);
    for (int t = 0; t < taps; t++) {
      const vector seen = LOAD(x + i + t * k->step_w);
      for (int r = 0; r < rows; r++) sum[r][t] += error[r] * seen;
    }
  }
  for (int r = 0; r < rows; r++) {
    for (int t = 0; t < taps; t++) dw[r * dw_row + t] += sum_of(&sum[r][t]);
  }
}

INLINE void dot_rows(int taps, const products *k, const float *dy, const float *x, float *dw) {
  const ptrdiff_t dw_row = k->depth * k->kernel_h * k->kernel_w;
  ptrdiff_t r = 0;
  for (; r + 2 <= k->rows; r += 2) dot(2, taps, k, dy + r * k->dy_plane, x, dw + r * dw_row);
  for (; r < k->rows; r++) dot(1, taps, k, dy + r * k->dy_plane, x, dw + r * dw_row);
}

INLINE void dots(const products *k, const float *dy, const float *x, float *dw) {
  for (ptrdiff_t d = 0; d < k->depth; d++) {
    for (ptrdiff_t ky = 0; ky < k->kernel_h; ky++, dw += k->kernel_w) {
      const float *line = x + d * k->x_plane + ky * k->step_h;
      ptrdiff_t kx = 0;
      for (; kx + 3 <= k->kernel_w; kx += 3) dot_rows(3, k, dy, line + kx * k->step_w, dw + kx);
      for (; kx < k->kernel_w; kx++) dot_rows(1, k, dy, line + kx * k->step_w, dw + kx);
    }
  }
}

// MARK: - Lanes are channels

// dw[r * dw_row + l * dw_lane] += sum over pixels of a[r][i] * b[i][l]
typedef struct {
  ptrdiff_t rows, count, height, width, row;
  ptrdiff_t a_plane, b_pixel, dw_row, dw_lane;
} outer;

enum { most_rows = 6, most_columns = 2 };

INLINE void outer_tile(
  int rows, int columns, ptrdiff_t count, const outer *k, const float *a, const float *b, float *dw) {
  vector sum[most_rows][most_columns] = {{{0}}};
  for (ptrdiff_t y = 0; y < k->height; y++, a += k->row, b += k->row * k->b_pixel) {
    const float *at = a, *seen = b;
    for (ptrdiff_t x = 0; x < k->width; x++, at++, seen += k->b_pixel) {
      for (int r = 0; r < rows; r++) {
        for (int c = 0; c < columns; c++) sum[r][c] += LOAD(seen + c * lanes) * at[r * k->a_plane];
      }
    }
  }
  for (int r = 0; r < rows; r++) {
    float sums[most_columns * lanes];
    for (int c = 0; c < columns; c++) *(vector *)(sums + c * lanes) = sum[r][c];
    for (ptrdiff_t l = 0; l < count; l++) dw[r * k->dw_row + l * k->dw_lane] += sums[l];
  }
}

INLINE void outer_strip(
  int columns, ptrdiff_t count, const outer *k, const float *a, const float *b, float *dw) {
  ptrdiff_t r = 0;
  for (; r + 6 <= k->rows; r += 6) outer_tile(6, columns, count, k, a + r * k->a_plane, b, dw + r * k->dw_row);
  a += r * k->a_plane;
  dw += r * k->dw_row;
  switch (k->rows - r) {
    case 5: outer_tile(5, columns, count, k, a, b, dw); break;
    case 4: outer_tile(4, columns, count, k, a, b, dw); break;
    case 3: outer_tile(3, columns, count, k, a, b, dw); break;
    case 2: outer_tile(2, columns, count, k, a, b, dw); break;
    case 1: outer_tile(1, columns, count, k, a, b, dw); break;
    default: break;
  }
}

// As many lanes as there are, in strips of so many vectors.
INLINE void outer_products(int columns, const outer *k, const float *a, const float *b, float *dw) {
  const ptrdiff_t most = columns * lanes;
  ptrdiff_t l = 0;
  for (; l + most - lanes < k->count; l += most) {
    const ptrdiff_t left = k->count - l;
    outer_strip(columns, left < most ? left : most, k, a, b + l, dw + l * k->dw_lane);
  }
  for (; l < k->count; l += lanes) outer_strip(1, k->count - l, k, a, b + l, dw + l * k->dw_lane);
}

// Whether lanes are channels of the image, not of the gradients: as many of them as possible are to be used.
INLINE int takes_image(const products *k) { return k->rows * rounded(k->depth) <= k->depth * rounded(k->rows); }

INLINE void outers(
  int columns, const products *k, const float *dy, const float *x, float *scratch, float *dw) {
  const int image = takes_image(k);
  const ptrdiff_t taps = k->kernel_h * k->kernel_w, count = image ? k->depth : k->rows, pixel = rounded(count);
  const outer o = {
    .rows = image ? k->rows : k->depth, .count = count, .height = k->height, .width = k->width, .row = k->row,
    .a_plane = image ? k->dy_plane : k->x_plane, .b_pixel = pixel, .dw_row = image ? k->depth * taps : taps,
    .dw_lane = image ? taps : k->depth * taps};
  const float *planes = image ? x : dy;
  const ptrdiff_t plane = image ? k->x_plane : k->dy_plane;
  const ptrdiff_t seen =
    k->height * k->row + (image ? (k->kernel_h - 1) * k->step_h + (k->kernel_w - 1) * k->step_w : 0);
  for (ptrdiff_t i = 0; i < seen; i++) {
    for (ptrdiff_t p = 0; p < count; p++) scratch[i * pixel + p] = planes[p * plane + i];
  }
  for (ptrdiff_t ky = 0; ky < k->kernel_h; ky++) {
    for (ptrdiff_t kx = 0; kx < k->kernel_w; kx++, dw++) {
      const ptrdiff_t shift = ky * k->step_h + kx * k->step_w;
      outer_products(columns, &o, image ? dy : x + shift, image ? scratch + shift * pixel : scratch, dw);
    }
  }
}

// MARK: - Choice

// Where both sides have few channels, most lanes would be empty, and large images have pixels enough.
static int takes_pixels(const products *k) {
  return k->height * k->width >= 512 && k->rows <= lanes && k->depth <= lanes;
}

ptrdiff_t gradient_products_scratch(const products *k) {
  if (takes_pixels(k)) return 0;
  return takes_image(k) ? rounded(k->depth) * k->x_plane : rounded(k->rows) * k->dy_plane;
}

CLONES static void multiply(const products *k, const float *dy, const float *x, float *scratch, float *dw) {
  if (takes_pixels(k)) {
    dots(k, dy, x, dw);
  } else {
    outers(1, k, dy, x, scratch, dw);
  }
}

WIDE static void multiply_wide(const products *k, const float *dy, const float *x, float *scratch, float *dw) {
  if (takes_pixels(k)) {
    dots(k, dy, x, dw);
  } else {
    outers(2, k, dy, x, scratch, dw);
  }
}

void gradient_add_products(const products *k, const float *dy, const float *x, float *scratch, float *dw) {
  if (is_wide()) {
    multiply_wide(k, dy, x, scratch, dw);
  } else {
    multiply(k, dy, x, scratch, dw);
  }
}
