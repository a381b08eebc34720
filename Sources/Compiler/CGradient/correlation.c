#include "correlation.h"

#include "clones.h"
#include "lanes.h"

// Six rows of one vector are what AVX2 has registers for, six of two what AVX-512 has. Fewer rows are given twice as
// many vectors: that many sums have to be under way for one to be ready when its turn comes again.
enum { most_rows = 6, most_columns = 4 };

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

INLINE void rows_of(int rows, int columns, const correlation *k, const float *w, const float *x, float *y) {
  tile(rows, columns, k, w, x, y);
  tile(rows, columns, k, w, x + columns * lanes, y + columns * lanes);
}

// All rows of twice as many vectors.
INLINE void strip(int columns, const correlation *k, const float *w, const float *x, float *y) {
  ptrdiff_t r = 0;
  for (; r + 6 <= k->rows; r += 6) rows_of(6, columns, k, w + r * k->w_row, x, y + r * k->y_plane);
  w += r * k->w_row;
  y += r * k->y_plane;
  switch (k->rows - r) {
    case 5: rows_of(5, columns, k, w, x, y); break;
    case 4: rows_of(4, columns, k, w, x, y); break;
    case 3: tile(3, 2 * columns, k, w, x, y); break;
    case 2: tile(2, 2 * columns, k, w, x, y); break;
    case 1: tile(1, 2 * columns, k, w, x, y); break;
    default: break;
  }
}

// All rows of one vector.
INLINE void last(const correlation *k, const float *w, const float *x, float *y) {
  ptrdiff_t r = 0;
  for (; r + 6 <= k->rows; r += 6) tile(6, 1, k, w + r * k->w_row, x, y + r * k->y_plane);
  for (; r + 2 <= k->rows; r += 2) tile(2, 1, k, w + r * k->w_row, x, y + r * k->y_plane);
  for (; r < k->rows; r++) tile(1, 1, k, w + r * k->w_row, x, y + r * k->y_plane);
}

INLINE void strips(int columns, const correlation *k, const float *w, const float *x, float *y) {
  const ptrdiff_t step = 2 * columns * lanes;
  ptrdiff_t i = 0;
  for (; i + step - lanes < k->length; i += step) strip(columns, k, w, x + i, y + i);
  for (; i < k->length; i += lanes) last(k, w, x + i, y + i);
}

CLONES static void correlate(const correlation *k, const float *w, const float *x, float *y) {
  strips(1, k, w, x, y);
}

WIDE static void correlate_wide(const correlation *k, const float *w, const float *x, float *y) {
  strips(2, k, w, x, y);
}

void gradient_correlate(const correlation *k, const float *w, const float *x, float *y) {
  if (is_wide()) {
    correlate_wide(k, w, x, y);
  } else {
    correlate(k, w, x, y);
  }
}
