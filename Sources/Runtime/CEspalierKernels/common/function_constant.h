// Turns the function of an epilogue, known at run time, into a constant of the code that applies it.
#ifndef ESPALIER_COMMON_FUNCTION_CONSTANT_H
#define ESPALIER_COMMON_FUNCTION_CONSTANT_H

#include "../include/espalier_parameters.h"

// Calls USE(function) with the function as a constant, so that loops behind USE do not choose it again; does
// nothing for the identity.
#define ESPALIER_FOR_CONSTANT_FUNCTION(function, USE)                                      \
  switch (function) {                                                                      \
    case espalier_function_relu: USE(espalier_function_relu); break;                       \
    case espalier_function_clip: USE(espalier_function_clip); break;                       \
    case espalier_function_leaky_relu: USE(espalier_function_leaky_relu); break;           \
    case espalier_function_hard_sigmoid: USE(espalier_function_hard_sigmoid); break;       \
    case espalier_function_hard_swish: USE(espalier_function_hard_swish); break;           \
    case espalier_function_sigmoid: USE(espalier_function_sigmoid); break;                 \
    case espalier_function_silu: USE(espalier_function_silu); break;                       \
    case espalier_function_tanh: USE(espalier_function_tanh); break;                       \
    default: break;                                                                        \
  }

#endif
