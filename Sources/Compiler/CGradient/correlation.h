// Sums over windows, and products of gradients and what the outputs saw; planes as convolution.c lays them out.
#ifndef ESPALIER_GRADIENT_CORRELATION_H
#define ESPALIER_GRADIENT_CORRELATION_H

#include <stddef.h>

// y[r][i] = sum over d < depth and taps of w[r * w_row + d * w_depth + tap * w_tap] * x[d * x_plane + i + its shift]
typedef struct {
  ptrdiff_t rows, length, depth, kernel_h, kernel_w;
  ptrdiff_t w_row, w_depth, w_tap;
  ptrdiff_t x_plane, step_h, step_w, y_plane;
} correlation;

void gradient_correlate(const correlation *k, const float *w, const float *x, float *y);

// dw[r][d][tap] += sum over pixels i of dy[r][i] * x[d][i + the tap's shift]; pixels between rows of dy are 0
typedef struct {
  ptrdiff_t rows, depth, height, width, row, kernel_h, kernel_w;
  ptrdiff_t x_plane, step_h, step_w, dy_plane;
} products;

// Floats that gradient_add_products needs beside them.
ptrdiff_t gradient_products_scratch(const products *k);
void gradient_add_products(const products *k, const float *dy, const float *x, float *scratch, float *dw);

#endif
