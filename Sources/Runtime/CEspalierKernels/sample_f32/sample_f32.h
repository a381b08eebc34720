// Where sample_f32 samples, the same for the checker and every instruction set.
#ifndef ESPALIER_SAMPLE_F32_H
#define ESPALIER_SAMPLE_F32_H

#include <math.h>

#include "../common/view.h"

enum { espalier_sample_taps = 4 };  // most along one axis

static inline int64_t espalier_sample_f32_taps(const espalier_sample_f32_parameters *p) {
  const int64_t taps = p->mode == espalier_sample_nearest ? 1 : p->mode == espalier_sample_linear ? 2 : 4;
  return p->axes == 3 ? taps * taps * taps : taps * taps;
}

// An item is this many output rows, counted through batch and depth.
static inline int64_t espalier_sample_f32_rows(const espalier_sample_f32_parameters *p) {
  const uint64_t pixel = (uint64_t)p->channels * (uint64_t)espalier_sample_f32_taps(p) + 32;
  return espalier_rows_per_item((uint64_t)p->batch * (uint64_t)p->output[0] * (uint64_t)p->output[1],
                                (uint64_t)p->output[2] * pixel, 2 * espalier_elements_per_item);
}

// The elements along one axis that an output pixel is made of, and their weights; none: the pixel is 0.
typedef struct espalier_sample_axis {
  int64_t count;
  int64_t index[espalier_sample_taps];
  float weight[espalier_sample_taps];
} espalier_sample_axis;

// x mirrored at `low` and `high` until it lies between them; `low` where they are one.
static inline float espalier_sample_reflect(float x, float low, float high) {
  const float range = high - low;
  if (x >= low && x <= high) return x;
  if (!(range > 0)) return low;
  const float beyond = x < low ? low - x : x - high;
  const float times = truncf(beyond / range), rest = beyond - times * range;
  const bool turns = fmodf(times, 2) != 0;
  return (x < low) != turns ? low + rest : high - rest;
}

// Puts tap number `index` of an axis of `extent` elements where the padding says; false where it reads 0.
static inline bool espalier_sample_place(const espalier_sample_f32_parameters *p, int32_t extent, int64_t *index) {
  if (*index >= 0 && *index < extent) return true;
  if (p->padding == espalier_sample_zeros) return false;
  if (p->padding == espalier_sample_reflection)
    *index = (int64_t)espalier_sample_reflect((float)*index, -p->edge, (float)(extent - 1) + p->edge);
  if (*index < 0) *index = 0;
  if (*index >= extent) *index = extent - 1;
  return true;
}

// Weights of the cubic convolution of Keys (1981) with a = -0.75, `t` behind the second of four elements.
static inline void espalier_sample_cubic_weights(float t, float *weight) {
  const float a = -0.75f, u = 1 - t;
  weight[0] = ((a * (t + 1) - 5 * a) * (t + 1) + 8 * a) * (t + 1) - 4 * a;
  weight[1] = ((a + 2) * t - (a + 3)) * t * t + 1;
  weight[2] = ((a + 2) * u - (a + 3)) * u * u + 1;
  weight[3] = ((a * (u + 1) - 5 * a) * (u + 1) + 8 * a) * (u + 1) - 4 * a;
}

// The taps of output index `o` along `axis`, whose coordinate is made of `value`.
static inline espalier_sample_axis espalier_sample_f32_axis(
    const espalier_sample_f32_parameters *p, int axis, int64_t o, float value) {
  espalier_sample_axis found = {.count = 0};
  const int32_t extent = p->input[axis];
  float x = (value + p->offset) * p->scale[axis] + ((float)(p->step[axis] * o) + p->shift[axis]);
  if (p->mode == espalier_sample_nearest) x = rintf(x);
  const float low = -p->edge, high = (float)(extent - 1) + p->edge;
  if (x < low || x > high) {
    if (p->padding == espalier_sample_border) {
      // Cubic taps are moved inside one by one, as PyTorch has it: 2 elements outside, all read the outermost one.
      const float reach = p->mode == espalier_sample_cubic ? 2 : 0, end = (float)(extent - 1) + reach;
      x = x < -reach ? -reach : x > end ? end : x;
    }
    if (p->padding == espalier_sample_reflection) x = espalier_sample_reflect(x, low, high);
  }
  if (!(x > -3 && x < (float)extent + 2)) return found;  // nothing within reach, or NaN
  const float whole = floorf(x), t = x - whole;
  float weight[espalier_sample_taps] = {1, t, 0, 0};
  int64_t taps = 1, first = (int64_t)whole;
  if (p->mode == espalier_sample_linear) {
    weight[0] = 1 - t;
    taps = 2;
  } else if (p->mode == espalier_sample_cubic) {
    espalier_sample_cubic_weights(t, weight);
    taps = 4;
    first--;
  }
  for (int64_t tap = 0; tap < taps; tap++) {
    int64_t index = first + tap;
    if (!espalier_sample_place(p, extent, &index)) continue;
    found.index[found.count] = index;
    found.weight[found.count++] = weight[tap];
  }
  return found;
}

// The input pixels that an output pixel is a sum of, by their first channels.
typedef struct espalier_sample_pixel {
  int64_t count;
  int64_t offset[espalier_sample_taps * espalier_sample_taps * espalier_sample_taps];
  float weight[espalier_sample_taps * espalier_sample_taps * espalier_sample_taps];
} espalier_sample_pixel;

// The pixels for output index `at` (depth, row, column) of image n.
static inline void espalier_sample_f32_pixel(const espalier_sample_f32_parameters *p, const float *grid,
                                             const float *mask, int64_t n, const int64_t at[3],
                                             espalier_sample_pixel *pixel) {
  espalier_sample_axis axis[3] = {{.count = 1, .weight = {1}}};
  int64_t place = n * p->grid_stride_n;
  for (int i = 0; i < 3; i++) place += at[i] * p->grid_stride[i];
  for (int i = 3 - p->axes; i < 3; i++)
    axis[i] = espalier_sample_f32_axis(p, i, at[i], grid[place + p->grid_base[i]]);
  float factor = 1;
  if (mask)
    factor = mask[p->mask_base + n * p->mask_stride_n + at[0] * p->mask_stride[0] + at[1] * p->mask_stride[1] +
                  at[2] * p->mask_stride[2]];
  pixel->count = 0;
  for (int64_t d = 0; d < axis[0].count; d++)
    for (int64_t h = 0; h < axis[1].count; h++)
      for (int64_t w = 0; w < axis[2].count; w++) {
        pixel->offset[pixel->count] = n * p->input_stride_n + axis[0].index[d] * p->input_stride[0] +
                                      axis[1].index[h] * p->input_stride[1] +
                                      axis[2].index[w] * p->input_stride[2];
        pixel->weight[pixel->count++] = axis[0].weight[d] * axis[1].weight[h] * axis[2].weight[w] * factor;
      }
}

#endif
