// The definition of statistics_f32, whose vectors the compiler maps to those of the processor.
#if defined(__x86_64__)
#include <float.h>
#include <math.h>

#include "../common/view.h"

#pragma clang attribute push(__attribute__((target("avx2,fma"))), apply_to = function)

#include "statistics_f32_body.h"

void espalier_statistics_f32_avx2(const espalier_call *call, uint32_t first, uint32_t end, void *scratch) {
  (void)scratch;
  run(call, first, end);
}

#pragma clang attribute pop
#endif
