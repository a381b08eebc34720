// Images as matrices: every column of the matrix is what one output pixel sees.
#include <string.h>

#include "clones.h"
#include "gradient.h"
#include "window.h"

CLONES void gradient_columns(const gradient_window *w, const float *image, float *columns) {
  for (ptrdiff_t c = 0; c < w->channels; c++, image += w->height * w->width) {
    for (ptrdiff_t ky = 0; ky < w->kernel_h; ky++) {
      for (ptrdiff_t kx = 0; kx < w->kernel_w; kx++) {
        const range xs = seen(w->output_width, w->width, w->stride_w, kx * w->dilation_w - w->pad_left);
        const ptrdiff_t shift = kx * w->dilation_w - w->pad_left;
        for (ptrdiff_t oy = 0; oy < w->output_height; oy++, columns += w->output_width) {
          const ptrdiff_t y = oy * w->stride_h + ky * w->dilation_h - w->pad_top;
          if (y < 0 || y >= w->height || xs.end <= xs.first) {
            memset(columns, 0, sizeof(float) * (size_t)w->output_width);
            continue;
          }
          const float *row = image + y * w->width + shift;
          for (ptrdiff_t ox = 0; ox < xs.first; ox++) columns[ox] = 0;
          if (w->stride_w == 1) {
            memcpy(columns + xs.first, row + xs.first, sizeof(float) * (size_t)(xs.end - xs.first));
          } else {
            for (ptrdiff_t ox = xs.first; ox < xs.end; ox++) columns[ox] = row[ox * w->stride_w];
          }
          for (ptrdiff_t ox = xs.end; ox < w->output_width; ox++) columns[ox] = 0;
        }
      }
    }
  }
}

CLONES void gradient_columns_backward(const gradient_window *w, const float *columns, float *image) {
  for (ptrdiff_t c = 0; c < w->channels; c++, image += w->height * w->width) {
    for (ptrdiff_t ky = 0; ky < w->kernel_h; ky++) {
      for (ptrdiff_t kx = 0; kx < w->kernel_w; kx++) {
        const ptrdiff_t shift = kx * w->dilation_w - w->pad_left;
        const range xs = seen(w->output_width, w->width, w->stride_w, shift);
        for (ptrdiff_t oy = 0; oy < w->output_height; oy++, columns += w->output_width) {
          const ptrdiff_t y = oy * w->stride_h + ky * w->dilation_h - w->pad_top;
          if (y < 0 || y >= w->height) continue;
          float *row = image + y * w->width + shift;
          if (w->stride_w == 1) {
            for (ptrdiff_t ox = xs.first; ox < xs.end; ox++) row[ox] += columns[ox];
          } else {
            for (ptrdiff_t ox = xs.first; ox < xs.end; ox++) row[ox * w->stride_w] += columns[ox];
          }
        }
      }
    }
  }
}
