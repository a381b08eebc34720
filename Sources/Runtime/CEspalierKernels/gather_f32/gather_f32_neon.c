// Entries chosen by a table: see gather_f32_vector.h, on vectors of 4 floats (NEON).
#if defined(__aarch64__)

#include "gather_f32.h"
#include "../common/planes.h"
#include "../common/vector_neon.h"

#include "gather_f32_vector.h"

void espalier_gather_f32_neon(const espalier_call *call, uint32_t first, uint32_t end, void *scratch) {
  gather_items(call, first, end, scratch);
}

#endif
