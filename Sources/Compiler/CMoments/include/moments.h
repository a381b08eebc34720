// The loops of rounding weights by the second moments of their inputs. Nothing is allocated or kept.
#ifndef ESPALIER_MOMENTS_H
#define ESPALIER_MOMENTS_H

#include <stddef.h>

// Adds x[i] x[j] of `count` rows, `stride` floats apart, to sums[i * size + j] for all j <= i.
void moments_add(double *sums, size_t size, const float *rows, size_t count, size_t stride);

// Where the filters of a convolution look: `channels` planes of height x width, `taps` of each from `row`, `column` on.
typedef struct {
  size_t channels;
  ptrdiff_t height, width;
  ptrdiff_t taps_h, taps_w;
  ptrdiff_t dilation_h, dilation_w;
  ptrdiff_t stride_h, stride_w;
} moments_window;

// Writes what the window at `row`, `column` of a feature map [channels, height, width] holds, channel by channel, zeros
// outside; channels * taps_h * taps_w floats.
void moments_gather(
  const moments_window *window, const float *map, ptrdiff_t row, ptrdiff_t column, float *target);

// The same for a transposed convolution: tap (ky, kx) of the output at `row`, `column` (padding added) takes the input
// at (row - ky * dilation_h) / stride_h and likewise; zeros where that is no whole number or outside.
void moments_gather_transposed(
  const moments_window *window, const float *map, ptrdiff_t row, ptrdiff_t column, float *target);

// sum of a[i] b[i]
double moments_dot(const double *a, const double *b, size_t count);

// target[i] += share x[i]
void moments_add_scaled(double *target, const double *x, double share, size_t count);

#endif
