// Samples at computed places: see sample_f32_vector.h, on vectors of 4 floats (NEON).
#if defined(__aarch64__)

#include "sample_f32.h"
#include "../common/vector_neon.h"

#include "sample_f32_vector.h"

void espalier_sample_f32_neon(const espalier_call *call, uint32_t first, uint32_t end, void *scratch) {
  sample_items(call, first, end, scratch);
}

#endif
