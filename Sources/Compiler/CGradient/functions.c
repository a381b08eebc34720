// Functions of one float and their derivatives. At a kink the derivative is that of the side where the function is
// constant.
#include <math.h>

#include "clones.h"
#include "espalier_parameters.h"
#include "gradient.h"

#define INLINE static inline __attribute__((always_inline))

INLINE float clamp(float x, float low, float high) { return fminf(fmaxf(x, low), high); }
INLINE float sigmoid(float x) { return 1 / (1 + expf(-x)); }
INLINE float softplus(float x) { return fmaxf(x, 0) + log1pf(expf(-fabsf(x))); }

static const float root_half = 0.70710678f, density = 0.39894228f;  // sqrt(1/2), 1 / sqrt(2 pi)
static const float gelu_factor = 1.5957691f;                        // 2 sqrt(2 / pi)

INLINE float value(int32_t f, float a, float b, float x) {
  switch (f) {
    case espalier_function_identity: return x;
    case espalier_function_relu: return x < 0 ? 0 : x;
    case espalier_function_clip: return x < a ? a : x > b ? b : x;
    case espalier_function_leaky_relu: return x < 0 ? a * x : x;
    case espalier_function_hard_sigmoid: return clamp(a * x + b, 0, 1);
    case espalier_function_hard_swish: return x * clamp(x / 6 + 0.5f, 0, 1);
    case espalier_function_sigmoid: return sigmoid(x);
    case espalier_function_silu: return x * sigmoid(a * x);
    case espalier_function_tanh: return tanhf(x);
    case espalier_function_exp: return expf(x);
    case espalier_function_log: return logf(x);
    case espalier_function_sqrt: return sqrtf(x);
    case espalier_function_reciprocal: return 1 / x;
    case espalier_function_abs: return fabsf(x);
    case espalier_function_neg: return -x;
    case espalier_function_elu: return x < 0 ? a * expm1f(x) : x;
    case espalier_function_selu: return b * (x < 0 ? a * expm1f(x) : x);
    case espalier_function_celu: return x < 0 ? a * expm1f(x / a) : x;
    case espalier_function_softplus: return softplus(x);
    case espalier_function_softsign: return x / (1 + fabsf(x));
    case espalier_function_thresholded_relu: return x <= a ? 0 : x;
    case espalier_function_erf: return erff(x);
    case espalier_function_gelu_erf: return 0.5f * x * erfcf(-x * root_half);
    case espalier_function_gelu_tanh: return x * sigmoid(gelu_factor * (x + 0.044715f * x * x * x));
    case espalier_function_mish: return x * tanhf(softplus(x));
    case espalier_function_affine: return a * x + b;
    default: return x;
  }
}

INLINE float slope(int32_t f, float a, float b, float x, float y) {
  switch (f) {
    case espalier_function_identity: return 1;
    case espalier_function_relu: return x > 0 ? 1 : 0;
    case espalier_function_clip: return x > a && x < b ? 1 : 0;
    case espalier_function_leaky_relu: return x < 0 ? a : 1;
    case espalier_function_hard_sigmoid: return y > 0 && y < 1 ? a : 0;
    case espalier_function_hard_swish: return x <= -3 ? 0 : x >= 3 ? 1 : x / 3 + 0.5f;
    case espalier_function_sigmoid: return y * (1 - y);
    case espalier_function_silu: {
      const float s = sigmoid(a * x);
      return s + a * y * (1 - s);
    }
    case espalier_function_tanh: return 1 - y * y;
    case espalier_function_exp: return y;
    case espalier_function_log: return 1 / x;
    case espalier_function_sqrt: return 0.5f / y;
    case espalier_function_reciprocal: return -y * y;
    case espalier_function_abs: return x > 0 ? 1 : x < 0 ? -1 : 0;
    case espalier_function_neg: return -1;
    case espalier_function_elu: return x < 0 ? y + a : 1;
    case espalier_function_selu: return x < 0 ? y + a * b : b;
    case espalier_function_celu: return x < 0 ? expf(x / a) : 1;
    case espalier_function_softplus: return sigmoid(x);
    case espalier_function_softsign: return 1 / ((1 + fabsf(x)) * (1 + fabsf(x)));
    case espalier_function_thresholded_relu: return x <= a ? 0 : 1;
    case espalier_function_erf: return 2 * 1.41421356f * density * expf(-x * x);
    case espalier_function_gelu_erf: return 0.5f * erfcf(-x * root_half) + x * density * expf(-x * x / 2);
    case espalier_function_gelu_tanh: {
      const float s = sigmoid(gelu_factor * (x + 0.044715f * x * x * x));
      return s + y * (1 - s) * gelu_factor * (1 + 3 * 0.044715f * x * x);
    }
    case espalier_function_mish: {
      const float t = tanhf(softplus(x));
      return t + x * (1 - t * t) * sigmoid(x);
    }
    case espalier_function_affine: return a;
    default: return 0;
  }
}

// Every function with a derivative, each a loop of its own.
#define FUNCTIONS(LOOP)                                                                                  \
  LOOP(identity) LOOP(relu) LOOP(clip) LOOP(leaky_relu) LOOP(hard_sigmoid) LOOP(hard_swish) LOOP(sigmoid) \
  LOOP(silu) LOOP(tanh) LOOP(exp) LOOP(log) LOOP(sqrt) LOOP(reciprocal) LOOP(abs) LOOP(neg) LOOP(elu)     \
  LOOP(selu) LOOP(celu) LOOP(softplus) LOOP(softsign) LOOP(thresholded_relu) LOOP(erf) LOOP(gelu_erf)     \
  LOOP(gelu_tanh) LOOP(mish) LOOP(affine)

CLONES int gradient_function(int32_t function, float alpha, float beta, size_t count, const float *x, float *y) {
#define LOOP(name)                                                                                            \
  case espalier_function_##name:                                                                              \
    for (size_t i = 0; i < count; i++) y[i] = value(espalier_function_##name, alpha, beta, x[i]);             \
    return 1;
  switch (function) {
    FUNCTIONS(LOOP)
    default: return 0;
  }
#undef LOOP
}

CLONES void gradient_function_backward(
  int32_t function, float alpha, float beta, size_t count, const float *x, const float *y, const float *dy,
  float *dx) {
#define LOOP(name)                                                                                            \
  case espalier_function_##name:                                                                              \
    for (size_t i = 0; i < count; i++) dx[i] += dy[i] * slope(espalier_function_##name, alpha, beta, x[i], y[i]); \
    return;
  switch (function) {
    FUNCTIONS(LOOP)
    default: return;
  }
#undef LOOP
}
