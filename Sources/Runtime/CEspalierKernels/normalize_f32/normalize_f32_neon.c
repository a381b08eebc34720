// Normalization of groups: see normalize_f32_vector.h, on vectors of 4 floats (NEON).
#if defined(__aarch64__)

#include "normalize_f32.h"
#include "../common/planes.h"
#include "../common/vector_neon.h"

void espalier_normalize_f32_scalar(const espalier_call *call, uint32_t first, uint32_t end, void *scratch);

#include "../common/elementwise_vector.h"
#include "normalize_f32_vector.h"

void espalier_normalize_f32_neon(const espalier_call *call, uint32_t first, uint32_t end, void *scratch) {
  normalize_items(call, first, end, scratch);
}

#endif
