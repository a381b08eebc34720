// y = value: see fill_f32_vector.h, on vectors of 4 floats (NEON).
#if defined(__aarch64__)

#include "fill_f32.h"
#include "../common/vector_neon.h"

#include "../common/elementwise_vector.h"
#include "fill_f32_vector.h"

void espalier_fill_f32_neon(const espalier_call *call, uint32_t first, uint32_t end, void *scratch) {
  fill(call, first, end, scratch);
}

#endif
