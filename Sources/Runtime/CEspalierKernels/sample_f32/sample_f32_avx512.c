// Samples at computed places: see sample_f32_vector.h, on vectors of 16 floats (AVX-512).
#if defined(__x86_64__)

#include "sample_f32.h"
#include "../common/vector_avx512.h"

#pragma clang attribute push(__attribute__((target("avx2,fma,avx512f,avx512bw,avx512dq,avx512vl"))), \
                             apply_to = function)

#include "sample_f32_vector.h"

void espalier_sample_f32_avx512(const espalier_call *call, uint32_t first, uint32_t end, void *scratch) {
  sample_items(call, first, end, scratch);
}

#pragma clang attribute pop

#endif
