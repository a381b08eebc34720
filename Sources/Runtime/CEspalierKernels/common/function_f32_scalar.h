// The functions that a convolution's epilogue knows, element by element: the definition of the others.
#ifndef ESPALIER_FUNCTION_F32_SCALAR_H
#define ESPALIER_FUNCTION_F32_SCALAR_H

#include <math.h>

#include "../include/espalier_parameters.h"

static inline float limit(float x, float low, float high) {
  x = x < low ? low : x;  // NaN stays NaN
  return x > high ? high : x;
}

static inline float function_f32_scalar(int32_t function, float alpha, float beta, float x) {
  switch (function) {
    case espalier_function_relu: return x < 0 ? 0 : x;
    case espalier_function_clip: return limit(x, alpha, beta);
    case espalier_function_leaky_relu: return x < 0 ? alpha * x : x;
    case espalier_function_hard_sigmoid: return limit(alpha * x + beta, 0, 1);
    case espalier_function_hard_swish: return x * limit(x / 6 + 0.5f, 0, 1);
    case espalier_function_sigmoid: return 1 / (1 + expf(-x));
    case espalier_function_silu: return x / (1 + expf(-alpha * x));
    case espalier_function_tanh: return tanhf(x);
    default: return x;
  }
}

#endif
