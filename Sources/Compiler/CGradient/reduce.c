// Reductions along axes, softmax, and normalization by known statistics.
#include <math.h>
#include <string.h>

#include "clones.h"
#include "gradient.h"
#include "walk.h"

static void take(gradient_reduction kind, double x, double *sum) {
  switch (kind) {
    case gradient_sum: *sum += x; break;
    case gradient_max: if (x > *sum) *sum = x; break;
    case gradient_min: if (x < *sum) *sum = x; break;
    case gradient_l1: *sum += fabs(x); break;
    case gradient_l2:
    case gradient_sum_square: *sum += x * x; break;
  }
}

void gradient_reduce(
  gradient_reduction kind, float scale, const gradient_axes *axes, size_t count, const float *x, double *sums,
  float *y) {
  const double first = kind == gradient_max ? -INFINITY : kind == gradient_min ? INFINITY : 0;
  for (size_t i = 0; i < count; i++) sums[i] = first;
  walk at = start();
  do {
    for (ptrdiff_t i = 0; i < axes->extent[inner]; i++) {
      take(kind, x[at.a + i * axes->a[inner]], sums + at.b + i * axes->b[inner]);
    }
  } while (next(axes, &at));
  for (size_t i = 0; i < count; i++) y[i] = (float)(scale * (kind == gradient_l2 ? sqrt(sums[i]) : sums[i]));
}

static float share(gradient_reduction kind, float x, float y, uint8_t *taken) {
  switch (kind) {
    case gradient_sum: return 1;
    case gradient_max:
    case gradient_min:
      if (x != y || *taken) return 0;
      *taken = 1;
      return 1;
    case gradient_l1: return x > 0 ? 1 : x < 0 ? -1 : 0;
    case gradient_l2: return y == 0 ? 0 : x / y;
    case gradient_sum_square: return 2 * x;
  }
  return 0;
}

void gradient_reduce_backward(
  gradient_reduction kind, float scale, const gradient_axes *axes, size_t count, const float *x, const float *y,
  const float *dy, uint8_t *taken, float *dx) {
  memset(taken, 0, count);
  walk at = start();
  do {
    for (ptrdiff_t i = 0; i < axes->extent[inner]; i++) {
      const ptrdiff_t from = at.a + i * axes->a[inner], to = at.b + i * axes->b[inner];
      dx[from] += scale * dy[to] * share(kind, x[from], y[to], taken + to);
    }
  } while (next(axes, &at));
}

void gradient_softmax(size_t outer, size_t length, size_t inner_count, int logarithm, const float *x, float *y) {
  for (size_t block = 0; block < outer * inner_count; block++) {
    const size_t first = block / inner_count * length * inner_count + block % inner_count;
    float highest = -INFINITY;
    for (size_t i = 0; i < length; i++) highest = fmaxf(highest, x[first + i * inner_count]);
    double sum = 0;
    for (size_t i = 0; i < length; i++) sum += exp((double)x[first + i * inner_count] - highest);
    for (size_t i = 0; i < length; i++) {
      const size_t place = first + i * inner_count;
      const double shifted = (double)x[place] - highest;
      y[place] = (float)(logarithm ? shifted - log(sum) : exp(shifted) / sum);
    }
  }
}

void gradient_softmax_backward(
  size_t outer, size_t length, size_t inner_count, int logarithm, const float *y, const float *dy, float *dx) {
  for (size_t block = 0; block < outer * inner_count; block++) {
    const size_t first = block / inner_count * length * inner_count + block % inner_count;
    double sum = 0;
    for (size_t i = 0; i < length; i++) {
      const size_t place = first + i * inner_count;
      sum += logarithm ? dy[place] : (double)dy[place] * y[place];
    }
    for (size_t i = 0; i < length; i++) {
      const size_t place = first + i * inner_count;
      dx[place] += (float)(logarithm ? dy[place] - exp(y[place]) * sum : y[place] * (dy[place] - sum));
    }
  }
}

CLONES void gradient_normalize(const gradient_normalization *n, const float *x, float *y) {
  for (size_t block = 0; block < n->batch * n->channels; block++, x += n->plane, y += n->plane) {
    const size_t c = block % n->channels;
    const float factor = n->gamma[c] / sqrtf(n->variance[c] + n->epsilon);
    const float shift = n->beta[c] - n->mean[c] * factor;
    for (size_t i = 0; i < n->plane; i++) y[i] = x[i] * factor + shift;
  }
}

CLONES void gradient_normalize_backward(
  const gradient_normalization *n, const float *x, const float *dy, float *dx, float *dgamma, float *dbeta) {
  for (size_t block = 0; block < n->batch * n->channels; block++, x += n->plane, dy += n->plane) {
    const size_t c = block % n->channels;
    const float root = 1 / sqrtf(n->variance[c] + n->epsilon);
    if (dx) {
      for (size_t i = 0; i < n->plane; i++) dx[block * n->plane + i] += dy[i] * n->gamma[c] * root;
    }
    double errors = 0, products = 0;
    for (size_t i = 0; i < n->plane; i++) {
      errors += dy[i];
      products += (double)dy[i] * (x[i] - n->mean[c]);
    }
    if (dbeta) dbeta[c] += (float)errors;
    if (dgamma) dgamma[c] += (float)(products * root);
  }
}
