// quantize_u8 by vectors of 64 bytes; see quantize_u8_vector.h.
#if defined(__x86_64__)
#include <math.h>

#include "../common/byte_vector_avx512.h"
#include "../common/view.h"

#pragma clang attribute push(__attribute__((target("avx512f,avx512bw,avx512dq,avx512vl,avx2,fma"))), apply_to = function)

#include "quantize_u8_vector.h"

void espalier_quantize_u8_avx512(const espalier_call *call, uint32_t first, uint32_t end, void *scratch) {
  (void)scratch;
  run_vectors(call, first, end);
}

#pragma clang attribute pop
#endif
