// Pictures to inputs, 16 pixels a step: frame_u8_vector.h.
#if defined(__x86_64__)
#pragma clang attribute push(__attribute__((target("avx512f,avx512bw,avx512dq,avx512vl,avx2,fma"))), apply_to = function)

#include "frame_u8_vector_avx512.h"
#include "frame_u8_vector.h"

void espalier_frame_u8_avx512(const espalier_call *call, uint32_t first, uint32_t end, void *scratch) {
  frame_run(call, first, end, scratch);
}

#pragma clang attribute pop
#endif
