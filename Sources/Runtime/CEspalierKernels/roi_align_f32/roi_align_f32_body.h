// y[r, oy, ox, c] = the average over the samples of a bin of what lies there between four pixels, or the largest of
// those pixels' weighted values. A sample outside counts as 0; without samples a bin is 0.
// The definition, which every instruction set compiles with its own vectors; all give the same bits.
#include "roi_align_f32.h"

// Four pixels by their first channels, and their weights.
typedef struct roi_pixels {
  const float *a, *b, *c, *d;
  float of_a, of_b, of_c, of_d;
} roi_pixels;

static inline void add_sample(const roi_pixels *s, float *restrict y, int64_t channels) {
  for (int64_t i = 0; i < channels; i++)
    y[i] += s->of_a * s->a[i] + s->of_b * s->b[i] + s->of_c * s->c[i] + s->of_d * s->d[i];
}

static inline void raise_to_sample(const roi_pixels *s, float *restrict y, int64_t channels) {
  for (int64_t i = 0; i < channels; i++) {
    const float u = s->of_a * s->a[i], v = s->of_b * s->b[i], w = s->of_c * s->c[i], z = s->of_d * s->d[i];
    const float upper = u > v ? u : v, lower = w > z ? w : z, value = upper > lower ? upper : lower;
    y[i] = value > y[i] ? value : y[i];
  }
}

// One bin; `x` is the region's image.
static inline void fill_bin(const espalier_roi_align_f32_parameters *p, const float *x, const espalier_roi_axis *rows,
                            const espalier_roi_axis *columns, int64_t oy, int64_t ox, float *y) {
  const int64_t samples = rows->samples * columns->samples;
  const bool averages = p->mode == espalier_roi_average;
  for (int64_t i = 0; i < p->channels; i++) y[i] = averages || samples == 0 ? 0 : -INFINITY;
  for (int64_t i = 0; i < samples; i++) {
    espalier_roi_point row, column;
    roi_pixels s = {x, x, x, x, 0, 0, 0, 0};
    if (espalier_roi_align_f32_point(rows, oy, i / columns->samples, p->height, &row) &&
        espalier_roi_align_f32_point(columns, ox, i % columns->samples, p->width, &column)) {
      const float *top = x + row.low * p->input_stride_h, *bottom = x + row.high * p->input_stride_h;
      s = (roi_pixels){top + column.low * p->input_stride_w,     top + column.high * p->input_stride_w,
                       bottom + column.low * p->input_stride_w,  bottom + column.high * p->input_stride_w,
                       (1 - row.weight) * (1 - column.weight),   (1 - row.weight) * column.weight,
                       row.weight * (1 - column.weight),         row.weight * column.weight};
    } else if (averages) {
      continue;
    }
    if (averages) add_sample(&s, y, p->channels);
    else raise_to_sample(&s, y, p->channels);
  }
  if (!averages || samples == 0) return;
  const float count = (float)samples;
  for (int64_t i = 0; i < p->channels; i++) y[i] /= count;
}

static inline void run(const espalier_call *call, uint32_t first, uint32_t end) {
  if (first == end) return;
  const espalier_roi_align_f32_parameters *p = call->parameters;
  const float *regions = (const float *)call->operands[1] + p->region_base;
  const float *images = (const float *)call->operands[2] + p->image_base;
  const int64_t rows = espalier_roi_align_f32_rows(p), all = (int64_t)p->regions * p->output_height;
  const int64_t step = p->coordinate_stride;
  for (int64_t i = first * rows; i < end * rows && i < all; i++) {
    const int64_t r = i / p->output_height;
    const float *region = regions + r * p->region_stride, image = images[r * (int64_t)p->image_stride];
    const espalier_roi_axis across =
        espalier_roi_align_f32_axis(p, region[0], region[2 * step], p->width, p->output_width);
    espalier_roi_axis down =
        espalier_roi_align_f32_axis(p, region[step], region[3 * step], p->height, p->output_height);
    const bool exists = image >= 0 && image < (float)p->batch;
    if (!exists) down.samples = 0;  // an image that is not there is 0
    const float *x = (const float *)call->operands[0] + (exists ? (int64_t)image : 0) * p->input_stride_n;
    float *y = (float *)call->operands[3] + r * p->output_stride_n + i % p->output_height * p->output_stride_h;
    for (int64_t ox = 0; ox < p->output_width; ox++, y += p->output_stride_w)
      fill_bin(p, x, &down, &across, i % p->output_height, ox, y);
  }
}
