#include "moments.h"

// Columns that are summed at once, so that they stay in registers.
enum { columns = 16, lanes = 8 };

void moments_add(double *sums, size_t size, const float *rows, size_t count, size_t stride) {
  for (size_t i = 0; i < size; i++) {
    double *target = sums + i * size;
    size_t j = 0;
    for (; j + columns <= i + 1; j += columns) {
      float sum[columns] = {0};
      for (size_t row = 0; row < count; row++) {
        const float *own = rows + row * stride;
        for (int lane = 0; lane < columns; lane++) sum[lane] += own[i] * own[j + (size_t)lane];
      }
      for (int lane = 0; lane < columns; lane++) target[j + (size_t)lane] += sum[lane];
    }
    for (; j <= i; j++) {
      float sum = 0;
      for (size_t row = 0; row < count; row++) sum += rows[row * stride + i] * rows[row * stride + j];
      target[j] += sum;
    }
  }
}

void moments_gather(
  const moments_window *window, const float *map, ptrdiff_t row, ptrdiff_t column, float *target) {
  for (size_t channel = 0; channel < window->channels; channel++) {
    for (ptrdiff_t ky = 0; ky < window->taps_h; ky++) {
      const ptrdiff_t y = row + ky * window->dilation_h;
      for (ptrdiff_t kx = 0; kx < window->taps_w; kx++) {
        const ptrdiff_t x = column + kx * window->dilation_w;
        const int inside = y >= 0 && y < window->height && x >= 0 && x < window->width;
        *target++ = inside ? map[y * window->width + x] : 0;
      }
    }
    map += window->height * window->width;
  }
}

// The input index that adds to output index `place` through a tap, or -1.
static ptrdiff_t source(ptrdiff_t place, ptrdiff_t shift, ptrdiff_t stride, ptrdiff_t extent) {
  const ptrdiff_t scaled = place - shift;
  if (scaled < 0 || scaled % stride != 0) return -1;
  return scaled / stride < extent ? scaled / stride : -1;
}

void moments_gather_transposed(
  const moments_window *window, const float *map, ptrdiff_t row, ptrdiff_t column, float *target) {
  for (size_t channel = 0; channel < window->channels; channel++) {
    for (ptrdiff_t ky = 0; ky < window->taps_h; ky++) {
      const ptrdiff_t y = source(row, ky * window->dilation_h, window->stride_h, window->height);
      for (ptrdiff_t kx = 0; kx < window->taps_w; kx++) {
        const ptrdiff_t x = source(column, kx * window->dilation_w, window->stride_w, window->width);
        *target++ = y >= 0 && x >= 0 ? map[y * window->width + x] : 0;
      }
    }
    map += window->height * window->width;
  }
}

double moments_dot(const double *a, const double *b, size_t count) {
  double sums[lanes] = {0}, sum = 0;
  size_t i = 0;
  for (; i + lanes <= count; i += lanes) {
    for (int lane = 0; lane < lanes; lane++) sums[lane] += a[i + (size_t)lane] * b[i + (size_t)lane];
  }
  for (; i < count; i++) sum += a[i] * b[i];
  for (int lane = 0; lane < lanes; lane++) sum += sums[lane];
  return sum;
}

void moments_add_scaled(double *target, const double *x, double share, size_t count) {
  for (size_t i = 0; i < count; i++) target[i] += share * x[i];
}
