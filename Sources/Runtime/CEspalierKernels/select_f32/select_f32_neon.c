// y = c != 0 ? a : b: see select_f32_vector.h, on vectors of 4 floats (NEON).
#if defined(__aarch64__)

#include "select_f32.h"
#include "../common/vector_neon.h"

#include "../common/elementwise_vector.h"
#include "select_f32_vector.h"

void espalier_select_f32_neon(const espalier_call *call, uint32_t first, uint32_t end, void *scratch) {
  select_items(call, first, end, scratch);
}

#endif
