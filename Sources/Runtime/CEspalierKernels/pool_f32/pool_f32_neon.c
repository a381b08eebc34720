// The maximum, average or norm of windows: see pool_f32_vector.h, on vectors of 4 floats (NEON).
#if defined(__aarch64__)

#include "pool_f32.h"
#include "../common/vector_neon.h"

void espalier_pool_f32_scalar(const espalier_call *call, uint32_t first, uint32_t end, void *scratch);

#include "pool_f32_vector.h"

void espalier_pool_f32_neon(const espalier_call *call, uint32_t first, uint32_t end, void *scratch) {
  pool_items(call, first, end, scratch);
}

#endif
