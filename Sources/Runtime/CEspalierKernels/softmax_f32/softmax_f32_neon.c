// Softmax along one axis: see softmax_f32_vector.h, on vectors of 4 floats (NEON).
#if defined(__aarch64__)

#include <math.h>

#include "softmax_f32.h"
#include "../common/vector_neon.h"

void espalier_softmax_f32_scalar(const espalier_call *call, uint32_t first, uint32_t end, void *scratch);

#include "../common/function_vector.h"
#include "../common/elementwise_vector.h"
#include "softmax_f32_vector.h"

void espalier_softmax_f32_neon(const espalier_call *call, uint32_t first, uint32_t end, void *scratch) {
  softmax_items(call, first, end, scratch);
}

#endif
