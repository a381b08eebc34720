#include "correlation.h"

#include "clones.h"
#include "lanes.h"

// Six rows of one vector are what AVX2 has registers for; AVX-512 takes two vectors side by side.
enum { most_rows = 6, most_columns = 2 };

INLINE void tile(int rows, int columns, const correlation *k, const float *w, const float *x, float *y) {
  vector sum[most_rows][most_columns] = {{{0}}};
  for (ptrdiff_t d = 0; d < k->depth; d++) {
    const float *weight = w + d * k->w_depth, *line = x + d * k->x_plane;
    for (ptrdiff_t ky = 0; ky < k->kernel_h; ky++, line += k->step_h) {
      const float *at = line;
      for (ptrdiff_t kx = 0; kx < k->kernel_w; kx++, at += k->step_w, weight += k->w_tap) {
        for (int r = 0; r < rows; r++) {
          for (int c = 0; c < columns; c++) sum[r][c] += LOAD(at + c * lanes) * weight[r * k->w_row];
        }
      }
    }
  }
  for (int r = 0; r < rows; r++) {
    for (int c = 0; c < columns; c++) *(vector *)(y + r * k->y_plane + c * lanes) = sum[r][c];
  }
}

INLINE void strip(int columns, const correlation *k, const float *w, const float *x, float *y) {
  ptrdiff_t r = 0;
  for (; r + 6 <= k->rows; r += 6) tile(6, columns, k, w + r * k->w_row, x, y + r * k->y_plane);
  for (; r + 4 <= k->rows; r += 4) tile(4, columns, k, w + r * k->w_row, x, y + r * k->y_plane);
  for (; r + 2 <= k->rows; r += 2) tile(2, columns, k, w + r * k->w_row, x, y + r * k->y_plane);
  for (; r < k->rows; r++) tile(1, columns, k, w + r * k->w_row, x, y + r * k->y_plane);
}

CLONES static void correlate(const correlation *k, const float *w, const float *x, float *y) {
  for (ptrdiff_t i = 0; i < k->length; i += lanes) strip(1, k, w, x + i, y + i);
}

WIDE static void correlate_wide(const correlation *k, const float *w, const float *x, float *y) {
  ptrdiff_t i = 0;
  for (; i + lanes < k->length; i += 2 * lanes) strip(2, k, w, x + i, y + i);
  for (; i < k->length; i += lanes) strip(1, k, w, x + i, y + i);
}

void gradient_correlate(const correlation *k, const float *w, const float *x, float *y) {
  if (is_wide()) {
    correlate_wide(k, w, x, y);
  } else {
    correlate(k, w, x, y);
  }
}
