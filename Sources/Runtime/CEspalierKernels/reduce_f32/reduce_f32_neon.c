// Reductions of strided views: see reduce_f32_vector.h, on vectors of 4 floats (NEON).
#if defined(__aarch64__)

#include <math.h>

#include "reduce_f32.h"
#include "../common/planes.h"
#include "../common/vector_neon.h"

void espalier_reduce_f32_scalar(const espalier_call *call, uint32_t first, uint32_t end, void *scratch);

#include "reduce_f32_vector.h"

void espalier_reduce_f32_neon(const espalier_call *call, uint32_t first, uint32_t end, void *scratch) {
  reduce_items(call, first, end, scratch);
}

#endif
