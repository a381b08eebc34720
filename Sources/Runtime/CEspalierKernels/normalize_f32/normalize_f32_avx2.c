// Normalization of groups: see normalize_f32_vector.h, on vectors of 8 floats (AVX2).
#if defined(__x86_64__)

#include "normalize_f32.h"
#include "../common/planes.h"
#include "../common/vector_avx2.h"

void espalier_normalize_f32_scalar(const espalier_call *call, uint32_t first, uint32_t end, void *scratch);

#pragma clang attribute push(__attribute__((target("avx2,fma"))), apply_to = function)

#include "../common/elementwise_vector.h"
#include "normalize_f32_vector.h"

void espalier_normalize_f32_avx2(const espalier_call *call, uint32_t first, uint32_t end, void *scratch) {
  normalize_items(call, first, end, scratch);
}

#pragma clang attribute pop

#endif
