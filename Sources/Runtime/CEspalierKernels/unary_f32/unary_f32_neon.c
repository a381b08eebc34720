// y = function(x): see unary_f32_vector.h, on vectors of 4 floats (NEON).
#if defined(__aarch64__)

#include "unary_f32.h"
#include "../common/vector_neon.h"

void espalier_unary_f32_scalar(const espalier_call *call, uint32_t first, uint32_t end, void *scratch);

#include "../common/function_vector.h"
#include "../common/elementwise_vector.h"
#include "unary_f32_vector.h"

void espalier_unary_f32_neon(const espalier_call *call, uint32_t first, uint32_t end, void *scratch) {
  unary(call, first, end, scratch);
}

#endif
