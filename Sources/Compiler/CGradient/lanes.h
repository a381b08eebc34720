// Vectors of sixteen floats: two registers of AVX2, one of AVX-512.
#ifndef ESPALIER_GRADIENT_LANES_H
#define ESPALIER_GRADIENT_LANES_H

#include <stddef.h>

#define INLINE static inline __attribute__((always_inline))

enum { lanes = 16 };

typedef float vector __attribute__((vector_size(4 * lanes), aligned(4), may_alias));

#define LOAD(x) (*(const vector *)(x))

static inline ptrdiff_t rounded(ptrdiff_t count) { return (count + lanes - 1) / lanes * lanes; }

#endif
