// The definition of dequantize_u8, which the compiler turns into vectors.
#if defined(__x86_64__)
#include <math.h>

#include "../common/view.h"

#pragma clang attribute push(__attribute__((target("avx512f,avx512bw,avx512dq,avx512vl,avx2,fma"))), apply_to = function)

#include "dequantize_u8_body.h"

void espalier_dequantize_u8_avx512(const espalier_call *call, uint32_t first, uint32_t end, void *scratch) {
  run(call, first, end, scratch);
}

#pragma clang attribute pop
#endif
