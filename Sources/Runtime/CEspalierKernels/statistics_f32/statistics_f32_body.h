// Sums, extremes and limits of float32, 16 a step, one float64 sum for each place in a step.
#include <float.h>

#include "statistics_f32.h"

typedef float float_lanes __attribute__((ext_vector_type(16)));
typedef int32_t mask_lanes __attribute__((ext_vector_type(16)));
typedef uint32_t count_lanes __attribute__((ext_vector_type(16)));
typedef double double_lanes __attribute__((ext_vector_type(16)));

typedef struct sums {
  double_lanes sum, square_sum;
  float_lanes least, largest;
  count_lanes below, above, nan_count, finite_count;  // each adds up to at most 2^31, modulo 2^32
  uint64_t count;
} sums;

// Adds 16 elements, of which `missing` are NaNs that stand for nothing.
static inline void add_step(sums *s, const float *x, float low, float high, uint32_t missing) {
  float_lanes v;
  __builtin_memcpy(&v, x, sizeof v);
  const mask_lanes is_finite = __builtin_elementwise_abs(v) <= FLT_MAX;
  const double_lanes d = __builtin_convertvector(is_finite ? v : (float_lanes)0, double_lanes);
  s->sum += d;
  s->square_sum += d * d;
  const float_lanes low_end = is_finite ? v : (float_lanes)__builtin_inff();
  const float_lanes high_end = is_finite ? v : (float_lanes)-__builtin_inff();
  s->least = low_end < s->least ? low_end : s->least;
  s->largest = high_end > s->largest ? high_end : s->largest;
  s->below -= (count_lanes)(v < low);
  s->above -= (count_lanes)(v > high);
  s->nan_count -= (count_lanes)(v != v);
  s->nan_count[15] -= missing;
  s->finite_count -= (count_lanes)is_finite;
}

static inline void add_row(sums *s, const float *x, int64_t stride, int64_t count, float low, float high) {
  sums local = *s;
  int64_t i = 0;
  if (stride == 1)
    for (; i + 16 <= count; i += 16) add_step(&local, x + i, low, high, 0);
  for (; i < count; i += 16) {
    float step[16];
    const int64_t valid = count - i < 16 ? count - i : 16;
    for (int64_t l = 0; l < 16; l++) step[l] = l < valid ? x[(i + l) * stride] : __builtin_nanf("");
    add_step(&local, step, low, high, (uint32_t)(16 - valid));
  }
  local.count += (uint64_t)count;
  *s = local;
}

static inline espalier_statistics found(const sums *s) {
  espalier_statistics f = {
      .count = s->count, .least = __builtin_inff(), .largest = -__builtin_inff()};
  double sum[16], square_sum[16];
  uint32_t below = 0, above = 0, finite_count = 0, nan_count = 0;
  for (int l = 0; l < 16; l++) {
    sum[l] = s->sum[l];
    square_sum[l] = s->square_sum[l];
    if (s->least[l] < f.least) f.least = s->least[l];
    if (s->largest[l] > f.largest) f.largest = s->largest[l];
    below += s->below[l];
    above += s->above[l];
    nan_count += s->nan_count[l];
    finite_count += s->finite_count[l];
  }
  for (int half = 8; half > 0; half /= 2)
    for (int l = 0; l < half; l++) {
      sum[l] += sum[l + half];
      square_sum[l] += square_sum[l + half];
    }
  f.sum = sum[0];
  f.square_sum = square_sum[0];
  f.least += 0.0f;  // -0 becomes 0
  f.largest += 0.0f;
  f.below = below;
  f.above = above;
  f.nan_count = nan_count;
  f.infinity_count = s->count - finite_count - nan_count;
  return f;
}

static inline void run(const espalier_call *call, uint32_t first, uint32_t end) {
  if (first >= end) return;
  const espalier_statistics_f32_parameters *p = call->parameters;
  const espalier_loop loop = espalier_statistics_f32_loop(p);
  sums s = {.least = __builtin_inff(), .largest = -__builtin_inff()};
  espalier_walk walk = espalier_walk_start(0, loop.items);
  while (espalier_walk_next(&walk, &loop))
    for (int64_t r = 0; r < walk.rows; r++)
      add_row(&s, (const float *)call->operands[0] + walk.offset[0] + r * walk.row_stride[0], walk.stride[0],
              walk.count, p->low, p->high);
  const espalier_statistics result = found(&s);
  __builtin_memcpy(call->operands[1], &result, sizeof result);
}
