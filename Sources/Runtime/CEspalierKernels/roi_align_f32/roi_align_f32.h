// Where roi_align_f32 samples, the same for the checker and every instruction set.
#ifndef ESPALIER_ROI_ALIGN_F32_H
#define ESPALIER_ROI_ALIGN_F32_H

#include <math.h>

#include "../common/view.h"

// An item is this many output rows, counted through all regions; how much a bin costs depends on the region.
static inline int64_t espalier_roi_align_f32_rows(const espalier_roi_align_f32_parameters *p) {
  const uint64_t samples = p->samples ? (uint64_t)p->samples * (uint64_t)p->samples : 4;
  return espalier_rows_per_item((uint64_t)p->regions * (uint64_t)p->output_height,
                                (uint64_t)p->output_width * samples * ((uint64_t)p->channels * 4 + 32),
                                4 * espalier_elements_per_item);
}

// A region along one axis, in pixels of the input, and how many samples each of its bins takes.
typedef struct espalier_roi_axis {
  float start, bin;
  int64_t samples;
} espalier_roi_axis;

// The region from coordinate `from` to `to` on an axis of `extent` pixels, in `bins` bins. Where the region
// decides, a bin takes as many samples as it has pixels, but no more than the axis.
static inline espalier_roi_axis espalier_roi_align_f32_axis(const espalier_roi_align_f32_parameters *p, float from,
                                                            float to, int32_t extent, int32_t bins) {
  const float shift = p->half_pixel ? 0.5f : 0;
  const float start = from * p->scale - shift, end = to * p->scale - shift;
  float size = end - start;
  if (!p->half_pixel && !(size >= 1)) size = 1;
  const float bin = size / (float)bins, wanted = ceilf(bin);
  int64_t samples = p->samples;
  if (samples == 0) samples = wanted >= (float)extent ? extent : wanted >= 1 ? (int64_t)wanted : 0;
  return (espalier_roi_axis){start, bin, samples};
}

// Two neighboring pixels of an axis and the weight of the second one.
typedef struct espalier_roi_point {
  int64_t low, high;
  float weight;
} espalier_roi_point;

// The pixels around sample number `sample` of bin `index`; false where it lies more than a pixel outside.
static inline bool espalier_roi_align_f32_point(const espalier_roi_axis *axis, int64_t index, int64_t sample,
                                                int32_t extent, espalier_roi_point *point) {
  const float within = ((float)sample + 0.5f) * axis->bin / (float)axis->samples;
  float x = axis->start + (float)index * axis->bin + within;
  if (!(x >= -1 && x <= (float)extent)) return false;
  if (x < 0) x = 0;
  point->low = (int64_t)x;
  point->high = point->low + 1;
  point->weight = x - (float)point->low;
  if (point->low >= extent - 1) {
    point->low = point->high = extent - 1;
    point->weight = 0;
  }
  return true;
}

#endif
