// Local response normalization: see lrn_f32_vector.h, on vectors of 4 floats (NEON).
#if defined(__aarch64__)

#include <string.h>

#include "lrn_f32.h"
#include "../common/vector_neon.h"

#include "../common/function_vector.h"
#include "lrn_f32_vector.h"

void espalier_lrn_f32_neon(const espalier_call *call, uint32_t first, uint32_t end, void *scratch) {
  lrn_items(call, first, end, scratch);
}

#endif
