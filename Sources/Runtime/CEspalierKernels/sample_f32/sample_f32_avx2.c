// Samples at computed places: see sample_f32_vector.h, on vectors of 8 floats (AVX2).
#if defined(__x86_64__)

#include "sample_f32.h"
#include "../common/vector_avx2.h"

#pragma clang attribute push(__attribute__((target("avx2,fma"))), apply_to = function)

#include "sample_f32_vector.h"

void espalier_sample_f32_avx2(const espalier_call *call, uint32_t first, uint32_t end, void *scratch) {
  sample_items(call, first, end, scratch);
}

#pragma clang attribute pop

#endif
