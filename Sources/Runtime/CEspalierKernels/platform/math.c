// The C library's own: results of networks are the same as where programs call it directly.
#include "espalier_math.h"

#include <math.h>

float espalier_exp_f32(float x) { return expf(x); }
float espalier_tanh_f32(float x) { return tanhf(x); }
float espalier_pow_f32(float base, float exponent) { return powf(base, exponent); }
double espalier_exp_f64(double x) { return exp(x); }
