// y[kept] = reduction over `reduced` of x[kept, reduced], sums in double. Of no elements the sums are 0,
// the product 1, the maximum -infinity, the minimum infinity, the mean NaN, a position 0.
// NaN: maximum and minimum give NaN, positions ignore it.
#include <math.h>

#include "reduce_f32.h"

static double sum(const float *x, const espalier_loop *reduced, int32_t reduction, double shift) {
  double total = reduction == espalier_reduction_product ? 1 : 0;
  espalier_walk walk = espalier_walk_start(0, reduced->items);
  while (espalier_walk_next(&walk, reduced))
    for (int64_t r = 0; r < walk.rows; r++)
      for (int64_t i = 0; i < walk.count; i++) {
        const double value = x[walk.offset[0] + r * walk.row_stride[0] + i * walk.stride[0]];
        switch (reduction) {
          case espalier_reduction_product: total *= value; break;
          case espalier_reduction_l1: total += fabs(value); break;
          case espalier_reduction_l2:
          case espalier_reduction_sum_square: total += value * value; break;
          case espalier_reduction_log_sum_exp: total += exp(value - shift); break;
          default: total += value;
        }
      }
  return total;
}

// The extreme value: the largest for sign 1, the smallest for sign -1.
static float extreme(const float *x, const espalier_loop *reduced, float sign) {
  float best = -INFINITY;
  espalier_walk walk = espalier_walk_start(0, reduced->items);
  while (espalier_walk_next(&walk, reduced))
    for (int64_t r = 0; r < walk.rows; r++)
      for (int64_t i = 0; i < walk.count; i++) {
        const float value = sign * x[walk.offset[0] + r * walk.row_stride[0] + i * walk.stride[0]];
        if (value != value) return value;
        if (value > best) best = value;
      }
  return sign * best;
}

// The position of the extreme value, the first or the last of equals.
static float position(const float *x, const espalier_loop *reduced, float sign, bool last) {
  float best = -INFINITY;
  int64_t at = 0, place = 0;
  espalier_walk walk = espalier_walk_start(0, reduced->items);
  while (espalier_walk_next(&walk, reduced))
    for (int64_t r = 0; r < walk.rows; r++)
      for (int64_t i = 0; i < walk.count; i++, place++) {
        const float value = sign * x[walk.offset[0] + r * walk.row_stride[0] + i * walk.stride[0]];
        if (value > best || (last && value == best)) {
          best = value;
          at = place;
        }
      }
  return (float)at;
}

static float reduce(const float *x, const espalier_loop *reduced, int32_t reduction) {
  switch (reduction) {
    case espalier_reduction_mean: {
      double count = (double)reduced->rows * (double)reduced->extent[reduced->rank - 1];
      return (float)(sum(x, reduced, reduction, 0) / count);
    }
    case espalier_reduction_max: return extreme(x, reduced, 1);
    case espalier_reduction_min: return extreme(x, reduced, -1);
    case espalier_reduction_l2: return (float)sqrt(sum(x, reduced, reduction, 0));
    case espalier_reduction_log_sum: return (float)log(sum(x, reduced, reduction, 0));
    case espalier_reduction_log_sum_exp: {
      const float largest = extreme(x, reduced, 1);
      const double shift = isfinite(largest) ? largest : 0;
      return (float)(shift + log(sum(x, reduced, reduction, shift)));
    }
    case espalier_reduction_arg_max: return position(x, reduced, 1, false);
    case espalier_reduction_arg_min: return position(x, reduced, -1, false);
    case espalier_reduction_arg_max_last: return position(x, reduced, 1, true);
    case espalier_reduction_arg_min_last: return position(x, reduced, -1, true);
    default: return (float)sum(x, reduced, reduction, 0);
  }
}

void espalier_reduce_f32_scalar(const espalier_call *call, uint32_t first, uint32_t end, void *scratch) {
  (void)scratch;
  const espalier_reduce_f32_parameters *p = call->parameters;
  const float *input = call->operands[0];
  float *output = call->operands[1];
  const espalier_loop kept = espalier_reduce_f32_outer(p), reduced = espalier_reduce_f32_inner(p);
  espalier_walk walk = espalier_walk_start(first, end);
  while (espalier_walk_next(&walk, &kept))
    for (int64_t r = 0; r < walk.rows; r++)
      for (int64_t i = 0; i < walk.count; i++)
        output[walk.offset[1] + r * walk.row_stride[1] + i * walk.stride[1]] = reduce(
            input + walk.offset[0] + r * walk.row_stride[0] + i * walk.stride[0], &reduced, p->reduction);
}
