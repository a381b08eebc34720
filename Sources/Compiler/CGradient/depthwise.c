// Convolution with one filter for each output plane, tap by tap over rows.
#include "clones.h"
#include "gradient.h"
#include "window.h"

CLONES void gradient_depthwise_add(
  const gradient_window *w, ptrdiff_t multiplier, const float *x, const float *filters, float *y) {
  const ptrdiff_t plane = w->height * w->width;
  for (ptrdiff_t m = 0; m < w->channels * multiplier; m++, y += w->output_height * w->output_width) {
    const float *image = x + m / multiplier * plane;
    for (ptrdiff_t oy = 0; oy < w->output_height; oy++) {
      float *target = y + oy * w->output_width;
      for (ptrdiff_t ky = 0; ky < w->kernel_h; ky++) {
        const ptrdiff_t iy = oy * w->stride_h + ky * w->dilation_h - w->pad_top;
        if (iy < 0 || iy >= w->height) continue;
        for (ptrdiff_t kx = 0; kx < w->kernel_w; kx++) {
          const ptrdiff_t shift = kx * w->dilation_w - w->pad_left;
          const range xs = seen(w->output_width, w->width, w->stride_w, shift);
          const float weight = filters[(m * w->kernel_h + ky) * w->kernel_w + kx];
          const float *row = image + iy * w->width + shift;
          if (w->stride_w == 1) {
            for (ptrdiff_t ox = xs.first; ox < xs.end; ox++) target[ox] += weight * row[ox];
          } else {
            for (ptrdiff_t ox = xs.first; ox < xs.end; ox++) target[ox] += weight * row[ox * w->stride_w];
          }
        }
      }
    }
  }
}

// The sum of a[i] b[i stride], in eight parts so that it can be taken side by side.
static inline float row_dot(const float *a, const float *b, ptrdiff_t count, ptrdiff_t stride) {
  enum { lanes = 8 };
  float sums[lanes] = {0}, sum = 0;
  ptrdiff_t i = 0;
  if (stride == 1) {
    for (; i + lanes <= count; i += lanes) {
      for (int lane = 0; lane < lanes; lane++) sums[lane] += a[i + lane] * b[i + lane];
    }
  }
  for (; i < count; i++) sum += a[i] * b[i * stride];
  for (int lane = 0; lane < lanes; lane++) sum += sums[lane];
  return sum;
}

CLONES void gradient_depthwise_backward(
  const gradient_window *w, ptrdiff_t multiplier, const float *x, const float *filters, const float *dy, float *dx,
  float *dw) {
  const ptrdiff_t plane = w->height * w->width;
  for (ptrdiff_t m = 0; m < w->channels * multiplier; m++, dy += w->output_height * w->output_width) {
    const ptrdiff_t image = m / multiplier * plane;
    for (ptrdiff_t oy = 0; oy < w->output_height; oy++) {
      const float *error = dy + oy * w->output_width;
      for (ptrdiff_t ky = 0; ky < w->kernel_h; ky++) {
        const ptrdiff_t iy = oy * w->stride_h + ky * w->dilation_h - w->pad_top;
        if (iy < 0 || iy >= w->height) continue;
        for (ptrdiff_t kx = 0; kx < w->kernel_w; kx++) {
          const ptrdiff_t shift = kx * w->dilation_w - w->pad_left, tap = (m * w->kernel_h + ky) * w->kernel_w + kx;
          const range xs = seen(w->output_width, w->width, w->stride_w, shift);
          const ptrdiff_t row = image + iy * w->width + shift;
          if (dx) {
            float *target = dx + row;
            const float weight = filters[tap];
            if (w->stride_w == 1) {
              for (ptrdiff_t ox = xs.first; ox < xs.end; ox++) target[ox] += weight * error[ox];
            } else {
              for (ptrdiff_t ox = xs.first; ox < xs.end; ox++) target[ox * w->stride_w] += weight * error[ox];
            }
          }
          if (dw) {
            dw[tap] += row_dot(
              error + xs.first, x + row + xs.first * w->stride_w, xs.end - xs.first, w->stride_w);
          }
        }
      }
    }
  }
}
