// table_u8 by vectors of 32 bytes, 16 VPSHUFB each.
#if defined(__x86_64__)
#include "../common/byte_vector_avx2.h"
#include "../common/view.h"

#pragma clang attribute push(__attribute__((target("avx2,fma"))), apply_to = function)

#include "table_u8_vector.h"

void espalier_table_u8_avx2(const espalier_call *call, uint32_t first, uint32_t end, void *scratch) {
  (void)scratch;
  run_vectors(call, first, end);
}

#pragma clang attribute pop
#endif
