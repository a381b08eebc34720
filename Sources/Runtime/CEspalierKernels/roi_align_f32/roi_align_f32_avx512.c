// roi_align_f32 by the vectors that the compiler makes of its definition.
#if defined(__x86_64__)
#pragma clang attribute push(__attribute__((target("avx2,fma,avx512f,avx512bw,avx512dq,avx512vl"))), apply_to = function)

#include "roi_align_f32_body.h"

void espalier_roi_align_f32_avx512(const espalier_call *call, uint32_t first, uint32_t end, void *scratch) {
  (void)scratch;
  run(call, first, end);
}

#pragma clang attribute pop
#endif
