// y = f(depthwise(x, w) + bias + residual): see conv_depthwise_f32_vector.h, on vectors of 4 floats (NEON).
#if defined(__aarch64__)

#include "conv_depthwise_f32.h"
#include "../common/vector_neon.h"

#include "../common/function_vector.h"
#include "conv_depthwise_f32_vector.h"

void espalier_conv_depthwise_f32_neon(const espalier_call *call, uint32_t first, uint32_t end,
                                      void *scratch) {
  depthwise_items(call, first, end, scratch);
}

#endif
