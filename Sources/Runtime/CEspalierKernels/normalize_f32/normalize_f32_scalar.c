// y = (x - shift) * factor * scale + bias, shift and factor found from the elements of one group, sums in
// double: the mean and 1 / sqrt(variance + epsilon), 0 and 1 / sqrt(mean square + epsilon), or 0 and the
// reciprocal of the l1 or l2 norm (0 where the norm is 0). y may be x.
#include <math.h>

#include "normalize_f32.h"

// The sum over a group of x, |x| (power 1, absolute) or (x - shift)^2.
static double sum(const float *x, const espalier_loop *group, int power, bool absolute, double shift) {
  double total = 0;
  espalier_walk walk = espalier_walk_start(0, group->items);
  while (espalier_walk_next(&walk, group))
    for (int64_t r = 0; r < walk.rows; r++)
      for (int64_t i = 0; i < walk.count; i++) {
        const double value = x[walk.offset[0] + r * walk.row_stride[0] + i * walk.stride[0]] - shift;
        total += power == 2 ? value * value : absolute ? fabs(value) : value;
      }
  return total;
}

typedef struct statistics {
  float shift, factor;
} statistics;

static statistics measure(const espalier_normalize_f32_parameters *p, const float *x,
                          const espalier_loop *group) {
  const double count = (double)group->rows * (double)group->extent[group->rank - 1];
  switch (p->normalization) {
    case espalier_normalization_mean_variance: {
      const double mean = sum(x, group, 1, false, 0) / count;
      const double variance = sum(x, group, 2, false, mean) / count;
      return (statistics){(float)mean, (float)(1 / sqrt(variance + p->epsilon))};
    }
    case espalier_normalization_rms:
      return (statistics){0, (float)(1 / sqrt(sum(x, group, 2, false, 0) / count + p->epsilon))};
    case espalier_normalization_l1: {
      const double norm = sum(x, group, 1, true, 0);
      return (statistics){0, norm == 0 ? 0 : (float)(1 / norm)};
    }
    default: {
      const double norm = sqrt(sum(x, group, 2, false, 0));
      return (statistics){0, norm == 0 ? 0 : (float)(1 / norm)};
    }
  }
}

static void apply(statistics s, const espalier_loop *group, const float *x, const float *scale,
                  const float *bias, float *y) {
  espalier_walk walk = espalier_walk_start(0, group->items);
  while (espalier_walk_next(&walk, group))
    for (int64_t r = 0; r < walk.rows; r++)
      for (int64_t i = 0; i < walk.count; i++) {
        int64_t at[4];
        for (int k = 0; k < 4; k++) at[k] = walk.offset[k] + r * walk.row_stride[k] + i * walk.stride[k];
        const float normalized = (x[at[0]] - s.shift) * s.factor;
        y[at[3]] = normalized * (scale ? scale[at[1]] : 1) + (bias ? bias[at[2]] : 0);
      }
}

void espalier_normalize_f32_scalar(const espalier_call *call, uint32_t first, uint32_t end, void *scratch) {
  (void)scratch;
  const espalier_normalize_f32_parameters *p = call->parameters;
  const float *input = call->operands[0], *scale = call->operands[1], *bias = call->operands[2];
  float *output = call->operands[3];
  const espalier_loop kept = espalier_normalize_f32_outer(p), group = espalier_normalize_f32_inner(p);
  espalier_walk walk = espalier_walk_start(first, end);
  while (espalier_walk_next(&walk, &kept))
    for (int64_t r = 0; r < walk.rows; r++)
      for (int64_t i = 0; i < walk.count; i++) {
        int64_t at[4];
        for (int k = 0; k < 4; k++) at[k] = walk.offset[k] + r * walk.row_stride[k] + i * walk.stride[k];
        apply(measure(p, input + at[0], &group), &group, input + at[0], scale ? scale + at[1] : NULL,
              bias ? bias + at[2] : NULL, output + at[3]);
      }
}
