// Reductions of strided views: see reduce_f32_vector.h, on vectors of 8 floats (AVX2).
#if defined(__x86_64__)

#include <math.h>

#include "reduce_f32.h"
#include "../common/planes.h"
#include "../common/vector_avx2.h"

void espalier_reduce_f32_scalar(const espalier_call *call, uint32_t first, uint32_t end, void *scratch);

#pragma clang attribute push(__attribute__((target("avx2,fma"))), apply_to = function)

#include "reduce_f32_vector.h"

void espalier_reduce_f32_avx2(const espalier_call *call, uint32_t first, uint32_t end, void *scratch) {
  reduce_items(call, first, end, scratch);
}

#pragma clang attribute pop

#endif
