// Sums, distances and the optimizer's step.
#include <math.h>

#include "clones.h"
#include "gradient.h"

enum { lanes = 8 };

CLONES void gradient_fill(size_t count, float value, float *y) {
  for (size_t i = 0; i < count; i++) y[i] = value;
}

CLONES void gradient_accumulate(size_t count, const float *x, float *y) {
  for (size_t i = 0; i < count; i++) y[i] += x[i];
}

CLONES void gradient_fill_rows(size_t rows, size_t columns, const float *value, float *y) {
  for (size_t r = 0; r < rows; r++, y += columns) {
    for (size_t i = 0; i < columns; i++) y[i] = value[r];
  }
}

CLONES void gradient_fill_rows_backward(size_t rows, size_t columns, const float *dy, float *dvalue) {
  for (size_t r = 0; r < rows; r++, dy += columns) {
    float sums[lanes] = {0};
    double sum = 0;
    size_t i = 0;
    for (; i + lanes <= columns; i += lanes) {
      for (size_t lane = 0; lane < lanes; lane++) sums[lane] += dy[i + lane];
    }
    for (; i < columns; i++) sum += dy[i];
    for (size_t lane = 0; lane < lanes; lane++) sum += sums[lane];
    dvalue[r] += (float)sum;
  }
}

CLONES double gradient_dot(size_t count, const float *a, const float *b) {
  double sums[lanes] = {0}, sum = 0;
  size_t i = 0;
  for (; i + lanes <= count; i += lanes) {
    for (size_t lane = 0; lane < lanes; lane++) sums[lane] += (double)a[i + lane] * b[i + lane];
  }
  for (; i < count; i++) sum += (double)a[i] * b[i];
  for (size_t lane = 0; lane < lanes; lane++) sum += sums[lane];
  return sum;
}

CLONES double gradient_squared_distance(size_t count, const float *a, const float *b) {
  double sums[lanes] = {0}, sum = 0;
  size_t i = 0;
  for (; i + lanes <= count; i += lanes) {
    for (size_t lane = 0; lane < lanes; lane++) {
      const double difference = (double)a[i + lane] - b[i + lane];
      sums[lane] += difference * difference;
    }
  }
  for (; i < count; i++) sum += ((double)a[i] - b[i]) * ((double)a[i] - b[i]);
  for (size_t lane = 0; lane < lanes; lane++) sum += sums[lane];
  return sum;
}

double gradient_divergence(size_t count, const float *p, const float *q) {
  double sum = 0;
  for (size_t i = 0; i < count; i++) {
    if (p[i] > 0) sum += p[i] * log((double)p[i] / fmax(q[i], 1e-30));
  }
  return sum;
}

double gradient_cosine(double x) { return cos(x); }

double gradient_exponential(double x) { return exp(x); }

CLONES void gradient_add_difference(size_t count, float factor, const float *a, const float *b, float *target) {
  for (size_t i = 0; i < count; i++) target[i] += factor * (a[i] - b[i]);
}

CLONES void gradient_adam_step(
  const gradient_adam *adam, size_t count, const float *g, float *first, float *second, float *parameters) {
  for (size_t i = 0; i < count; i++) {
    const float gradient = g[i] * adam->scale;
    first[i] = adam->beta1 * first[i] + (1 - adam->beta1) * gradient;
    second[i] = adam->beta2 * second[i] + (1 - adam->beta2) * gradient * gradient;
    parameters[i] -= adam->rate * first[i] / (sqrtf(second[i]) + adam->epsilon);
  }
}
