// Operations on two operands that broadcast against each other.
#include <math.h>

#include "clones.h"
#include "gradient.h"
#include "walk.h"

#define INLINE static inline __attribute__((always_inline))

INLINE float value(gradient_binary_kind kind, float a, float b) {
  switch (kind) {
    case gradient_add: return a + b;
    case gradient_subtract: return a - b;
    case gradient_multiply: return a * b;
    case gradient_divide: return a / b;
    case gradient_maximum: return a >= b ? a : b;
    case gradient_minimum: return a <= b ? a : b;
    case gradient_power: return powf(a, b);
    case gradient_prelu: return a < 0 ? a * b : a;
  }
  return 0;
}

INLINE float slope_a(gradient_binary_kind kind, float a, float b) {
  switch (kind) {
    case gradient_add: return 1;
    case gradient_subtract: return 1;
    case gradient_multiply: return b;
    case gradient_divide: return 1 / b;
    case gradient_maximum: return a >= b;
    case gradient_minimum: return a <= b;
    case gradient_power: return b * powf(a, b - 1);
    case gradient_prelu: return a < 0 ? b : 1;
  }
  return 0;
}

INLINE float slope_b(gradient_binary_kind kind, float a, float b) {
  switch (kind) {
    case gradient_add: return 1;
    case gradient_subtract: return -1;
    case gradient_multiply: return a;
    case gradient_divide: return -a / (b * b);
    case gradient_maximum: return a < b;
    case gradient_minimum: return a > b;
    case gradient_power: return a > 0 ? powf(a, b) * logf(a) : 0;
    case gradient_prelu: return a < 0 ? a : 0;
  }
  return 0;
}

// One row of the result, by the strides of the operands.
INLINE void row(
  gradient_binary_kind kind, ptrdiff_t count, ptrdiff_t sa, ptrdiff_t sb, const float *a, const float *b, float *y) {
  if (sa == 1 && sb == 1) {
    for (ptrdiff_t i = 0; i < count; i++) y[i] = value(kind, a[i], b[i]);
  } else if (sa == 1 && sb == 0) {
    const float other = *b;
    for (ptrdiff_t i = 0; i < count; i++) y[i] = value(kind, a[i], other);
  } else {
    for (ptrdiff_t i = 0; i < count; i++) y[i] = value(kind, a[i * sa], b[i * sb]);
  }
}

#define ERRORS(SLOPE, STRIDE, TARGET)                                                                   \
  if (STRIDE == 0) {                                                                                    \
    double sum = 0;                                                                                     \
    for (ptrdiff_t i = 0; i < count; i++) sum += (double)dy[i] * SLOPE(kind, a[i * sa], b[i * sb]);     \
    *TARGET += (float)sum;                                                                              \
  } else {                                                                                              \
    for (ptrdiff_t i = 0; i < count; i++) TARGET[i * STRIDE] += dy[i] * SLOPE(kind, a[i * sa], b[i * sb]); \
  }

INLINE void row_backward(
  gradient_binary_kind kind, ptrdiff_t count, ptrdiff_t sa, ptrdiff_t sb, const float *a, const float *b,
  const float *dy, float *da, float *db) {
  if (da && sa == 1 && sb == 1) {
    for (ptrdiff_t i = 0; i < count; i++) da[i] += dy[i] * slope_a(kind, a[i], b[i]);
  } else if (da && sa == 1 && sb == 0) {
    const float other = *b;
    for (ptrdiff_t i = 0; i < count; i++) da[i] += dy[i] * slope_a(kind, a[i], other);
  } else if (da) {
    ERRORS(slope_a, sa, da)
  }
  if (db && sa == 1 && sb == 1) {
    for (ptrdiff_t i = 0; i < count; i++) db[i] += dy[i] * slope_b(kind, a[i], b[i]);
  } else if (db) {
    ERRORS(slope_b, sb, db)
  }
}

#define KINDS(CASE)                                                                            \
  CASE(gradient_add) CASE(gradient_subtract) CASE(gradient_multiply) CASE(gradient_divide)      \
  CASE(gradient_maximum) CASE(gradient_minimum) CASE(gradient_power) CASE(gradient_prelu)

CLONES void gradient_binary(
  gradient_binary_kind kind, const gradient_axes *axes, const float *a, const float *b, float *y) {
  const ptrdiff_t count = axes->extent[inner], sa = axes->a[inner], sb = axes->b[inner];
  walk at = start();
  do {
    switch (kind) {
#define CASE(k) case k: row(k, count, sa, sb, a + at.a, b + at.b, y + at.result); break;
      KINDS(CASE)
#undef CASE
    }
  } while (next(axes, &at));
}

CLONES void gradient_binary_backward(
  gradient_binary_kind kind, const gradient_axes *axes, const float *a, const float *b, const float *dy, float *da,
  float *db) {
  const ptrdiff_t count = axes->extent[inner], sa = axes->a[inner], sb = axes->b[inner];
  walk at = start();
  do {
    float *ea = da ? da + at.a : NULL, *eb = db ? db + at.b : NULL;
    switch (kind) {
#define CASE(k) case k: row_backward(k, count, sa, sb, a + at.a, b + at.b, dy + at.result, ea, eb); break;
      KINDS(CASE)
#undef CASE
    }
  } while (next(axes, &at));
}
