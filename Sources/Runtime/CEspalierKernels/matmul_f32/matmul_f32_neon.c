// Products of matrices: see matmul_f32_vector.h, on vectors of 4 floats (NEON).
#if defined(__aarch64__)

#include "matmul_f32.h"
#include "../common/vector_neon.h"

#include "matmul_f32_vector.h"

void espalier_matmul_f32_neon(const espalier_call *call, uint32_t first, uint32_t end, void *scratch) {
  matmul_items(call, first, end, scratch);
}

#endif
